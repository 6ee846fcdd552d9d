"""Server-sent events out of the pieces in which they arrive.

Source: WHATWG HTML, "Server-sent events"; of its fields only `data` is used, by OpenAI and by those who speak like it.
"""

from gero.providers.refusal import CallFailed

DONE = b"[DONE]"


class EventReader:
    """Feed it what was read; it gives the data of each event that is complete. `done`: the end was announced."""

    def __init__(self, most_bytes: int) -> None:
        self.done = False
        self._left = most_bytes
        self._rest = b""

    def feed(self, piece: bytes) -> list[bytes]:
        """The data of the events that end in this piece. CallFailed when the whole stream is larger than allowed."""
        self._left -= len(piece)
        if self._left < 0:
            raise CallFailed("the response is larger than 8 MB", "rejected")
        text, self._rest = self._rest + piece, b""
        if b"\r" in text:
            if text.endswith(b"\r"):  # half of a line end, perhaps
                text, self._rest = text[:-1], b"\r"
            text = text.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        *complete, open_event = text.split(b"\n\n")
        self._rest = open_event + self._rest
        found = [data for event in complete if (data := _data(event))]
        if DONE in found:
            self.done = True
            found = found[: found.index(DONE)]
        return found


def _data(event: bytes) -> bytes:
    lines = event.split(b"\n")
    values = [line[5:].removeprefix(b" ") for line in lines if line.startswith(b"data:")]
    return b"\n".join(values).strip()
