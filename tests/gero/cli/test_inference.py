"""Asking the production model: whole and as it comes, and what is told beside the answer."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.gero.cli.conftest import Gero
from tests.gero.cli.fake_api import FakeApi
from tests.gero.cli.fake_routes import Refused


def test_only_the_output_of_the_model_goes_to_stdout(gero: Gero, triage: dict[str, Any]) -> None:
    result = gero("infer 'My parcel is late' -l 'Support triage'")
    assert result.stdout == "echo: My parcel is late\n"
    assert result.stderr == "small-1 · 412 ms · $0.000123 · trace t\n"


def test_the_input_may_come_from_a_pipe_or_be_a_whole_request(gero: Gero, triage: dict[str, Any], api: FakeApi) -> None:
    assert gero.ok("infer", input="piped\n") == "echo: piped\n"
    assert api.requests[-1][2] == {"input": "piped"}
    raw = {"messages": [{"role": "user", "content": "raw"}], "temperature": 0}
    assert gero.json(f"infer --raw '{json.dumps(raw)}'")["output"] == "echo: raw"
    assert api.requests[-1][2] == raw


def test_a_text_may_have_a_system_message_and_go_without_the_prompt(
    gero: Gero, triage: dict[str, Any], api: FakeApi
) -> None:
    asked = {"role": "user", "content": "Hi"}
    gero.ok("infer Hi --system 'Be brief.'")
    assert api.requests[-1][2] == {"messages": [{"role": "system", "content": "Be brief."}, asked]}
    gero.ok("infer Hi --no-prompt")
    assert api.requests[-1][2] == {"messages": [asked], "apply_prompt": False}
    api.told |= {"X-Dr.Gero-Prompt": "bypassed"}
    assert "Without the leaderboard's prompt\n" in gero("infer Hi --no-prompt").stderr


def test_with_an_id_inference_is_a_single_request(gero: Gero, triage: dict[str, Any], api: FakeApi) -> None:
    gero.ok(f"infer hello -l {triage['id']}")
    assert [request[0] for request in api.requests] == ["POST"]


@pytest.mark.parametrize("stream", ["", " --stream"])
def test_it_is_told_who_stood_in_and_what_is_left_to_spend(
    gero: Gero, triage: dict[str, Any], api: FakeApi, stream: str
) -> None:
    reset = (datetime.now(UTC) + timedelta(days=3, minutes=1)).isoformat()
    budget = {"Limit-Usd": "25.00", "Remaining-Usd": "19.42", "Used-Usd": "5.58", "Reset-At": reset}
    api.told |= {f"X-Dr.Gero-Token-Budget-{name}": value for name, value in budget.items()}
    api.told |= {"X-Dr.Gero-Fallback": "model_call_failed (503)"}
    lines = gero(f"infer hello{stream}").stderr.splitlines()
    assert lines == [
        "small-1 · 412 ms · $0.000123 · trace t",
        "It answered in place of production's model: model_call_failed (503)",
        "$19.42 of $25.00 left of the token's budget, resets in 3 d",
    ]
    assert gero("infer hello --json").stderr == ""


def test_without_a_limit_nothing_is_told_of_a_budget(gero: Gero, triage: dict[str, Any], api: FakeApi) -> None:
    api.told |= {"X-Dr.Gero-Token-Budget-Limit-Usd": "unlimited"}
    assert "budget" not in gero("infer hello").stderr


def test_when_the_budget_is_used_up_its_sentence_is_the_error(gero: Gero, triage: Any, api: FakeApi) -> None:
    told = "this request may cost up to $0.02, more than the $0.01 left; raise the token's budget"
    api.refusal = Refused(402, told, remaining_usd=0.01)
    for line in ("infer hello", "infer hello --stream", "infer hello --json"):
        result = gero(line)
        assert (result.exit_code, result.stdout, result.stderr) == (1, "", f"gero: {told}\n")


def test_a_stream_is_printed_as_the_whole_answer_is(gero: Gero, triage: dict[str, Any], api: FakeApi) -> None:
    result = gero("infer 'two lines\u2028of\x85text' --stream")
    assert result.stdout == "echo: two lines\u2028of\x85text\n"
    assert result.stderr == "small-1 · 412 ms · $0.000123 · trace t\n"
    assert api.requests[-1][2]["stream"] is True
    raw = json.dumps({"input": "by its body", "stream": True})
    assert gero.ok(f"infer --raw '{raw}'") == "echo: by its body\n"
    assert gero.ok(f"infer --raw '{raw}' --no-stream") == "echo: by its body\n"
    assert gero.json(f"infer --raw '{raw}'")["output"] == "echo: by its body"
    assert "stream" not in api.requests[-1][2]


@pytest.mark.parametrize(
    ("ending", "told"),
    [
        (b'data: {"error": {"message": "the model broke off", "code": "upstream_failed"}}\n\n', "the model broke off"),
        (b"data: {half of a chu", "the answer broke off: it holds something that is no chunk"),
        (b"", "the answer broke off before its end"),
    ],
)
def test_what_came_of_a_stream_that_breaks_stays_and_the_failure_is_told(
    gero: Gero, triage: dict[str, Any], api: FakeApi, ending: bytes, told: str
) -> None:
    api.ending = ending
    result = gero("infer 'Where is it' --stream")
    assert (result.exit_code, result.stdout) == (1, "echo: Where is \n")
    assert result.stderr == f"gero: {told}\n"


def test_a_stream_of_an_id_comes_from_the_inference_function_itself(
    gero: Gero, triage: dict[str, Any], api: FakeApi
) -> None:
    elsewhere = FakeApi()
    try:
        elsewhere.leaderboards = {triage["id"]: triage}
        url = f"{elsewhere.url}/v1/leaderboard/{triage['id']}/inference"
        api.leaderboards[triage["id"]]["inference_url"] = url
        for reference in (triage["id"], "Support triage"):
            assert gero.ok(f"infer hello --stream -l '{reference}'") == "echo: hello\n"
        assert [path for _, path, _ in elsewhere.requests] == [f"/v1/leaderboard/{triage['id']}/inference"] * 2
        api.leaderboards.clear()  # as for a token that may not read it
        assert gero.ok(f"infer hello --stream -l {triage['id']}") == "echo: hello\n"
        assert len(elsewhere.requests) == 2
    finally:
        elsewhere.close()


def test_a_model_of_the_models_area_is_asked_in_the_same_ways(gero: Gero, api: FakeApi) -> None:
    own = gero.json("model create --name Own --base acme/small")
    assert gero.ok("model infer hello --system Short") == "Own: hello\n"
    messages = [{"role": "system", "content": "Short"}, {"role": "user", "content": "hello"}]
    assert api.requests[-1] == ("POST", f"/v1/models/{own['id']}/inference", {"messages": messages})


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("infer --raw {", "--raw is not JSON"),
        ("infer text --raw {}", "either TEXT or --raw"),
        ("infer --system x --raw {}", "either TEXT or --raw"),
        ("infer --no-prompt --raw {}", "either TEXT or --raw"),
        ("infer text --stream --json", "give one of them"),
    ],
)
def test_contradictory_options_are_a_usage_error(gero: Gero, triage: dict[str, Any], line: str, sentence: str) -> None:
    assert sentence in gero.refused(line, exit_code=2)
