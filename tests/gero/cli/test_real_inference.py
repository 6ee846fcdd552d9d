"""Settings of the endpoint, and asking it, with the tool against what is deployed."""

import json
import subprocess

import pytest

from tests.functions.conftest import Ready, models, ready
from tests.functions.serving import forget
from tests.functions.workflow import finished
from tests.gero.cli.conftest import Gero
from tests.gero.cli.test_real_api import real

__all__ = ["models", "ready", "real"]  # fixtures, found by their names

QUESTION = "infer 'Where is my parcel?'"


def test_the_settings_of_the_endpoint_are_taken_as_they_are_sent(real: Gero, ready: Ready) -> None:
    answers = "--messages-prompt bypass --fallbacks 1 --hedge-after 800 --shadow-percent 2.5 --shadow-model bad"
    kept = "--no-capture-content --redact email --redact 'order-[0-9]+' --retention-days 30"
    shown = real.json(f"leaderboard update {answers} {kept}")
    assert shown["inference"] == {
        "messages_prompt": "bypass",
        "fallbacks": 1,
        "hedge_after_ms": 800,
        "shadow": {"percent": 2.5, "model_id": ready.bad},
    }
    assert shown["traces"] == {"capture_content": False, "redact": ["email", "order-[0-9]+"], "retention_days": 30}
    shown = real.json("leaderboard update --hedge-after 0 --shadow-model next --redact none --retention-days none")
    assert (shown["inference"]["hedge_after_ms"], shown["inference"]["fallbacks"]) == (None, 1)
    assert shown["inference"]["shadow"] == {"percent": 2.5, "model_id": None}
    assert shown["traces"] == {"capture_content": False, "redact": [], "retention_days": None}
    assert "inference.hedge_after_ms: " in real.refused("leaderboard update --hedge-after 5")
    new = "leaderboard create --name Second --prompt x --push --fallbacks 0 --capture-content"
    assert real.json(new)["inference"]["fallbacks"] == 0


@pytest.mark.parametrize("stream", ["", " --stream"])
def test_the_model_is_asked_and_what_is_known_of_its_answer_told(real: Gero, ready: Ready, stream: str) -> None:
    assert "complete a run first" in real.refused(f"{QUESTION}{stream}")
    finished(ready)
    forget()
    told = real(f"{QUESTION}{stream} -l Tickets")
    assert told.stdout == "shipping\n"
    assert told.stderr.startswith("good · ")
    assert " · trace " in told.stderr
    real.ok(f"{QUESTION}{stream} --no-prompt --system Short")
    messages = [{"role": "system", "content": "Short"}, {"role": "user", "content": "Where is my parcel?"}]
    assert ready.models.requests[-1]["body"]["messages"] == messages


def test_a_fallback_and_a_budget_are_told(real: Gero, ready: Ready, monkeypatch: pytest.MonkeyPatch) -> None:
    finished(ready)
    secret = real.ok("token create --name web --scope leaderboards:inference --budget 5").strip()
    ready.models.fault = lambda model, prompt, attempt: 503 if model == "good" else 200
    for stream in ("", " --stream"):
        told = real(f"{QUESTION} -l {ready.leaderboard.id} --token {secret}{stream}").stderr.splitlines()
        assert told[0].startswith("bad · ")
        assert told[1].startswith("It answered in place of production's model: ")
        assert told[2] == "$5.00 of $5.00 left of the token's budget"
    ready.models.fault = lambda model, prompt, attempt: 400
    assert "told to fail" in real.refused(f"{QUESTION} --stream")


def test_the_programs_that_are_shown_work(real: Gero, ready: Ready, monkeypatch: pytest.MonkeyPatch) -> None:
    assert real.json("endpoint")["model"] == ready.leaderboard.id
    finished(ready)
    forget()
    found = real.json("endpoint Tickets")
    assert found["model"] == "tickets"
    ready.models.answer = lambda model, prompt: f"asked {prompt!r}"
    monkeypatch.setenv("GERO_API_TOKEN", ready.token)
    said = subprocess.run(["bash", "-c", f"{found['samples']['curl']} -sS"], check=True, capture_output=True)
    assert json.loads(said.stdout)["choices"][0]["message"]["content"] == r"asked 'Which team?\n\nHello'"
