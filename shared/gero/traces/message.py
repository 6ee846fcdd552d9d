"""How a trace travels from the inference endpoint to the recorder: one queue message."""

import msgspec

from gero.traces.trace import Trace

_MAX_TEXT = 75_000  # characters of up to 4 bytes; a message may have 1 MiB, a trace has input, output and messages


class TraceMessage(msgspec.Struct, frozen=True):
    """A trace and whose it is."""

    workspace_id: str
    leaderboard_id: str
    trace: Trace
    retention_days: int | None = None
    """How long it is kept; None: for good."""

    def encode(self) -> str:
        """The message body; very long texts are cut, so that it fits."""
        trace = self.trace
        cut = msgspec.structs.replace(
            trace,
            input=trace.input[:_MAX_TEXT],
            output=trace.output and trace.output[:_MAX_TEXT],
            messages=None if len(str(trace.messages)) > _MAX_TEXT else trace.messages,
        )
        return msgspec.json.encode(msgspec.structs.replace(self, trace=cut)).decode()

    @classmethod
    def decode(cls, body: str) -> "TraceMessage":
        """The inverse of `encode`."""
        return msgspec.json.decode(body, type=cls)
