"""A collector of a workspace: set over the API once it took an empty export, then told of every stored trace."""

import gzip
from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from functions.api.app import create_app
from functions.record_traces import exporting
from functions.record_traces.handler import handler
from gero import traces
from gero.traces import otlp
from tests.functions.collector_server import CollectorServer, collector_server
from tests.functions.conftest import Ready
from tests.functions.context import Context


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


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"endpoint": "http://169.254.169.254"}, "endpoint"),
        ({"endpoint": "http://example.com"}, "endpoint"),
        ({"endpoint": "https://example.com", "header_name": "X"}, "header_value"),
        ({"endpoint": "https://example.com", "header_name": "a b", "header_value": "x"}, "header_name"),
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
    for status, code, field in ((401, 400, "header_value"), (404, 400, "endpoint")):
        collector.statuses = [status]
        told = client.put("/api/telemetry", json={"endpoint": collector.url})
        assert (told.status_code, told.json()["details"]["field"]) == (code, field)
    assert client.put("/api/telemetry", json={"endpoint": "http://127.0.0.1:9"}).status_code == 502
    assert client.get("/api/telemetry").status_code == 404
