import pytest
from hypothesis import given
from hypothesis import strategies as st

from gero.access import scopes
from gero.kit import Invalid

EVERY = sorted(scopes.KNOWN | {f"{scope.split(':')[0]}:*" for scope in scopes.KNOWN} | {"*"})
some_scopes = st.lists(st.sampled_from(EVERY), max_size=4)


@pytest.mark.parametrize(
    ("held", "needed", "expected"),
    [
        ([], "leaderboards:read", False),
        (["*"], "workspace:admin", True),
        (["leaderboards:*"], "leaderboards:run", True),
        (["leaderboards:*"], "models:read", False),
        (["leaderboards:read"], "leaderboards:read", True),
        (["leaderboards:read"], "leaderboards:write", False),
        (["leaderboards"], "leaderboards:read", False),
        (["models:write", "leaderboards:read"], "leaderboards:read", True),
    ],
)
def test_a_scope_allows_itself_a_category_its_members_and_a_star_everything(
    held: list[str], needed: str, expected: bool
) -> None:
    assert scopes.allows(held, needed) is expected


@pytest.mark.parametrize("scope", ["", "leaderboards", "leaderboards:admin", "billing:*", "*:*", "MODELS:read", "**"])
def test_an_unknown_scope_is_refused_by_name(scope: str) -> None:
    with pytest.raises(Invalid, match="is not a scope"):
        scopes.checked(["leaderboards:read", scope])


def test_scopes_are_kept_sorted_and_once() -> None:
    assert scopes.checked(["models:*", "*", "models:*"]) == ("*", "models:*")
    assert scopes.checked([]) == ()


@pytest.mark.parametrize(
    ("wanted", "held", "expected"),
    [
        ([], [], True),
        (["leaderboards:read"], [], False),
        (["leaderboards:read"], ["leaderboards:*"], True),
        (["leaderboards:*"], ["leaderboards:*"], True),
        (["leaderboards:*"], ["leaderboards:read", "leaderboards:write"], False),
        (["*"], ["*"], True),
        (["*"], ["leaderboards:*", "models:*", "workspace:admin"], False),
        (["models:read", "leaderboards:read"], ["leaderboards:*"], False),
    ],
)
def test_nobody_hands_out_more_than_they_have(wanted: list[str], held: list[str], expected: bool) -> None:
    assert scopes.narrower(wanted, held) is expected


@given(some_scopes, some_scopes)
def test_what_was_handed_out_allows_nothing_that_its_giver_may_not(wanted: list[str], held: list[str]) -> None:
    if scopes.narrower(wanted, held):
        for scope in scopes.KNOWN:
            assert not scopes.allows(wanted, scope) or scopes.allows(held, scope)
