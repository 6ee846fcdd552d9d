"""Lines out of a stream of bytes, plain or gzip, with bounded memory."""

import zlib
from collections.abc import Iterable, Iterator

from gero.kit import Invalid, TooLarge

MAX_LINE_BYTES = 4 * 1024 * 1024
MAX_TOTAL_BYTES = 2 * 1024**3
_GZIP_MAGIC = b"\x1f\x8b"
_PIECE = 1 << 20


def split(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The lines of the stream without their ends; TooLarge names the line that is too long."""
    rest, number, total = b"", 0, 0
    for piece in _plain(iter(pieces)):
        total += len(piece)
        if total > MAX_TOTAL_BYTES:
            raise TooLarge("the dataset is larger than 2 GB uncompressed", code="dataset_too_large")
        *complete, rest = (rest + piece).split(b"\n")
        for line in complete:
            number += 1
            yield line.removesuffix(b"\r")
        if len(rest) > MAX_LINE_BYTES:
            raise TooLarge(f"line {number + 1} is longer than 4 MB", code="line_too_long", line=number + 1)
    if rest:
        yield rest.removesuffix(b"\r")


def _plain(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The stream, uncompressed when its first bytes are those of gzip, whatever its name says."""
    first = b""
    while len(first) < len(_GZIP_MAGIC) and (piece := next(pieces, None)) is not None:
        first += piece
    if first.startswith(_GZIP_MAGIC):
        yield from _inflate(first, pieces)
    else:
        yield first
        yield from pieces


def _inflate(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    inflater, data = zlib.decompressobj(wbits=31), first
    while True:
        try:
            yield inflater.decompress(data, _PIECE)
        except zlib.error as error:
            raise Invalid("the gzip data is damaged", code="bad_gzip") from error
        data = inflater.unconsumed_tail
        if inflater.eof:  # another member may follow
            data = inflater.unused_data or next(rest, b"")
            if not data:
                return
            inflater = zlib.decompressobj(wbits=31)
        elif not data and not (data := next(rest, b"")):
            raise Invalid("the gzip data ends in the middle", code="bad_gzip")
