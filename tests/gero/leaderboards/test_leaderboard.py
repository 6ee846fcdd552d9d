from typing import Any

import pytest
from pydantic import ValidationError

from gero.leaderboards import LeaderboardInput, LeaderboardPatch, ModelSelection
from gero.leaderboards.serving_settings import TraceSettings
from tests.gero.leaderboards.boards import URL

VALID = {"name": "Tickets", "system_prompt": "Which team?", "dataset_url": URL}


@pytest.mark.parametrize("name", ["system_prompt", "systemPrompt", "model_prompt", "modelPrompt"])
def test_the_prompt_goes_by_all_of_its_documented_names(name: str) -> None:
    body = {"name": "Tickets", name: "Which team?", "datasetUrl": URL}
    assert LeaderboardInput.model_validate(body).system_prompt == "Which team?"
    assert LeaderboardPatch.model_validate({name: "Which team?"}).system_prompt == "Which team?"


def test_what_is_not_said_has_its_documented_default() -> None:
    made = LeaderboardInput.model_validate(VALID)
    assert (made.dataset_type, made.eval_type, made.normalizers) == ("GET", "exact", ["whitespace"])
    assert (made.concurrency, made.promotion_policy, made.schedule) == (16, "default", None)
    assert made.model_selection == ModelSelection(mode="ranking_winner", model_id=None)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"system_prompt": ""}, "prompt"),
        ({"system_prompt": "ö" * 50_001}, "100,000 bytes"),
        ({"dataset_url": None}, "dataset_url: a GET dataset needs"),
        ({"dataset_url": "https://example.com/x.jsonl"}, "dataset_url"),
        ({"dataset_type": "PUSH"}, "dataset_url: a PUSH dataset has none"),
        ({"dataset_type": "POST"}, "dataset_type"),
        ({"eval_type": "vibes"}, "eval_type"),
        ({"normalizers": ["stem"]}, "'stem' is none of"),
        ({"concurrency": 0}, "concurrency"),
        ({"concurrency": 257}, "concurrency"),
        ({"promotion_policy": "never"}, "promotion_policy"),
        ({"model_selection": {"mode": "manual"}}, "model_id: give it with mode manual"),
        ({"model_selection": {"model_id": "m"}}, "model_id: give it with mode manual"),
        ({"unknown": 1}, "unknown"),
    ],
)
def test_what_does_not_fit_is_refused_by_its_field(change: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        LeaderboardInput.model_validate(VALID | change)


@pytest.mark.parametrize("word", ["emial", "Email", "emails", "secrets"])
def test_a_slip_in_what_is_redacted_is_refused_and_what_is_stored_stays(word: str) -> None:
    for refused in (LeaderboardPatch, LeaderboardInput):
        with pytest.raises(ValidationError, match="to remove that very word"):
            refused.model_validate({"name": "x", "system_prompt": "x", "traces": {"redact": [word]}})
    assert LeaderboardPatch.model_validate({"traces": {"redact": [f"(?:{word})", "email", "Acme"]}})
    assert TraceSettings(redact=[word]).redact == [word]
