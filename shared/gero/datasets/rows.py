"""One example of a dataset: what the model is asked and what counts as right."""

import hashlib
from typing import Any

import msgspec


class Row(msgspec.Struct, frozen=True, omit_defaults=True):
    """A row as Gero stores it. `expected` holds every accepted answer; empty when none is known.

    `origin` tells where it came from: `line` of a file, `batch_id` of a push, `trace_id` of a trace.
    """

    id: str
    input: str
    expected: list[str] = []
    rubric: str | None = None
    metadata: dict[str, Any] = {}
    tags: list[str] = []
    origin: dict[str, Any] = {}


_encode = msgspec.json.Encoder(order="deterministic").encode
_decoder = msgspec.json.Decoder(Row)


def encode(row: Row) -> bytes:
    """The row as one line of JSON; equal rows give equal bytes."""
    return _encode(row)


def decode(line: bytes) -> Row:
    """The inverse of `encode`."""
    return _decoder.decode(line)


def input_digest(text: str) -> bytes:
    """Eight bytes that stand for a row's input: enough to find a row among a dataset's million again."""
    return hashlib.blake2b(text.strip().encode("utf-8", "surrogatepass"), digest_size=8).digest()


def content_id(text: str, expected: list[str]) -> str:
    """The id of a row that brought none: a hash of what it says, so that the same row has the same id."""
    digest = hashlib.sha256(msgspec.json.encode([text, expected]))
    return f"sha256-{digest.hexdigest()[:32]}"
