from typing import Any

from tests.gero.cli.conftest import Gero
from tests.gero.cli.fake_api import FakeApi
from tests.gero.cli.fake_shadows import pair


def test_before_it_is_switched_on_it_says_how(gero: Gero, triage: dict[str, Any]) -> None:
    assert "gero leaderboard update --shadow-percent 5" in gero.ok("shadow show")


def test_both_models_stand_side_by_side_with_what_is_not_told(gero: Gero, triage: dict[str, Any], api: FakeApi) -> None:
    api.pairs = [pair(late=4, not_taken=1, latest_error="the endpoint answered 429")]
    lines = gero.ok("shadow show 'Support triage'").splitlines()
    rows = [line.split() for line in lines]
    assert ["production", "small-1", "412", "0", "$0.25", "120", "ms", "410", "ms", "–"] in rows
    assert ["challenger", "big-1", "412", "3", "$1.20", "120", "ms", "410", "ms", "–"] in rows
    shown = "\n".join(lines)
    assert "big-1 gives the same answer on 91-98 % of them" in shown
    assert "4 requests had waited too long" in shown
    assert "1 request not taken by the challenger's server" in shown
    assert "latest error: the endpoint answered 429" in shown
    assert lines[-1].strip() == "Agreement is not accuracy."


def test_figures_are_forgotten_only_when_confirmed(gero: Gero, triage: dict[str, Any], api: FakeApi) -> None:
    api.pairs = [pair()]
    assert "pass --yes to confirm" in gero.refused("shadow forget", exit_code=2)
    assert api.pairs
    assert gero.ok("shadow forget --yes") == "Forgot the figures; the traces stay\n"
    assert api.pairs == []
