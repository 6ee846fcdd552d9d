import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from starlette.testclient import TestClient

from functions.serve_inference import inference
from functions.serve_inference.handler import handler
from gero import access
from gero.kit import settings
from gero.traces import TraceMessage
from tests.functions.conftest import Ready
from tests.functions.workflow import finished


@pytest.fixture
def endpoint(ready: Ready) -> Iterator[TestClient]:
    inference.forget()
    with TestClient(handler, headers={"Authorization": f"Bearer {ready.token}"}) as client:
        yield client


def path(ready: Ready) -> str:
    return f"/v1/leaderboard/{ready.leaderboard.id}/inference"


def sent_traces() -> list[TraceMessage]:
    url = settings.required("GERO_TRACE_QUEUE_URL")
    found = boto3.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
    return [TraceMessage.decode(message["Body"]) for message in found]


def ask(endpoint: TestClient, ready: Ready) -> Any:
    """The request of `events/serve_inference/question.json`, as the adapter makes it of the event."""
    event = ready.event("serve_inference", "question")
    return endpoint.post(event["rawPath"], content=event["body"], headers=event["headers"])


def test_the_production_model_answers_with_the_prompt_that_was_evaluated(endpoint: TestClient, ready: Ready) -> None:
    finished(ready)
    answer = ask(endpoint, ready)
    assert answer.status_code == 200
    body = answer.json()
    assert body["output"] == body["choices"][0]["message"]["content"] == "shipping"
    assert body["model_id"] == answer.headers["X-Dr.Gero-Model-Id"] == ready.good
    asked = ready.models.requests[-1]
    assert asked["body"]["messages"] == [{"role": "user", "content": "Which team?\n\nWhere is my parcel?"}]
    (message,) = sent_traces()
    assert message.trace.trace_id == answer.headers["X-Dr.Gero-Trace-Id"] == body["trace_id"]
    assert (message.trace.input, message.trace.output) == ("Where is my parcel?", "shipping")


def test_messages_go_as_they_are_and_parameters_are_forwarded(endpoint: TestClient, ready: Ready) -> None:
    finished(ready)
    messages = [{"role": "system", "content": "x"}, {"role": "user", "content": "Which team?\n\nThe app crashes"}]
    body = {"messages": messages, "temperature": 0.1, "model": "forbidden"}
    assert endpoint.post(path(ready), json=body).status_code == 200
    sent = ready.models.requests[-1]["body"]
    assert (sent["messages"], sent["temperature"], sent["model"]) == (messages, 0.1, "good")


def test_before_a_ranking_it_says_what_to_do(endpoint: TestClient, ready: Ready) -> None:
    answer = ask(endpoint, ready)
    assert (answer.status_code, answer.json()["code"]) == (409, "no_ranking")


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("{broken", "not valid JSON"),
        ("[]", "must be a JSON object"),
        ("{}", "input: give input"),
        ('{"input": " "}', "input: must be a text"),
        ('{"input": "x", "stream": true}', "stream: not supported"),
        ('{"messages": ["x"]}', "messages: must be a list"),
    ],
)
def test_a_faulty_body_is_refused_with_the_field(endpoint: TestClient, ready: Ready, body: str, told: str) -> None:
    answer = endpoint.post(path(ready), content=body)
    assert answer.status_code == 400
    assert told in answer.json()["error"]


def test_only_a_token_with_the_scope_of_the_right_workspace_gets_an_answer(endpoint: TestClient, ready: Ready) -> None:
    finished(ready)
    _, reader = access.tokens.create(ready.workspace, "reader", ["leaderboards:read"])
    _, stranger = access.workspaces.create("other")
    for token, status in ((reader, 403), (stranger, 404), ("drgero_x", 401)):
        answer = endpoint.post(path(ready), json={"input": "x"}, headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == status


def test_a_failing_model_is_a_502_with_its_own_words_and_a_trace(endpoint: TestClient, ready: Ready) -> None:
    finished(ready)
    ready.models.fault = lambda model, prompt, attempt: 503
    answer = ask(endpoint, ready)
    assert answer.status_code == 502
    assert "told to fail" in answer.json()["error"]
    assert sent_traces()[0].trace.error
    ready.models.fault = lambda model, prompt, attempt: 429
    assert ask(endpoint, ready).status_code == 429


def test_a_warm_request_reads_nothing_from_the_table(
    endpoint: TestClient, ready: Ready, monkeypatch: pytest.MonkeyPatch
) -> None:
    finished(ready)
    assert ask(endpoint, ready).status_code == 200
    monkeypatch.setenv("GERO_TABLE", "gone")
    assert ask(endpoint, ready).status_code == 200


def test_the_app_starts_without_what_makes_starts_slow() -> None:
    code = "import functions.serve_inference.handler, json, sys; print(json.dumps(sorted(sys.modules)))"
    loaded = set(json.loads(subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout))
    assert not loaded & {"boto3", "botocore", "pydantic", "fastapi", "httpx", "aws_lambda_powertools"}
