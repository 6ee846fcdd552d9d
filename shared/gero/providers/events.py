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
        self._rest = bytearray()
        self._seen = 0  # of the rest, without an end
        self._begun = self._half = False

    def feed(self, piece: bytes) -> list[bytes]:
        """The data of the events that end in this piece. CallFailed when the whole stream is larger than allowed."""
        self._left -= len(piece)
        if self._left < 0:
            raise CallFailed("the response is larger than 8 MB", "rejected")
        self._rest += self._lines(piece)
        found = []
        while (end := self._rest.find(b"\n\n", max(0, self._seen - 1))) >= 0:
            if data := _data(bytes(self._rest[:end])):
                found.append(data)
            del self._rest[: end + 2]
            self._seen = 0
        self._seen = len(self._rest)
        if DONE in found:
            self.done = True
            found = found[: found.index(DONE)]
        return found

    def _lines(self, piece: bytes) -> bytes:
        """The piece with every line end as one character, and without the mark that a text may begin with."""
        if not self._begun and piece:
            self._begun, piece = True, piece.removeprefix(b"\xef\xbb\xbf")
        if self._half:
            piece = b"\r" + piece
        self._half = piece.endswith(b"\r")  # half of a line end, perhaps
        if b"\r" not in piece:
            return piece
        return piece[: len(piece) - self._half].replace(b"\r\n", b"\n").replace(b"\r", b"\n")


def _data(event: bytes) -> bytes:
    lines = event.split(b"\n")
    values = [line[5:].removeprefix(b" ") for line in lines if line.startswith(b"data:")]
    return b"\n".join(values).strip()
