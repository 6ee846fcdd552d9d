"""Tokens of the API as it is deployed, by the tool."""

from tests.functions.conftest import models, ready
from tests.gero.cli.conftest import Gero
from tests.gero.cli.test_real_api import real

__all__ = ["models", "ready", "real"]  # fixtures, found by their names


def test_a_token_is_made_budgeted_changed_rotated_and_ended(real: Gero) -> None:
    made = "--name web --scope leaderboards:inference --expires-in 90d --budget 0.10 --reset monthly"
    secret = real.ok(f"token create {made}").strip()
    assert secret.startswith("drgero_")
    shown = real.json("token show web")
    assert (shown["last_four"], shown["budget"]["limit_usd"], shown["last_used_at"]) == (secret[-4:], 0.1, None)
    listed = " ".join(real.ok("token list").split())
    assert "never $0 of $0.1 in" in listed
    assert "* just now – – never active" in listed, "the one that is used here"
    changed = real.json("token update web --budget 5 --reset none --scope models:* --name shop")
    assert (changed["budget"]["remaining_usd"], changed["budget"]["resets_at"]) == (5, None)
    assert "there is no budget to reset" in real.refused("token update shop --budget none --reset daily")
    assert real.json("token update shop --budget none")["budget"] is None
    renewed = real.ok("token rotate shop --grace 60").strip()
    assert renewed.startswith("drgero_")
    assert renewed != secret
    real.ok("token revoke shop")
    assert "was revoked, or has expired" in real.refused("token rotate shop")
    real.ok("token delete shop --yes")
    assert real.json("token list")["count"] == 1
