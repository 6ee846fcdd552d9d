"""How a trace travels from the inference endpoint to the recorder: one queue message."""

from collections.abc import Iterator

import msgspec

from gero.traces.trace import Trace

_MAX_BYTES = 1_000_000  # of a body; a queue takes messages of 1 MiB
_MAX_TEXT = 75_000  # characters, of what is longer than a message: up to 6 bytes each in JSON


class TraceMessage(msgspec.Struct, frozen=True):
    """A trace and whose it is."""

    workspace_id: str
    leaderboard_id: str
    trace: Trace
    retention_days: int | None = None
    """How long it is kept; None: for good."""

    def encode(self) -> str:
        """The message body; of a trace that is too long for it, as much as fits."""
        for shortened in _shorter(self.trace):
            body = msgspec.json.encode(msgspec.structs.replace(self, trace=shortened))
            if len(body) <= _MAX_BYTES:
                break
        return body.decode()

    @classmethod
    def decode(cls, body: str) -> "TraceMessage":
        """The inverse of `encode`."""
        return msgspec.json.decode(body, type=cls)


def _shorter(trace: Trace) -> Iterator[Trace]:
    """The trace, and then with less and less of it: tools are told again with every request, a question is not."""
    yield trace
    trace = msgspec.structs.replace(trace, parameters=None)
    yield trace
    trace = msgspec.structs.replace(trace, messages=None, tool_calls=None, metadata=None)
    yield trace
    yield msgspec.structs.replace(
        trace,
        input=trace.input[:_MAX_TEXT],
        output=trace.output and trace.output[:_MAX_TEXT],
        error=trace.error and trace.error[: _MAX_TEXT // 10],
    )
