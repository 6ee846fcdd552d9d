"""A collector of a workspace: set over the API once it took an empty export, then told of every stored trace."""

import copy
import gzip
import json
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

from functions.api.app import create_app
from functions.record_traces import exporting
from functions.record_traces.handler import handler
from gero import traces
from gero.traces import otlp
from tests.functions.collector_server import CollectorServer, collector_server
from tests.functions.conftest import Ready
from tests.functions.context import Context
from tests.functions.pushing import logged


@pytest.fixture
def collector() -> Iterator[CollectorServer]:
    exporting.forget()
    with collector_server() as server:
        yield server


@pytest.fixture
def client(ready: Ready) -> TestClient:
    return TestClient(create_app(), headers={"Authorization": f"Bearer {ready.token}"})


def stored(ready: Ready) -> int:
    found = traces.find(ready.workspace, ready.leaderboard.id, limit=10, offset=0, batch_limit=10, source="inference")
    return len(found.traces)


def spans(collector: CollectorServer) -> list[str]:
    found = [ExportTraceServiceRequest.FromString(gzip.decompress(body)) for _, body in collector.received]
    return [
        span.name for one in found for part in one.resource_spans for scope in part.scope_spans for span in scope.spans
    ]


def test_traces_are_exported_after_they_were_stored(
    client: TestClient, ready: Ready, collector: CollectorServer, context: Context
) -> None:
    body = {"endpoint": collector.url, "header_name": "X-Key", "header_value": "sk-collector"}
    told = client.put("/api/telemetry", json=body)
    assert (told.status_code, told.json()["endpoint"]) == (200, f"{collector.url}/v1/traces")
    assert "sk-collector" not in client.get("/api/telemetry").text
    assert spans(collector) == []
    handler(ready.event("record_traces", "two_traces"), context)
    assert (stored(ready), len(spans(collector))) == (2, 2)
    headers, _ = collector.received[-1]
    assert (headers["x-key"], headers["content-type"]) == ("sk-collector", "application/x-protobuf")
    client.delete("/api/telemetry")
    exporting.forget()
    handler(ready.event("record_traces", "two_traces"), context)
    assert len(spans(collector)) == 2
    assert client.get("/api/telemetry").json()["code"] == "no_collector"


@pytest.mark.parametrize(("statuses", "calls"), [([503, 200], 2), ([429, 429, 200], 2), ([400, 200], 1)])
def test_a_collector_that_fails_is_asked_once_more_where_it_may_help_and_costs_no_trace(
    ready: Ready,
    collector: CollectorServer,
    context: Context,
    monkeypatch: pytest.MonkeyPatch,
    statuses: list[int],
    calls: int,
) -> None:
    monkeypatch.setattr(exporting, "_PAUSE_SECONDS", 0.01)
    otlp.keep(ready.workspace, otlp.made(ready.workspace, collector.url, None, None))
    collector.statuses = statuses
    assert handler(ready.event("record_traces", "two_traces"), context) == {"batchItemFailures": []}
    assert (stored(ready), len(collector.received)) == (2, calls)


def test_a_collector_that_does_not_answer_holds_up_nobody_for_long(
    ready: Ready, collector: CollectorServer, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "SECONDS", 0.2)
    otlp.keep(ready.workspace, otlp.made(ready.workspace, collector.url, None, None))
    collector.seconds = 5
    assert handler(ready.event("record_traces", "two_traces"), context) == {"batchItemFailures": []}
    assert stored(ready) == 2


def of_another(record: dict[str, Any], workspace_id: str) -> dict[str, Any]:
    """The same message of another workspace."""
    body = json.loads(record["body"]) | {"workspace_id": workspace_id}
    return copy.copy(record) | {"messageId": workspace_id, "body": json.dumps(body)}


def test_a_workspace_whose_key_cannot_be_opened_costs_the_others_nothing(
    ready: Ready, collector: CollectorServer, context: Context
) -> None:
    otlp.keep(ready.workspace, otlp.made(ready.workspace, collector.url, None, None))
    otlp.keep("broken", otlp.made("another", collector.url, "X-Key", "sealed for another workspace"))
    event = ready.event("record_traces", "two_traces")
    event["Records"].insert(0, of_another(event["Records"][0], "broken"))
    assert handler(event, context) == {"batchItemFailures": []}
    assert (stored(ready), len(spans(collector))) == (2, 2)


def test_collectors_that_do_not_answer_leave_room_for_one_that_does(
    ready: Ready,
    collector: CollectorServer,
    context: Context,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(exporting, "SECONDS", 3.0)
    event = ready.event("record_traces", "two_traces")
    with collector_server() as dead:
        dead.seconds = 30
        for number in range(20):
            otlp.keep(f"dead{number}", otlp.made(f"dead{number}", dead.url, None, None))
            event["Records"].insert(0, of_another(event["Records"][-1], f"dead{number}"))
        otlp.keep(ready.workspace, otlp.made(ready.workspace, collector.url, None, None))
        assert handler(event, context) == {"batchItemFailures": []}
    assert len(spans(collector)) == 2
    assert {vars(one)["workspace_id"] for one in caplog.records} == {f"dead{number}" for number in range(20)}


def test_a_collector_that_asks_for_more_time_than_there_is_is_not_waited_for(
    ready: Ready, collector: CollectorServer, context: Context, caplog: pytest.LogCaptureFixture
) -> None:
    otlp.keep(ready.workspace, otlp.made(ready.workspace, collector.url, None, None))
    collector.statuses, collector.headers = [429], {"Retry-After": "3600"}
    handler(ready.event("record_traces", "two_traces"), context)
    assert len(collector.received) == 1
    (record,) = caplog.records
    assert (record.message, vars(record)["why"]) == ("traces.not_exported", "the collector answered 429")


def test_what_a_collector_did_not_keep_is_logged_without_its_words(
    ready: Ready, collector: CollectorServer, context: Context, caplog: pytest.LogCaptureFixture
) -> None:
    otlp.keep(ready.workspace, otlp.made(ready.workspace, collector.url, None, None))
    told = ExportTraceServiceResponse()
    told.partial_success.rejected_spans, told.partial_success.error_message = 1, "not: Where is my parcel?"
    collector.body = told.SerializeToString()
    handler(ready.event("record_traces", "two_traces"), context)
    (record,) = caplog.records
    said = vars(record)
    assert (record.message, said["count"], said["workspace_id"]) == ("traces.rejected", 1, ready.workspace)
    assert "parcel" not in logged(caplog)


@pytest.mark.parametrize("body", [b"{}", b"\xff" * 100, bytes(1 << 20)])
def test_an_answer_that_is_none_of_the_format_changes_nothing(
    ready: Ready, collector: CollectorServer, context: Context, caplog: pytest.LogCaptureFixture, body: bytes
) -> None:
    otlp.keep(ready.workspace, otlp.made(ready.workspace, collector.url, None, None))
    collector.body = body
    handler(ready.event("record_traces", "two_traces"), context)
    assert len(spans(collector)) == 2
    assert not caplog.records


def test_the_path_is_added_before_what_follows_the_host(cloud: None) -> None:
    assert otlp.made("w", "https://a.example?k=v", None, None).endpoint == "https://a.example/v1/traces?k=v"
    assert otlp.made("w", "https://a.example/", None, None).endpoint == "https://a.example/v1/traces"
    assert otlp.made("w", "https://a.example/otlp?k=v", None, None).endpoint == "https://a.example/otlp?k=v"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"endpoint": "http://169.254.169.254"}, "endpoint"),
        ({"endpoint": "http://example.com"}, "endpoint"),
        ({"endpoint": "https://example.com", "header_name": "X"}, "header_value"),
        ({"endpoint": "https://example.com", "header_name": "a b", "header_value": "x"}, "header_name"),
        ({"endpoint": "https://example.com", "header_name": "Transfer-Encoding", "header_value": "x"}, "header_name"),
        ({"endpoint": "https://example.com", "header_name": "content-encoding", "header_value": "x"}, "header_name"),
        ({"endpoint": "https://example.com", "header_name": "HOST", "header_value": "x"}, "header_name"),
        ({"endpoint": "https://example.com", "header_name": "X", "header_value": "a\nb"}, "header_value"),
    ],
)
def test_what_cannot_be_a_collector_is_refused_with_the_field(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, body: dict[str, str], field: str
) -> None:
    monkeypatch.setenv("GERO_PRIVATE_NETWORKS", "")
    told = client.put("/api/telemetry", json=body)
    assert (told.status_code, told.json()["details"]["field"]) == (400, field)


def test_a_collector_that_refuses_or_is_not_there_is_not_kept(client: TestClient, collector: CollectorServer) -> None:
    for status, code, field in ((401, 400, "header_value"), (404, 400, "endpoint"), (503, 502, "endpoint")):
        collector.statuses = [status]
        told = client.put("/api/telemetry", json={"endpoint": collector.url})
        assert (told.status_code, told.json()["details"]["field"]) == (code, field)
    assert client.put("/api/telemetry", json={"endpoint": "http://127.0.0.1:9"}).status_code == 502
    assert client.get("/api/telemetry").status_code == 404
