"""A file behind a signed link of the storage. No token is sent along: the link itself is the permission."""

import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

import httpx

from gero.cli.failure import Failure
from gero.cli.settings import is_loopback

_AGAIN: Final = "run the command again for a new link"
_GZIP: Final = 31  # zlib's way of saying: with the head and the checksum of gzip


class Download:
    """The bytes of an open answer as they are stored; `size` and `position` are in bytes."""

    def __init__(self, response: httpx.Response) -> None:
        self._response = response
        length = response.headers.get("Content-Length", "")
        self.size = int(length) if length.isdecimal() else None

    @property
    def position(self) -> int:
        """How far it was read."""
        return self._response.num_bytes_downloaded

    def __iter__(self) -> Iterator[bytes]:
        """The pieces, in order."""
        yield from self._response.iter_raw()

    def unzipped(self) -> Iterator[bytes]:
        """The pieces of what gzip compressed; Failure when that is damaged or ends in the middle."""
        stream = zlib.decompressobj(_GZIP)
        try:
            for piece in self:
                rest = piece
                while rest:
                    if stream.eof:  # another file of gzip may follow the first
                        stream = zlib.decompressobj(_GZIP)
                    yield stream.decompress(rest)
                    rest = stream.unused_data
        except zlib.error as error:
            raise Failure(f"the download is damaged: {error}; {_AGAIN}") from error
        if not stream.eof:
            raise Failure(f"the download ends in the middle; {_AGAIN}")


@contextmanager
def download(url: str) -> Iterator[Download]:
    """Open a signed link; Failure when the storage refuses or breaks off."""
    timeout = httpx.Timeout(60, connect=5)
    try:
        with httpx.stream("GET", url, timeout=timeout, trust_env=not is_loopback(url)) as response:
            if response.status_code != httpx.codes.OK:
                answered = f"{response.status_code} {response.reason_phrase}".rstrip()
                raise Failure(f"the storage answered {answered}; {_AGAIN}")
            yield Download(response)
    except httpx.HTTPError as error:
        raise Failure(f"the download broke off: {str(error) or type(error).__name__}; {_AGAIN}") from error


def target(output: str | None, filename: str) -> Path:
    """Where a file goes: `output`, or into that folder. What the API calls it never leads elsewhere."""
    name = Path(filename).name
    wanted = Path(output or name)
    return wanted / name if wanted.is_dir() else wanted


@contextmanager
def complete_or_absent(target: Path) -> Iterator[BinaryIO]:
    """A file that takes its name when all is written; Failure when it cannot be."""
    part = target.with_name(f"{target.name}.part")
    try:
        with part.open("wb") as file:
            yield file
        part.replace(target)
    except OSError as error:
        raise Failure(f"{target} cannot be written: {error.strerror or error}") from error
    finally:
        part.unlink(missing_ok=True)
