"""API tokens, push tokens, and accounts elsewhere."""

from typing import Any

import pytest

from tests.gero.cli.conftest import Gero
from tests.gero.cli.fake_access import VALID_TOKEN
from tests.gero.cli.fake_api import FakeApi


def test_a_token_is_shown_once_and_nothing_else_goes_to_stdout(gero: Gero, api: FakeApi) -> None:
    result = gero("token create --name ci --scope leaderboards:run --scope leaderboards:read --expires 90d")
    assert result.stdout == "drgero_shown_once\n"
    assert "store it now" in result.stderr
    asked = {"name": "ci", "scopes": ["leaderboards:run", "leaderboards:read"], "expires_in": "90d"}
    assert api.requests[-1][2] == asked
    listed = gero.ok("token list")
    assert "leaderboards:run leaderboards:read" in listed
    assert "active" in listed
    assert "drgero_shown_once" not in listed


def test_a_token_is_revoked_and_deleted_by_name(gero: Gero) -> None:
    gero.ok("token create --name ci --scope '*'")
    assert gero.ok("token revoke ci") == "Revoked token ci\n"
    assert "revoked" in gero.ok("token list")
    assert gero.json("token delete ci --yes")["deleted"] is True
    assert gero.json("token list")["tokens"] == []


def test_a_push_token_is_shown_once_with_an_example_that_does_not_hold_it(
    gero: Gero, triage: dict[str, Any], api: FakeApi
) -> None:
    result = gero("push-token create 'Support triage' --name web --expires 90d")
    secret = result.stdout.strip()
    assert api.is_push_token(secret)
    assert api.requests[-1][2] == {"name": "web", "expires_in": "90d"}
    assert f'curl {api.url}/v1/leaderboard/{triage["id"]}/dataset/push -H "X-Dr.Gero-Push-Token: $' in result.stderr
    assert secret not in result.stderr
    listed = gero.ok("push-token list")
    assert secret not in listed
    assert secret[-4:] in listed
    assert "active" in listed


def test_a_rotated_push_token_has_a_new_secret(gero: Gero, triage: dict[str, Any], api: FakeApi) -> None:
    old = gero.ok("push-token create --name web").strip()
    result = gero("push-token rotate web --grace 3600")
    assert result.stdout.strip() != old
    assert api.is_push_token(result.stdout.strip())
    assert api.requests[-1][2] == {"grace_seconds": 3600}
    assert "the old one is valid for another 1 h 00 min" in result.stderr


def test_a_push_token_is_revoked_and_deleted_by_name(gero: Gero, triage: dict[str, Any], api: FakeApi) -> None:
    gero.ok("push-token create --name web")
    assert gero.ok("push-token revoke web") == "Revoked push token web\n"
    assert "revoked" in gero.ok("push-token list")
    assert "pass --yes to confirm" in gero.refused("push-token delete web", exit_code=2)
    gero.ok("push-token delete web --yes")
    assert gero.json("push-token list")["tokens"] == []
    assert "no push token matches 'web'" in gero.refused("push-token revoke web")


@pytest.mark.parametrize("provider", ["huggingface", "openrouter"])
def test_an_account_is_connected_with_a_token_from_stdin(gero: Gero, api: FakeApi, provider: str) -> None:
    result = gero(f"integration connect {provider}", input=f"{VALID_TOKEN}\n")
    assert result.output == f"Connected {provider} as acme\n"
    assert api.connected == {provider: VALID_TOKEN}
    assert "acme" in gero.ok("integration list")
    assert "pass --yes to confirm" in gero.refused(f"integration disconnect {provider}", exit_code=2)
    gero.ok(f"integration disconnect {provider} --yes")
    assert api.connected == {}
    assert "acme" not in gero.ok("integration list")


def test_a_token_is_checked_without_being_stored(gero: Gero, api: FakeApi) -> None:
    assert "belongs to acme" in gero.ok("integration check openrouter", input=VALID_TOKEN)
    shown = gero.refused("integration check openrouter", input="sk_wrong")
    assert shown == "gero: the token is not valid: openrouter refuses it\n"
    assert "nothing was given" in gero.refused("integration check openrouter", input="")
    assert api.connected == {}


def test_a_token_cannot_be_given_as_an_argument(gero: Gero, api: FakeApi) -> None:
    shown = gero("integration connect openrouter sk_valid")
    assert shown.exit_code == 2
    assert api.requests == []
