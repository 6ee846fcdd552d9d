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


def test_a_token_has_a_budget_that_is_shown_and_changed(gero: Gero, api: FakeApi) -> None:
    gero.ok("token create --name web --scope leaderboards:inference --expires-in 1y --budget 25 --reset monthly")
    sent = api.requests[-1][2]
    assert (sent["expires_in"], sent["budget_limit"], sent["budget_reset_interval"]) == ("1y", 25, "monthly")
    listed = " ".join(gero.ok("token list").split())
    assert "never $6.25 of $25.00 in 2 d" in listed
    shown = " ".join(gero.ok("token show web").split())
    for told in ("budget $6.25 of $25.00", "left $12.50", "set aside $6.25 for requests", "resets monthly, in 2 d ("):
        assert told in shown
    changed = gero.json("token update web --name shop --scope models:* --budget none")
    assert api.requests[-1][2] == {"name": "shop", "scopes": ["models:*"], "budget_limit": None}
    assert (changed["name"], changed["budget"]) == ("shop", None)
    assert "it may spend without limit" in gero.ok("token show shop")
    gero.ok("token update shop --reset daily --budget 0.5")
    assert api.requests[-1][2] == {"budget_limit": 0.5, "budget_reset_interval": "daily"}


def test_what_is_asked_of_a_token_is_checked_before_it_is_sent(gero: Gero, api: FakeApi) -> None:
    assert "say what to change, such as --budget" in gero.refused("token update web", exit_code=2)
    assert "--budget much is neither a number" in gero.refused("token update web --budget much", exit_code=2)
    gero.refused("token create --name web --scope a --reset hourly", exit_code=2)
    gero.refused("token rotate web --grace -1", exit_code=2)
    assert api.requests == []


def test_a_rotated_token_shows_its_new_secret_alone(gero: Gero, api: FakeApi) -> None:
    gero.ok("token create --name web --scope a")
    result = gero("token rotate web --grace 3600")
    assert result.stdout == "drgero_shown_anew\n"
    assert api.requests[-1][2] == {"grace_seconds": 3600}
    assert "the old one is valid for another 1 h 00 min" in result.stderr
    assert "the old one is refused from now on" in gero("token rotate web").stderr


def test_a_token_is_found_behind_the_first_page(gero: Gero, api: FakeApi) -> None:
    for number in range(201):
        api.create_token({}, {"name": f"t{number}", "scopes": []})
    assert gero.json("token show t200")["name"] == "t200"
    assert gero.json("token list --limit 500")["count"] == 201


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
