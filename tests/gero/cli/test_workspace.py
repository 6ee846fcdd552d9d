"""The workspace and its plan: against the API in memory, and against the one that is deployed."""

from gero.access import workspaces
from tests.functions.conftest import Ready, models, ready
from tests.gero.cli.conftest import Gero
from tests.gero.cli.test_real_api import real

__all__ = ["models", "ready", "real"]  # fixtures, found by their names


def test_the_workspace_is_shown_with_its_plan_and_what_of_it_is_used(gero: Gero) -> None:
    shown = [" ".join(line.split()) for line in gero.ok("workspace").splitlines()]
    assert "name Acme" in shown
    assert "plan Free – To try it out." in shown
    assert "Leaderboards 3 2" in shown
    assert "Rows of a run 10,000 –" in shown


def test_the_deployed_api_says_it_and_a_limit_is_told_as_a_sentence(real: Gero, ready: Ready) -> None:
    assert "Leaderboards unlimited 1" in " ".join(real.ok("workspace").split())
    workspaces.set_plan(ready.workspace, "free")
    assert "Leaderboards 3 1" in " ".join(real.ok("workspace").split())
    told = real.refused("leaderboard delete Tickets --yes")
    assert "the Free plan does not let leaderboards be deleted" in " ".join(told.split())
    refused = real.refused("token create --name web --scope leaderboards:inference --budget 6 --reset monthly")
    assert "budget_limit: the Free plan asks for a budget of at most $5.00 a month" in " ".join(refused.split())
    assert real.ok("token create --name web --scope leaderboards:inference --budget 5").startswith("drgero_")
