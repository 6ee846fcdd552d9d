"""Who may push: push tokens of the leaderboard, and API tokens that may write."""

import logging
from datetime import timedelta
from typing import Any

import pytest

from gero import access
from gero.access import push_tokens
from gero.kit import clock
from tests.functions.pushing import Pushing, answered, logged, row


def by(pushing: Pushing, **headers: str) -> tuple[int, dict[str, Any]]:
    """A push of one row that shows only these headers (an underscore stands for `-`)."""
    payload = pushing.event("one_row")
    del payload["headers"]["authorization"]
    payload["headers"] |= {name.replace("_", "-"): value for name, value in headers.items()}
    return answered(payload)


def with_push_token(pushing: Pushing, secret: str) -> tuple[int, dict[str, Any]]:
    return by(pushing, **{"x-dr.gero-push-token": secret})


def later(monkeypatch: pytest.MonkeyPatch, **delta: int) -> None:
    moment = clock.now() + timedelta(**delta)
    monkeypatch.setattr(clock, "now", lambda: moment)


def test_a_push_token_travels_in_its_own_header_or_as_bearer(pushing: Pushing) -> None:
    secret = pushing.push_token()
    assert with_push_token(pushing, secret)[1]["accepted_rows"] == 1
    assert by(pushing, authorization=f"Bearer {secret}")[1]["duplicate_rows"] == 1
    both = {"x-dr.gero-push-token": secret, "authorization": "Bearer drgero_nobody"}
    assert by(pushing, **both)[0] == 202, "what is meant for pushes counts"


def test_the_event_of_a_push_token_is_taken_and_its_repetition_is_known(pushing: Pushing) -> None:
    payload = pushing.event("push_token", push_token=pushing.push_token())
    first, again = answered(payload)[1], answered(payload)[1]
    assert (first["accepted_rows"], again["duplicate_rows"]) == (1, 1)
    assert first["batch_id"] == again["batch_id"]


def test_a_push_token_opens_its_own_leaderboard_only(pushing: Pushing) -> None:
    secret = pushing.push_token()
    pushing.leaderboard = pushing.another()
    status, answer = with_push_token(pushing, secret)
    assert (status, answer["code"]) == (403, "forbidden")
    assert "another leaderboard" in answer["error"]
    assert with_push_token(Pushing(), secret)[0] == 403, "of another workspace too"


@pytest.mark.parametrize("text", ["", "hpd_", "hpd_nothing", "hpd_" + "A" * 94, "drgero_token", "hpd_é"])
def test_a_header_that_holds_no_push_token_is_refused_whatever_else_is_sent(pushing: Pushing, text: str) -> None:
    headers = {"x-dr.gero-push-token": text, "authorization": f"Bearer {pushing.token}"}
    status, answer = by(pushing, **headers)
    assert (status, answer["code"]) == (401, "unauthenticated")
    assert "X-Dr.Gero-Push-Token" in answer["error"]


def test_a_revoked_a_deleted_and_an_expired_token_take_nothing(
    pushing: Pushing, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = pushing.workspace, pushing.leaderboard.id
    revoked, revoked_secret = push_tokens.create(*owner, "revoked")
    deleted, deleted_secret = push_tokens.create(*owner, "deleted")
    _, expired_secret = push_tokens.create(*owner, "expired", "1h")
    assert {with_push_token(pushing, one)[0] for one in (revoked_secret, deleted_secret, expired_secret)} == {202}
    push_tokens.revoke(*owner, revoked.id)
    push_tokens.delete(*owner, deleted.id)
    later(monkeypatch, hours=1)
    told = [with_push_token(pushing, one) for one in (revoked_secret, deleted_secret, expired_secret)]
    assert [status for status, _ in told] == [401, 401, 401]
    for (_, answer), reason in zip(told, ("revoked", "unknown", "expired at"), strict=True):
        assert reason in answer["error"]


def test_after_a_rotation_the_old_secret_works_for_its_grace(pushing: Pushing, monkeypatch: pytest.MonkeyPatch) -> None:
    owner = pushing.workspace, pushing.leaderboard.id
    token, old = push_tokens.create(*owner, "ci")
    _, new = push_tokens.rotate(*owner, token.id, timedelta(seconds=60))
    later(monkeypatch, seconds=59)
    assert [with_push_token(pushing, one)[0] for one in (old, new)] == [202, 202]
    later(monkeypatch, seconds=2)
    assert [with_push_token(pushing, one)[0] for one in (old, new)] == [401, 202]


def test_an_api_token_needs_the_scope_and_the_workspace(pushing: Pushing) -> None:
    _, reader = access.tokens.create(pushing.workspace, "reader", ["leaderboards:read", "leaderboards:run"])
    status, answer = by(pushing, authorization=f"Bearer {reader}")
    assert (status, answer["details"]) == (403, {"needed": "leaderboards:write"})
    _, writer = access.tokens.create(pushing.workspace, "writer", ["leaderboards:write"])
    assert by(pushing, authorization=f"Bearer {writer}")[0] == 202
    assert by(pushing, **{"x-api-key": writer})[0] == 202
    _, stranger = access.workspaces.create("other")
    assert by(pushing, authorization=f"Bearer {stranger}")[0] == 404


def test_who_shows_nothing_is_told_both_ways(pushing: Pushing) -> None:
    status, answer = by(pushing)
    assert status == 401
    assert "Authorization: Bearer drgero_" in answer["error"]
    assert "a push token goes into X-Dr.Gero-Push-Token" in answer["error"]


def test_no_answer_and_no_log_holds_a_secret(
    pushing: Pushing, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    secret = pushing.push_token()
    token = next(push_tokens.listed(pushing.workspace, pushing.leaderboard.id))
    told = [with_push_token(pushing, secret), by(pushing, authorization=f"Bearer {pushing.token}")]
    told.append(with_push_token(Pushing(), secret))
    push_tokens.revoke(pushing.workspace, pushing.leaderboard.id, token.id)
    told.append(with_push_token(pushing, secret))
    monkeypatch.setenv("GERO_BUCKET", "no-such-bucket")
    long = [row("long=" + "x" * 3000)]
    told += [pushing.send(long), pushing.send(long, {"x-dr.gero-push-token": secret})]
    assert [status for status, _ in told] == [202, 202, 403, 401, 500, 401]
    assert "push.failed" in logged(caplog)
    for hidden in (secret, pushing.token, token.secret_sha256):
        assert hidden[-30:] not in str(told) + logged(caplog)
