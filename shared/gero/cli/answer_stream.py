"""An answer as it comes: OpenAI's chunks as server-sent events, until the one that says `[DONE]`."""

import json
from collections.abc import Iterable, Iterator
from typing import Any, Final

from gero.cli.failure import Failure

BROKE_OFF: Final = "the answer broke off"
_DATA: Final = b"data:"
_DONE: Final = b"[DONE]"


class AnswerStream:
    """Gives the pieces of the text, once. Failure when the model failed meanwhile, or its answer has no end."""

    def __init__(self, body: Iterable[bytes]) -> None:
        self._body = body
        self.known: dict[str, Any] = {}
        """What the chunks said beside the answer, such as `cost_usd`: whole once all pieces were given."""
        self.calls_tools = False

    def __iter__(self) -> Iterator[str]:
        for line in _lines(self._body):
            if not line.startswith(_DATA):
                continue
            data = line.removeprefix(_DATA).strip()
            if data == _DONE:
                return
            yield from self._pieces(_chunk(data))
        raise Failure(f"{BROKE_OFF} before its end")

    def _pieces(self, chunk: dict[str, Any]) -> Iterator[str]:
        if error := chunk.get("error"):
            raise Failure(str(error.get("message", error)) if isinstance(error, dict) else str(error))
        self.known |= {name: value for name, value in chunk.items() if name != "choices"}
        for choice in chunk.get("choices") or []:
            delta = choice.get("delta") or {}
            self.calls_tools = self.calls_tools or bool(delta.get("tool_calls"))
            if isinstance(delta.get("content"), str):
                yield delta["content"]


def _lines(body: Iterable[bytes]) -> Iterator[bytes]:
    """The lines of a body. Only line feeds end one: JSON may hold other characters that end lines of text."""
    rest = b""
    for piece in body:
        *lines, rest = (rest + piece).split(b"\n")
        yield from lines
    yield rest


def _chunk(data: bytes) -> dict[str, Any]:
    try:
        chunk = json.loads(data)
    except ValueError as error:
        raise Failure(f"{BROKE_OFF}: it holds something that is no chunk") from error
    return chunk if isinstance(chunk, dict) else {}
