import base64
from datetime import timedelta

import pytest

from gero import access
from gero.access import tokens
from gero.kit import Forbidden, Invalid, NotFound, Unauthenticated, clock, new_id, table

pytestmark = pytest.mark.usefixtures("cloud")


@pytest.fixture
def workspace() -> str:
    return new_id()


def bearer(secret: str) -> dict[str, str]:
    return {"authorization": f"Bearer {secret}"}


def test_a_token_tells_who_is_calling_and_what_they_may(workspace: str) -> None:
    token, secret = tokens.create(workspace, "ci", ["leaderboards:run", "leaderboards:read"])
    caller = access.authenticate(bearer(secret))
    assert (caller.workspace_id, caller.token_id) == (workspace, token.id)
    caller.require("leaderboards:run")
    with pytest.raises(Forbidden, match="leaderboards:write") as refused:
        caller.require("leaderboards:write")
    assert refused.value.details == {"needed": "leaderboards:write"}


@pytest.mark.parametrize(
    ("header", "form"),
    [
        ("authorization", "Bearer {}"),
        ("authorization", "bearer  {} "),
        ("x-api-key", "{}"),
        ("x-dr.gero-api-key", "{}"),
    ],
)
def test_a_token_travels_in_any_of_the_documented_headers(workspace: str, header: str, form: str) -> None:
    _, secret = tokens.create(workspace, "ci", ["*"])
    assert access.authenticate({header: form.format(secret)}).workspace_id == workspace


def test_an_authorization_of_another_scheme_does_not_hide_the_api_key(workspace: str) -> None:
    _, secret = tokens.create(workspace, "ci", ["*"])
    headers = {"authorization": "Basic dTpw", "x-api-key": secret}
    assert access.authenticate(headers).workspace_id == workspace


@pytest.mark.parametrize("headers", [{}, {"authorization": ""}, {"authorization": "Bearer"}, {"x-api-key": ""}])
def test_a_request_without_a_token_is_told_how_to_send_one(headers: dict[str, str]) -> None:
    with pytest.raises(Unauthenticated, match="Authorization: Bearer drgero_"):
        access.authenticate(headers)


@pytest.mark.parametrize("text", ["drgero_", "drgero_abc", "x", "drgero_" + "é" * 60, "drgero_" + "A" * 79, "A" * 5000])
def test_nonsense_is_nobody(text: str) -> None:
    with pytest.raises(Unauthenticated):
        access.authenticate({"x-api-key": text})


def test_the_right_ids_with_another_secret_are_nobody(workspace: str) -> None:
    _, secret = tokens.create(workspace, "ci", ["*"])
    raw = bytearray(base64.urlsafe_b64decode(secret.removeprefix("drgero_")))
    raw[-1] ^= 1
    forged = "drgero_" + base64.urlsafe_b64encode(raw).decode()
    for text in (forged, secret[:-1], secret.removeprefix("drgero_"), secret + "="):
        with pytest.raises(Unauthenticated):
            access.authenticate(bearer(text))


def test_a_token_moved_to_another_workspace_opens_nothing(workspace: str) -> None:
    token, secret = tokens.create(workspace, "ci", ["*"])
    other, stolen = new_id(), table.get(f"WS#{workspace}", f"TOKEN#{token.id}")
    assert stolen is not None
    table.put({**stolen, "pk": f"WS#{other}"})
    assert access.authenticate(bearer(secret)).workspace_id == workspace
    tokens.delete(workspace, token.id)
    with pytest.raises(Unauthenticated):
        access.authenticate(bearer(secret))


def test_the_table_keeps_no_secret(workspace: str) -> None:
    token, secret = tokens.create(workspace, "ci", ["*"])
    stored = str(table.get(f"WS#{workspace}", f"TOKEN#{token.id}"))
    assert secret not in stored
    assert secret.removeprefix("drgero_")[-30:] not in stored
    assert token.secret_sha256 in stored


def test_a_token_without_scopes_may_nothing(workspace: str) -> None:
    _, secret = tokens.create(workspace, "ci", [])
    with pytest.raises(Forbidden):
        access.authenticate(bearer(secret)).require("leaderboards:read")


def test_a_token_expires_at_its_moment_and_not_before(workspace: str, monkeypatch: pytest.MonkeyPatch) -> None:
    token, secret = tokens.create(workspace, "ci", ["*"], "1h")
    expires = clock.parse(str(token.expires_at))
    monkeypatch.setattr(clock, "now", lambda: expires - timedelta(milliseconds=1))
    access.authenticate(bearer(secret))
    monkeypatch.setattr(clock, "now", lambda: expires)
    with pytest.raises(Unauthenticated, match="expired at"):
        access.authenticate(bearer(secret))


def test_a_lifetime_is_one_of_the_offered(workspace: str) -> None:
    assert tokens.create(workspace, "ci", ["*"], "none")[0].expires_at is None
    assert tokens.create(workspace, "ci", ["*"])[0].expires_at is None
    with pytest.raises(Invalid, match="expires_in"):
        tokens.create(workspace, "ci", ["*"], "2h")


def test_a_revoked_token_is_refused_and_keeps_its_first_moment(workspace: str) -> None:
    token, secret = tokens.create(workspace, "ci", ["*"])
    first = tokens.revoke(workspace, token.id)
    with pytest.raises(Unauthenticated, match="revoked"):
        access.authenticate(bearer(secret))
    assert tokens.revoke(workspace, token.id).revoked_at == first.revoked_at


def test_a_token_of_another_workspace_can_be_neither_seen_nor_ended(workspace: str) -> None:
    token, secret = tokens.create(workspace, "ci", ["*"])
    other = new_id()
    assert list(tokens.listed(other)) == []
    for end in (tokens.revoke, tokens.delete):
        with pytest.raises(NotFound):
            end(other, token.id)
    access.authenticate(bearer(secret))


def test_tokens_are_listed_in_the_order_they_were_made(workspace: str) -> None:
    names = [tokens.create(workspace, name, [])[0].id for name in "ab"]
    assert [token.id for token in tokens.listed(workspace)] == sorted(names)


def test_a_new_workspace_comes_with_a_token_that_may_everything_in_it() -> None:
    workspace, secret = access.workspaces.create("Acme")
    caller = access.authenticate(bearer(secret))
    caller.require("workspace:admin")
    assert access.workspaces.get(caller.workspace_id) == workspace
    assert access.workspaces.get(new_id()) is None
