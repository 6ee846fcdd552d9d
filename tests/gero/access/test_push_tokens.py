import base64
from datetime import timedelta

import pytest

from gero.access import push_tokens
from gero.access.push_tokens import PushToken
from gero.kit import Conflict, Forbidden, Invalid, NotFound, Unauthenticated, clock, new_id, table
from tests.gero.faults import Faults

pytestmark = pytest.mark.usefixtures("cloud")

Owner = tuple[str, str]


@pytest.fixture
def owner() -> Owner:
    """A workspace and a leaderboard."""
    return new_id(), new_id()


def shown(secret: str) -> PushToken | None:
    return push_tokens.authenticate({"x-dr.gero-push-token": secret})


def works(secret: str) -> bool:
    try:
        return shown(secret) is not None
    except Unauthenticated:
        return False


def at(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    moment = clock.parse(text)
    monkeypatch.setattr(clock, "now", lambda: moment)


def test_a_token_tells_its_workspace_and_leaderboard_by_either_header(owner: Owner) -> None:
    token, secret = push_tokens.create(*owner, "ci")
    assert (token.workspace_id, token.leaderboard_id) == owner
    assert shown(secret) == token
    assert push_tokens.authenticate({"authorization": f"Bearer {secret}"}) == token
    assert secret.startswith("hpd_")
    assert token.last_four == secret[-4:]


def test_a_request_without_a_push_token_shows_none() -> None:
    for headers in ({}, {"authorization": "Bearer drgero_x"}, {"authorization": "Basic hpd_x"}, {"x-api-key": "hpd_x"}):
        assert push_tokens.authenticate(headers) is None


@pytest.mark.parametrize("text", ["", "x", "drgero_x", "hpd_", "hpd_abc", "hpd_" + "A" * 94, "hpd_" + "é" * 94])
def test_nonsense_in_the_header_is_refused(text: str) -> None:
    with pytest.raises(Unauthenticated):
        shown(text)


def test_the_right_ids_with_another_secret_open_nothing(owner: Owner) -> None:
    _, secret = push_tokens.create(*owner, "ci")
    padded = secret.removeprefix("hpd_")
    raw = bytearray(base64.urlsafe_b64decode(padded + "=" * (-len(padded) % 4)))
    raw[-1] ^= 1
    for text in ("hpd_" + base64.urlsafe_b64encode(raw).decode().rstrip("="), secret[:-1], secret + "=", secret + "A"):
        assert not works(text)


def test_a_token_is_of_one_leaderboard(owner: Owner) -> None:
    token, _ = push_tokens.create(*owner, "ci")
    push_tokens.check_leaderboard(token, owner[1])
    with pytest.raises(Forbidden, match="another leaderboard"):
        push_tokens.check_leaderboard(token, new_id())


def test_the_table_keeps_no_secret(owner: Owner) -> None:
    token, old = push_tokens.create(*owner, "ci")
    _, new = push_tokens.rotate(*owner, token.id, timedelta(hours=1))
    stored = str(list(table.query(f"WS#{owner[0]}#LB#{owner[1]}")))
    assert token.secret_sha256 in stored
    for secret in (old, new):
        assert secret[-30:] not in stored


def test_tokens_are_listed_for_their_leaderboard_only(owner: Owner) -> None:
    made = [push_tokens.create(*owner, name)[0] for name in "ab"]
    push_tokens.create(owner[0], new_id(), "of another leaderboard")
    push_tokens.create(new_id(), owner[1], "of another workspace")
    assert sorted(push_tokens.listed(*owner), key=lambda one: one.name) == made


def test_a_token_expires_at_its_moment_and_not_before(owner: Owner, monkeypatch: pytest.MonkeyPatch) -> None:
    at(monkeypatch, "2026-11-24T00:00:00.000Z")
    token, secret = push_tokens.create(*owner, "ci", "1d")
    assert token.expires_at == "2026-11-25T00:00:00.000Z"
    at(monkeypatch, "2026-11-24T23:59:59.999Z")
    assert works(secret)
    at(monkeypatch, "2026-11-25T00:00:00.000Z")
    with pytest.raises(Unauthenticated, match="expired at 2026-11-25"):
        shown(secret)
    with pytest.raises(Conflict, match="expired"):
        push_tokens.rotate(*owner, token.id, timedelta(0))


def test_a_revoked_token_says_so_and_keeps_its_first_moment(owner: Owner) -> None:
    token, secret = push_tokens.create(*owner, "ci")
    first = push_tokens.revoke(*owner, token.id)
    with pytest.raises(Unauthenticated, match="revoked"):
        shown(secret)
    assert push_tokens.revoke(*owner, token.id) == first
    with pytest.raises(Conflict, match="revoked"):
        push_tokens.rotate(*owner, token.id, timedelta(0))


def test_without_grace_a_rotation_ends_the_old_secret_at_once(owner: Owner) -> None:
    token, old = push_tokens.create(*owner, "ci")
    rotated, new = push_tokens.rotate(*owner, token.id, timedelta(0))
    assert (works(old), works(new)) == (False, True)
    assert rotated.last_four == new[-4:]
    assert rotated.rotated_at
    assert rotated.created_at == token.created_at


def test_the_old_secret_works_until_its_grace_ends(owner: Owner, monkeypatch: pytest.MonkeyPatch) -> None:
    at(monkeypatch, "2026-11-24T00:00:00.000Z")
    token, old = push_tokens.create(*owner, "ci")
    _, new = push_tokens.rotate(*owner, token.id, timedelta(days=7))
    at(monkeypatch, "2026-11-30T23:59:59.999Z")
    assert (works(old), works(new)) == (True, True)
    at(monkeypatch, "2026-12-01T00:00:00.000Z")
    assert (works(old), works(new)) == (False, True)


def test_of_two_rotations_only_the_secret_before_the_last_has_grace(owner: Owner) -> None:
    token, first = push_tokens.create(*owner, "ci")
    _, second = push_tokens.rotate(*owner, token.id, timedelta(hours=1))
    _, third = push_tokens.rotate(*owner, token.id, timedelta(hours=1))
    assert [works(secret) for secret in (first, second, third)] == [False, True, True]


def test_a_revocation_ends_the_grace_too(owner: Owner) -> None:
    token, old = push_tokens.create(*owner, "ci")
    _, new = push_tokens.rotate(*owner, token.id, timedelta(hours=1))
    push_tokens.revoke(*owner, token.id)
    assert (works(old), works(new)) == (False, False)


@pytest.mark.parametrize("seconds", [-1, 7 * 86_400 + 1])
def test_a_grace_has_limits(owner: Owner, seconds: int) -> None:
    token, secret = push_tokens.create(*owner, "ci")
    with pytest.raises(Invalid, match="grace_seconds: from 0 to 604,800"):
        push_tokens.rotate(*owner, token.id, timedelta(seconds=seconds))
    assert works(secret)


def test_of_two_rotations_at_once_one_counts(owner: Owner, faults: Faults) -> None:
    token, old = push_tokens.create(*owner, "ci")
    others: list[str] = []
    rotate = lambda _: others.append(push_tokens.rotate(*owner, token.id, timedelta(0))[1])  # noqa: E731
    faults.meanwhile("dynamodb", "PutItem", rotate)
    with pytest.raises(Conflict):
        push_tokens.rotate(*owner, token.id, timedelta(0))
    assert works(others[0])
    assert not works(old)


def test_a_rotation_does_not_bring_back_what_is_revoked_meanwhile(owner: Owner, faults: Faults) -> None:
    token, old = push_tokens.create(*owner, "ci")
    faults.meanwhile("dynamodb", "PutItem", lambda _: push_tokens.revoke(*owner, token.id))
    with pytest.raises(Conflict):
        push_tokens.rotate(*owner, token.id, timedelta(hours=1))
    assert not works(old)
    assert next(push_tokens.listed(*owner)).revoked_at


def test_a_revocation_holds_whatever_is_done_to_the_token_meanwhile(owner: Owner, faults: Faults) -> None:
    token, old = push_tokens.create(*owner, "ci")
    others: list[str] = []

    def meanwhile(_: object) -> None:
        others.append(push_tokens.rotate(*owner, token.id, timedelta(hours=1))[1])

    faults.meanwhile("dynamodb", "PutItem", meanwhile)
    assert push_tokens.revoke(*owner, token.id).revoked_at
    assert [works(secret) for secret in (old, *others)] == [False, False]


def test_a_deleted_token_is_gone_and_no_revocation_brings_it_back(owner: Owner, faults: Faults) -> None:
    token, secret = push_tokens.create(*owner, "ci")
    faults.meanwhile("dynamodb", "PutItem", lambda _: push_tokens.delete(*owner, token.id))
    with pytest.raises(Conflict):
        push_tokens.revoke(*owner, token.id)
    assert not works(secret)
    assert list(push_tokens.listed(*owner)) == []
    with pytest.raises(NotFound):
        push_tokens.delete(*owner, token.id)


def test_another_workspace_or_leaderboard_can_neither_see_nor_end_a_token(owner: Owner) -> None:
    token, secret = push_tokens.create(*owner, "ci")
    for stranger in ((new_id(), owner[1]), (owner[0], new_id())):
        assert list(push_tokens.listed(*stranger)) == []
        for end in (push_tokens.revoke, push_tokens.delete):
            with pytest.raises(NotFound):
                end(*stranger, token.id)
        with pytest.raises(NotFound):
            push_tokens.rotate(*stranger, token.id, timedelta(0))
    assert works(secret)


def test_a_leaderboard_has_so_many_tokens_and_no_more(owner: Owner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(push_tokens, "MAX_TOKENS", 2)
    first, _ = push_tokens.create(*owner, "a")
    push_tokens.create(*owner, "b")
    with pytest.raises(Conflict, match="at most 2 push tokens; delete one first"):
        push_tokens.create(*owner, "c")
    push_tokens.delete(*owner, first.id)
    push_tokens.create(*owner, "c")
