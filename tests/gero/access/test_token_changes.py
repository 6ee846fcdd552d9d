from datetime import timedelta

import pytest

from gero import access
from gero.access import BudgetTerms, budgets, tokens
from gero.kit import Conflict, Forbidden, Invalid, NotFound, Unauthenticated, clock, new_id, table
from tests.gero.access.budgeted import Clock
from tests.gero.faults import Faults

pytestmark = pytest.mark.usefixtures("cloud")


@pytest.fixture
def workspace() -> str:
    return new_id()


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch, "2026-06-17T10:20:30.000Z")


def works(secret: str) -> bool:
    try:
        return access.authenticate({"x-api-key": secret}) is not None
    except Unauthenticated:
        return False


def used_at(workspace: str, token_id: str) -> str | None:
    return tokens.get(workspace, token_id).last_used_at


def test_without_grace_a_rotation_ends_the_old_secret_at_once(workspace: str) -> None:
    token, old = tokens.create(workspace, "ci", ["models:read"])
    rotated, new = tokens.rotate(workspace, token.id, timedelta(0))
    assert (works(old), works(new)) == (False, True)
    assert (rotated.id, rotated.scopes, rotated.last_four) == (token.id, token.scopes, new[-4:])
    assert tokens.find(new) == tokens.get(workspace, token.id)


def test_with_grace_the_old_secret_works_until_it_ends(workspace: str, time: Clock) -> None:
    token, old = tokens.create(workspace, "ci", ["*"])
    _, new = tokens.rotate(workspace, token.id, timedelta(hours=1))
    time.pass_by(minutes=59, seconds=59)
    assert (works(old), works(new)) == (True, True)
    time.pass_by(seconds=1)
    assert (works(old), works(new)) == (False, True)


def test_of_two_rotations_only_the_secret_before_the_last_has_grace(workspace: str) -> None:
    token, first = tokens.create(workspace, "ci", ["*"])
    _, second = tokens.rotate(workspace, token.id, timedelta(hours=1))
    _, third = tokens.rotate(workspace, token.id, timedelta(hours=1))
    assert [works(secret) for secret in (first, second, third)] == [False, True, True]


def test_a_revoked_or_expired_token_cannot_be_rotated(workspace: str, time: Clock) -> None:
    revoked, secret = tokens.create(workspace, "a", ["*"])
    _, renewed = tokens.rotate(workspace, revoked.id, timedelta(hours=1))
    tokens.revoke(workspace, revoked.id)
    expired, _ = tokens.create(workspace, "b", ["*"], "1h")
    time.pass_by(hours=1)
    for token in (revoked, expired):
        with pytest.raises(Conflict, match="revoked, or has expired; create another one"):
            tokens.rotate(workspace, token.id, timedelta(0))
    assert (works(secret), works(renewed)) == (False, False), "a revocation ends the grace, too"


@pytest.mark.parametrize("seconds", [-1, 7 * 86_400 + 1])
def test_a_grace_has_limits(workspace: str, seconds: int) -> None:
    token, secret = tokens.create(workspace, "ci", ["*"])
    with pytest.raises(Invalid, match="grace_seconds: from 0 to 604,800"):
        tokens.rotate(workspace, token.id, timedelta(seconds=seconds))
    assert works(secret)


def test_nobody_is_given_the_secret_of_a_token_that_may_more(workspace: str) -> None:
    token, secret = tokens.create(workspace, "ci", ["leaderboards:*"])
    with pytest.raises(Forbidden, match="ask with one that has its scopes"):
        tokens.rotate(workspace, token.id, timedelta(0), held=["leaderboards:read", "workspace:admin"])
    assert works(secret)
    tokens.rotate(workspace, token.id, timedelta(0), held=["leaderboards:*"])


def test_of_two_rotations_at_once_one_counts(workspace: str, faults: Faults) -> None:
    token, old = tokens.create(workspace, "ci", ["*"])
    others: list[str] = []
    rotate = lambda _: others.append(tokens.rotate(workspace, token.id, timedelta(0))[1])  # noqa: E731
    faults.meanwhile("dynamodb", "UpdateItem", rotate)
    with pytest.raises(Conflict):
        tokens.rotate(workspace, token.id, timedelta(0))
    assert (works(others[0]), works(old)) == (True, False)


def test_a_revocation_holds_whatever_is_done_to_the_token_meanwhile(workspace: str, faults: Faults) -> None:
    token, old = tokens.create(workspace, "ci", ["*"])
    others: list[str] = []

    def meanwhile(_: object) -> None:
        others.append(tokens.rotate(workspace, token.id, timedelta(hours=1))[1])
        tokens.change(workspace, token.id, {"name": "renamed", "budget_limit": 1})

    faults.meanwhile("dynamodb", "UpdateItem", meanwhile)
    revoked = tokens.revoke(workspace, token.id)
    assert (revoked.name, revoked.budget) == ("renamed", BudgetTerms(1_000_000_000))
    assert [works(secret) for secret in (old, *others)] == [False, False]


@pytest.mark.parametrize("fields", [{"name": "b"}, {"budget_limit": 2}, {"budget_limit": None}, None])
def test_a_deleted_token_is_brought_back_by_nothing(
    workspace: str, faults: Faults, fields: tokens.TokenFields | None
) -> None:
    token, secret = tokens.create(workspace, "a", ["*"], None, BudgetTerms(1))
    for operation in ("UpdateItem", "TransactWriteItems"):
        faults.meanwhile("dynamodb", operation, lambda _: delete(workspace, token.id))
    with pytest.raises(NotFound):
        tokens.revoke(workspace, token.id) if fields is None else tokens.change(workspace, token.id, fields)
    assert not works(secret)
    assert list(table.query(f"WS#{workspace}")) == []


def delete(workspace: str, token_id: str) -> None:
    """Also when a hook of this very deletion did it already."""
    if table.get(*tokens.key(workspace, token_id), consistent=True):
        tokens.delete(workspace, token_id)


def test_a_change_names_what_changes_and_the_rest_stays(workspace: str) -> None:
    token, secret = tokens.create(workspace, "ci", ["models:read"], "1h", BudgetTerms(5, "daily"))
    changed = tokens.change(workspace, token.id, {"name": "web", "scopes": ["leaderboards:*", "leaderboards:*"]})
    assert (changed.name, changed.scopes) == ("web", ("leaderboards:*",))
    assert (changed.budget, changed.expires_at) == (token.budget, token.expires_at)
    access.authenticate({"x-api-key": secret}).require("leaderboards:inference")
    assert tokens.change(workspace, token.id, {"budget_limit": 2}).budget == BudgetTerms(2_000_000_000, "daily")
    assert tokens.change(workspace, token.id, {"budget_reset_interval": "none"}).budget == BudgetTerms(2_000_000_000)
    assert tokens.change(workspace, token.id, {"budget_limit": None}).budget is None
    assert not access.authenticate({"x-api-key": secret}).budgeted
    assert tokens.change(workspace, token.id, {"budget_limit": None}).budget is None
    with pytest.raises(Invalid, match=r"budget_reset_interval: there is no budget to reset"):
        tokens.change(workspace, token.id, {"budget_reset_interval": "daily"})
    with pytest.raises(Invalid, match="'models:fly' is not a scope"):
        tokens.change(workspace, token.id, {"scopes": ["models:fly"]})
    with pytest.raises(NotFound):
        tokens.change(new_id(), token.id, {"name": "theirs"})


def test_a_limit_of_any_precision_is_kept_when_only_the_interval_changes(workspace: str) -> None:
    token, _ = tokens.create(workspace, "ci", [], None, BudgetTerms(999_999_123_456_789, "daily"))
    changed = tokens.change(workspace, token.id, {"budget_reset_interval": "weekly"})
    assert changed.budget == BudgetTerms(999_999_123_456_789, "weekly")


def test_two_changes_at_once_both_hold(workspace: str, faults: Faults) -> None:
    token, _ = tokens.create(workspace, "ci", [])
    other = lambda _: tokens.change(workspace, token.id, {"budget_limit": 1})  # noqa: E731
    faults.meanwhile("dynamodb", "UpdateItem", other)
    changed = tokens.change(workspace, token.id, {"name": "web"})
    assert (changed.name, changed.budget) == ("web", BudgetTerms(1_000_000_000))
    assert changed == tokens.get(workspace, token.id)
    assert budgets.states(workspace, token.id, token.id).keys() == {token.id}


def test_a_use_is_noted_once_in_five_minutes(workspace: str, time: Clock, faults: Faults) -> None:
    token, secret = tokens.create(workspace, "ci", ["*"])
    assert used_at(workspace, token.id) is None
    writes = faults.answer("dynamodb", "UpdateItem", 0, lambda _: {})
    for _ in range(5):
        access.authenticate({"x-api-key": secret})
        time.pass_by(minutes=1)
    assert used_at(workspace, token.id) == "2026-06-17T10:20:30.000Z"
    access.authenticate({"x-api-key": secret})
    assert used_at(workspace, token.id) == "2026-06-17T10:25:30.000Z"
    assert len(writes) == 2


def test_a_use_that_cannot_be_noted_stops_no_request(workspace: str, faults: Faults) -> None:
    token, secret = tokens.create(workspace, "ci", ["*"])
    faults.fail("dynamodb", "UpdateItem", 1, "AccessDeniedException")
    assert works(secret)
    assert used_at(workspace, token.id) is None
    assert works(secret)
    assert used_at(workspace, token.id)


def test_noting_a_use_neither_revives_a_deleted_token_nor_undoes_a_change(workspace: str, faults: Faults) -> None:
    token, secret = tokens.create(workspace, "ci", ["*"])
    faults.meanwhile("dynamodb", "UpdateItem", lambda _: tokens.revoke(workspace, token.id))
    access.authenticate({"x-api-key": secret})
    assert tokens.get(workspace, token.id).revoked_at
    assert used_at(workspace, token.id)
    gone, other = tokens.create(workspace, "gone", ["*"])
    faults.meanwhile("dynamodb", "UpdateItem", lambda _: tokens.delete(workspace, gone.id))
    access.authenticate({"x-api-key": other})
    with pytest.raises(NotFound):
        tokens.get(workspace, gone.id)


def test_a_token_from_before_budgets_works_and_can_be_changed(workspace: str) -> None:
    token, secret = tokens.create(workspace, "ci", ["*"])
    place = tokens.key(workspace, token.id)
    item = table.get(*place)
    assert item
    table.put({**item, "doc": item["doc"].replace(f',"last_four":"{secret[-4:]}"', "")})
    assert tokens.get(workspace, token.id).last_four is None
    assert works(secret)
    assert tokens.change(workspace, token.id, {"budget_limit": 1}).budget
    assert access.authenticate({"x-api-key": secret}).budgeted
    assert tokens.get(workspace, token.id).created_at <= clock.iso()
