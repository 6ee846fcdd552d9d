"""Lines out of a stream of bytes, plain or gzip, with bounded memory and bounded work."""

import zlib
from collections.abc import Iterable, Iterator

from gero.datasets import formats
from gero.kit import Invalid, TooLarge

MAX_LINE_BYTES = 4 * 1024 * 1024
MAX_TOTAL_BYTES = 2 * 1024**3
MAX_LINES = 2_000_000  # empty ones too: a few MB of gzip hold billions of them
GZIP_MAGIC = b"\x1f\x8b"
_PIECE = 1 << 18


def split(pieces: Iterable[bytes]) -> Iterator[bytes]:
    r"""The lines of the stream without their ends, which are \n, \r\n or \r.

    TooLarge when a line (it names which), their number or all together is above its limit; Invalid when the gzip data
    is damaged, or the content is surely something other than JSON lines.
    """
    plain = _recognized(_plain(filter(None, pieces)))
    for number, line in enumerate(_lines(_newlines(plain)), 1):
        if number > MAX_LINES:
            raise TooLarge(f"the dataset has more than {MAX_LINES:,} lines", code="dataset_too_large")
        yield line


def _lines(pieces: Iterable[bytes]) -> Iterator[bytes]:
    parts: list[bytes] = []  # of the line that has not ended yet
    number = size = total = 0
    for piece in pieces:
        total += len(piece)
        if total > MAX_TOTAL_BYTES:
            raise TooLarge("the dataset is larger than 2 GB uncompressed", code="dataset_too_large")
        first, *others = piece.split(b"\n")
        parts.append(first)
        size += len(first)
        if size > MAX_LINE_BYTES:
            raise TooLarge(f"line {number + 1} is longer than 4 MB", code="line_too_long", line=number + 1)
        if others:
            number += len(others)
            yield b"".join(parts)
            parts = [others.pop()]
            size = len(parts[0])
            yield from others
    if size:
        yield b"".join(parts)


def _newlines(pieces: Iterable[bytes]) -> Iterator[bytes]:
    held = b""  # a \r whose \n may be in the next piece
    for piece in pieces:
        piece = held + piece
        held = b"\r" if piece.endswith(b"\r") else b""
        if b"\r" in piece:
            piece = piece.removesuffix(held).replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        yield piece
    if held:
        yield b"\n"


def _recognized(pieces: Iterator[bytes]) -> Iterator[bytes]:
    head = _at_least(formats.HEAD_BYTES, pieces)
    formats.check_content(head)
    yield head
    yield from pieces


def _plain(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The stream, uncompressed when its first bytes are those of gzip, whatever its name says."""
    first = _at_least(len(GZIP_MAGIC), pieces)
    if first.startswith(GZIP_MAGIC):
        yield from _inflate(first, pieces)
    else:
        yield first
        yield from pieces


def _at_least(size: int, pieces: Iterator[bytes]) -> bytes:
    first = bytearray()
    while len(first) < size and (piece := next(pieces, None)) is not None:
        first += piece
    return bytes(first)


def _inflate(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    inflater, data = zlib.decompressobj(wbits=31), first
    while True:
        try:
            yield inflater.decompress(data, _PIECE)
        except zlib.error as error:
            raise Invalid("the gzip data is damaged", code="bad_gzip") from error
        data = inflater.unconsumed_tail
        if inflater.eof:
            data = _next_member(inflater.unused_data, rest)
            if not data:
                return
            inflater = zlib.decompressobj(wbits=31)
        elif not data and not (data := next(rest, b"")):
            raise Invalid("the gzip data ends in the middle", code="bad_gzip")


def _next_member(data: bytes, rest: Iterator[bytes]) -> bytes:
    """What follows a member: nothing, perhaps padded with zeros, or the next one."""
    while not (data := data.lstrip(b"\0")):
        following = next(rest, None)
        if following is None:
            return b""
        data = following
    if not data.startswith(GZIP_MAGIC[: len(data)]):
        raise Invalid("something else follows the gzip data", code="bad_gzip")
    return data
