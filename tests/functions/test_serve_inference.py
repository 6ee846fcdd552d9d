import json
import subprocess
import sys
from typing import Any

import httpx
import pytest

from gero import access, leaderboards
from gero.leaderboards import LeaderboardPatch
from tests.functions.conftest import Ready
from tests.functions.serving import path, sent_trace
from tests.functions.workflow import finished


def ask(endpoint: httpx.Client, ready: Ready) -> Any:
    """The request of `events/serve_inference/question.json`, as the adapter makes it of the event."""
    event = ready.event("serve_inference", "question")
    return endpoint.post(event["rawPath"], content=event["body"], headers=event["headers"])


def test_the_production_model_answers_with_the_prompt_that_was_evaluated(endpoint: httpx.Client, ready: Ready) -> None:
    finished(ready)
    answer = ask(endpoint, ready)
    assert answer.status_code == 200
    body = answer.json()
    assert body["output"] == body["choices"][0]["message"]["content"] == "shipping"
    assert body["model_id"] == answer.headers["X-Dr.Gero-Model-Id"] == ready.good
    asked = ready.models.requests[-1]
    assert asked["body"]["messages"] == [{"role": "user", "content": "Which team?\n\nWhere is my parcel?"}]
    trace = sent_trace()
    assert trace.trace_id == answer.headers["X-Dr.Gero-Trace-Id"] == body["trace_id"]
    assert (trace.input, trace.output) == ("Where is my parcel?", "shipping")
    assert (trace.latency_ms, trace.streamed, trace.token_id) == (body["latency_ms"], False, trace.token_id)


def test_messages_get_the_prompt_in_front_and_parameters_are_forwarded(endpoint: httpx.Client, ready: Ready) -> None:
    finished(ready)
    messages = [{"role": "system", "content": "x"}, {"role": "user", "content": "The app crashes"}]
    body = {"messages": messages, "temperature": 0.1, "model": "forbidden"}
    answer = endpoint.post(path(ready), json=body)
    assert (answer.status_code, answer.headers["X-Dr.Gero-Prompt"]) == (200, "applied")
    sent = ready.models.requests[-1]["body"]
    assert sent["messages"] == [messages[0], {"role": "user", "content": "Which team?\n\nThe app crashes"}]
    assert (sent["temperature"], sent["model"]) == (0.1, "good")
    trace = sent_trace()
    assert (trace.messages, trace.parameters, trace.prompt_bypassed) == (messages, {"temperature": 0.1}, False)


@pytest.mark.parametrize("by", ["the leaderboard", "the request"])
def test_messages_go_as_they_are_where_the_leaderboard_or_the_request_says_so(
    endpoint: httpx.Client, ready: Ready, by: str
) -> None:
    finished(ready)
    body = {"messages": [{"role": "user", "content": "Which team?\n\nThe app crashes"}]}
    if by == "the leaderboard":
        wanted = LeaderboardPatch.model_validate({"inference": {"messages_prompt": "bypass"}})
        leaderboards.patch(ready.workspace, ready.leaderboard.id, wanted)
    else:
        body["apply_prompt"] = False  # type: ignore[assignment]
    answer = endpoint.post(path(ready), json=body)
    assert (answer.status_code, answer.headers["X-Dr.Gero-Prompt"]) == (200, "bypassed")
    assert ready.models.requests[-1]["body"]["messages"] == body["messages"]
    assert sent_trace().prompt_bypassed


def test_before_a_ranking_it_says_what_to_do_and_with_it_answers_at_once(endpoint: httpx.Client, ready: Ready) -> None:
    answer = ask(endpoint, ready)
    assert (answer.status_code, answer.json()["code"]) == (409, "no_ranking")
    finished(ready)
    assert ask(endpoint, ready).status_code == 200


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("{broken", "not valid JSON"),
        ("[]", "must be a JSON object"),
        ("{}", "input: give input"),
        ('{"input": " "}', "input: must be a text"),
        ('{"input": "x", "stream": "yes"}', "stream: must be true or false"),
        ('{"input": "x", "apply_prompt": false}', "apply_prompt: only messages"),
        ('{"messages": [{"role": "user"}], "apply_prompt": 1}', "apply_prompt: must be true or false"),
        ('{"messages": ["x"]}', "messages: must be a list"),
    ],
)
def test_a_faulty_body_is_refused_with_the_field(endpoint: httpx.Client, ready: Ready, body: str, told: str) -> None:
    answer = endpoint.post(path(ready), content=body)
    assert answer.status_code == 400
    assert told in answer.json()["error"]


def test_only_a_token_with_the_scope_of_the_right_workspace_gets_an_answer(
    endpoint: httpx.Client, ready: Ready
) -> None:
    finished(ready)
    _, reader = access.tokens.create(ready.workspace, "reader", ["leaderboards:read"])
    _, stranger = access.workspaces.create("other")
    for token, status in ((reader, 403), (stranger, 404), ("drgero_x", 401)):
        answer = endpoint.post(path(ready), json={"input": "x"}, headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == status


def test_a_failing_model_is_a_502_with_its_own_words_and_a_trace(endpoint: httpx.Client, ready: Ready) -> None:
    finished(ready)
    ready.models.fault = lambda model, prompt, attempt: 503
    answer = ask(endpoint, ready)
    assert answer.status_code == 502
    assert "told to fail" in answer.json()["error"]
    assert sent_trace().error
    ready.models.fault = lambda model, prompt, attempt: 429
    assert ask(endpoint, ready).status_code == 429


def test_a_request_that_the_model_does_not_accept_is_a_400_and_no_fallback_is_asked(
    endpoint: httpx.Client, ready: Ready
) -> None:
    finished(ready)
    before = len(ready.models.requests)
    ready.models.fault = lambda model, prompt, attempt: 422
    answer = ask(endpoint, ready)
    assert (answer.status_code, len(ready.models.requests) - before) == (422, 1)


def test_a_warm_request_reads_nothing_from_the_table(
    endpoint: httpx.Client, ready: Ready, monkeypatch: pytest.MonkeyPatch
) -> None:
    finished(ready)
    assert ask(endpoint, ready).status_code == 200
    monkeypatch.setenv("GERO_TABLE", "gone")
    assert ask(endpoint, ready).status_code == 200


def test_the_app_starts_without_what_makes_starts_slow() -> None:
    code = "import functions.serve_inference.handler, json, sys; print(json.dumps(sorted(sys.modules)))"
    loaded = set(json.loads(subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout))
    assert not loaded & {"boto3", "botocore", "pydantic", "fastapi", "httpx", "aws_lambda_powertools"}
