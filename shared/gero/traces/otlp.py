"""A workspace's OpenTelemetry collector: where it is, the header that opens it (sealed), and spans in its format.

Source: OpenTelemetry Protocol 1.x, "OTLP/HTTP" with binary protobuf.
"""

import gzip
import hashlib
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

import msgspec

from gero.kit import Invalid, address, clock, secrets, table
from gero.traces.otel import attributes
from gero.traces.trace import Trace

HEADERS: Final = {"Content-Type": "application/x-protobuf", "Content-Encoding": "gzip"}
_PATH = "/v1/traces"
# What frames a request, or says what is in it, is not people's to set.
_FORBIDDEN: Final = frozenset(
    {"connection", "content-encoding", "content-length", "content-type", "host", "transfer-encoding"}
)
_MAX_URL, _MAX_HEADER = 2_000, 4_096
_SK = "COLLECTOR"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)  # a float of seconds holds no nanoseconds


class Collector(msgspec.Struct, frozen=True, omit_defaults=True):
    """A collector as stored. `endpoint`: the whole URL that spans are posted to."""

    endpoint: str
    updated_at: str
    header_name: str | None = None
    sealed_value: str | None = None

    def headers(self, workspace_id: str) -> dict[str, str]:
        """The headers of a request, the secret one opened. Blocking: it may call KMS."""
        if self.header_name is None or self.sealed_value is None:
            return dict(HEADERS)
        return HEADERS | {self.header_name: secrets.unseal(self.sealed_value, _context(workspace_id))}


def made(workspace_id: str, endpoint: str, header_name: str | None, header_value: str | None) -> Collector:
    """The collector that a body describes, not kept yet. Invalid names the field."""
    if len(endpoint) > _MAX_URL:
        raise Invalid(f"endpoint: at most {_MAX_URL:,} characters", field="endpoint")
    address.check_url(endpoint, "endpoint")
    if (header_name is None) != (header_value is None):
        raise Invalid("header_value: give a header's name and value together, or neither", field="header_value")
    if header_name is not None and (not header_name.replace("-", "").isalnum() or not header_name.isascii()):
        raise Invalid("header_name: letters, digits and hyphens, such as Authorization", field="header_name")
    if header_name is not None and header_name.lower() in _FORBIDDEN:
        raise Invalid(f"header_name: {header_name} is set by Gero; give the one with the key", field="header_name")
    if header_value is not None and not (
        header_value.isascii() and header_value.isprintable() and header_value.strip()
    ):
        raise Invalid("header_value: only printable ASCII", field="header_value")
    if len(header_value or "") > _MAX_HEADER:
        raise Invalid(f"header_value: at most {_MAX_HEADER:,} characters", field="header_value")
    parts = urlsplit(endpoint)
    url = endpoint if parts.path.strip("/") else urlunsplit(parts._replace(path=_PATH))
    sealed = secrets.seal(header_value, _context(workspace_id)) if header_value else None
    return Collector(url, clock.iso(), header_name, sealed)


def keep(workspace_id: str, collector: Collector) -> None:
    """Export the workspace's traces to the collector from now on."""
    doc = msgspec.json.encode(collector).decode()
    table.put({"pk": f"WS#{workspace_id}", "sk": _SK, "doc": doc})


def get(workspace_id: str) -> Collector | None:
    """The workspace's collector; None without one."""
    found = table.get(f"WS#{workspace_id}", _SK)
    return msgspec.json.decode(found["doc"], type=Collector) if found else None


def remove(workspace_id: str) -> None:
    """Export no more; nothing happens when there is no collector."""
    table.delete(f"WS#{workspace_id}", _SK)


def request(workspace_id: str, found: Sequence[tuple[str, Trace]]) -> bytes:
    """The gzipped body that tells traces, each with the id of its leaderboard, as spans. None of them: an empty one."""
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    message = ExportTraceServiceRequest()
    if found:
        resource = message.resource_spans.add()
        named = {"service.name": "gero", "gero.workspace.id": workspace_id}
        resource.resource.attributes.extend(_pair(name, value) for name, value in named.items())
        spans = resource.scope_spans.add()
        spans.scope.name = "gero"
        for leaderboard_id, trace in found:
            _add(spans.spans.add(), leaderboard_id, trace)
    return gzip.compress(message.SerializeToString(), mtime=0)


def rejected(answer: bytes) -> int:
    """How many spans a collector that took a request says it did not keep; 0 when its answer cannot be read."""
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

    try:
        told = ExportTraceServiceResponse.FromString(answer)
    except DecodeError:
        return 0
    return max(0, int(told.partial_success.rejected_spans))


def _add(span: Any, leaderboard_id: str, trace: Trace) -> None:
    """Fill a span: a call of a model, which is a trace of its own."""
    from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

    started = (clock.parse(trace.created_at) - _EPOCH) // timedelta(microseconds=1) * 1_000
    span.trace_id, span.span_id = _ids(trace.trace_id)
    span.name = f"chat {trace.model or ''}".strip()
    span.kind = Span.SPAN_KIND_CLIENT
    span.start_time_unix_nano = started
    span.end_time_unix_nano = started + round((trace.latency_ms or 0) * 1e6)
    span.attributes.extend(_pair(name, value) for name, value in attributes(trace, leaderboard_id).items())
    if trace.error:
        span.status.code = Status.STATUS_CODE_ERROR
        span.status.message = trace.error


def _ids(trace_id: str) -> tuple[bytes, bytes]:
    digest = hashlib.sha256(trace_id.encode()).digest()
    try:
        return uuid.UUID(trace_id).bytes, digest[:8]
    except ValueError:
        return digest[16:], digest[:8]  # a trace that people recorded under an id of their own


def _pair(name: str, value: Any) -> Any:
    from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue

    if isinstance(value, bool):
        told = AnyValue(bool_value=value)
    elif isinstance(value, int):
        told = AnyValue(int_value=value) if abs(value) < 1 << 63 else AnyValue(string_value=str(value))
    elif isinstance(value, float):
        told = AnyValue(double_value=value)
    elif isinstance(value, list):
        told = AnyValue(array_value=ArrayValue(values=[AnyValue(string_value=str(one)) for one in value]))
    else:
        told = AnyValue(string_value=str(value))
    return KeyValue(key=name, value=told)


def _context(workspace_id: str) -> dict[str, str]:
    return {"workspace_id": workspace_id, "owner": "collector"}
