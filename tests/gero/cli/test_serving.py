"""How production answers and what is kept of it, as options of a leaderboard and as its card tells it."""

from typing import Any

import pytest

from tests.gero.cli.conftest import Gero
from tests.gero.cli.fake_api import FakeApi


def card(gero: Gero) -> str:
    return " ".join(gero.ok("leaderboard show").split())


def test_a_leaderboard_is_created_with_how_it_answers_and_what_is_kept(gero: Gero, api: FakeApi) -> None:
    answers = "--messages-prompt bypass --fallbacks 1 --hedge-after 800 --shadow-percent 2.5"
    kept = "--redact email --redact 'order-[0-9]+' --retention-days 30 --capture-content"
    gero.ok(f"leaderboard create --name Replies --prompt x --push {answers} {kept}")
    assert api.requests[-1][2] == {
        "name": "Replies",
        "system_prompt": "x",
        "dataset_type": "PUSH",
        "inference": {
            "messages_prompt": "bypass",
            "fallbacks": 1,
            "hedge_after_ms": 800,
            "shadow": {"percent": 2.5},
        },
        "traces": {"capture_content": True, "redact": ["email", "order-[0-9]+"], "retention_days": 30},
    }
    shown = card(gero)
    for told in (
        "messages are sent as they are, without the prompt",
        "falls back on the next in the ranking, when production's fails; asked as well when no answer came in 800 ms",
        "shadow 2.5 % of requests also to the next in the ranking",
        "keep what was asked and answered without email, order-[0-9]+, for 30 days",
    ):
        assert told in shown, told


def test_without_a_word_the_card_tells_the_usual_settings(gero: Gero, triage: dict[str, Any]) -> None:
    shown = card(gero)
    assert "messages get the prompt in front" in shown
    assert "falls back on the next 2 in the ranking, when production's fails traces" in shown
    assert "keep what was asked and answered, for good" in shown
    assert "shadow" not in shown


def test_only_what_is_named_is_sent_and_the_rest_stays(gero: Gero, triage: dict[str, Any], api: FakeApi) -> None:
    gero.ok("leaderboard update --hedge-after 300 --redact email --retention-days 7 --shadow-percent 5")
    gero.ok("leaderboard update --fallbacks 0")
    assert api.requests[-1][2] == {"inference": {"fallbacks": 0}}
    gero.ok("leaderboard update --no-capture-content")
    assert api.requests[-1][2] == {"traces": {"capture_content": False}}
    shown = card(gero)
    assert "falls back on nobody, when production's fails" in shown
    assert "keep figures only, for 7 days" in shown
    gero.ok("leaderboard update --redact none --retention-days none --hedge-after 0 --shadow-percent 0")
    assert api.requests[-1][2] == {
        "inference": {"hedge_after_ms": None, "shadow": {"percent": 0.0}},
        "traces": {"redact": [], "retention_days": None},
    }
    gero.ok("leaderboard update --hedge-after none")
    assert api.requests[-1][2] == {"inference": {"hedge_after_ms": None}}


def test_the_challenger_is_a_candidate_by_its_name_or_the_next(
    gero: Gero, triage: dict[str, Any], api: FakeApi
) -> None:
    big = next(model for model in api.models[triage["id"]].values() if model["name"] == "big-1")
    gero.ok("leaderboard update --shadow-model big-1 --shadow-percent 5 --fallbacks 1")
    shadow = {"percent": 5.0, "model_id": big["id"]}
    assert api.requests[-1][2] == {"inference": {"fallbacks": 1, "shadow": shadow}}
    assert f"shadow 5 % of requests also to {big['id']}" in card(gero)
    gero.ok("leaderboard update --shadow-model next")
    assert api.requests[-1][2] == {"inference": {"shadow": {"model_id": None}}}
    assert "shadow 5 % of requests also to the next in the ranking" in card(gero)
    assert "no candidate matches 'huge-1'" in gero.refused("leaderboard update --shadow-model huge-1")


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ("--hedge-after soon", "--hedge-after soon is neither a number of milliseconds nor none"),
        ("--hedge-after=-5", "neither a number of milliseconds"),
        ("--redact none --redact email", "--redact none takes all patterns away: give it alone"),
        ("--fallbacks 10", "should be less than or equal to 9"),
        ("--shadow-percent 101", "should be less than or equal to 100"),
        ("--retention-days 31", "'31' is not one of"),
    ],
)
def test_options_that_cannot_be_are_usage_errors(gero: Gero, triage: Any, options: str, sentence: str) -> None:
    shown = gero.refused(f"leaderboard update {options}", exit_code=2)
    assert sentence in " ".join(shown.replace("│", " ").split())
