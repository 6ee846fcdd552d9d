"""From a dataset version to a run's blocks: a seeded random order, so that any first part is a random sample."""

import hashlib
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import IO

from gero import datasets
from gero.datasets import DatasetVersion
from gero.evaluation import plan as plans
from gero.kit import Invalid

_WRITERS = 16


def write(version: DatasetVersion, prefix: str, *, seed: str, rows_per_block: int, limit: int | None) -> int:
    """Store the version's rows as blocks under a run's prefix; returns how many rows were taken.

    Rows lie in a temporary file while only their order is in memory. Invalid when a row has no expected answer.
    """
    with tempfile.TemporaryFile() as file:
        places = sorted(_copy(version, file, seed))[:limit]
        with ThreadPoolExecutor(_WRITERS) as writers:
            writing = []
            for block, start in enumerate(range(0, len(places), rows_per_block)):
                chosen = places[start : start + rows_per_block]
                lines = [_line(file, offset, length) for _, offset, length in chosen]
                writing.append(writers.submit(plans.save_block, prefix, block, lines))
                if len(writing) >= _WRITERS:  # so that few blocks are in memory
                    writing.pop(0).result()
            for one in writing:
                one.result()
    return len(places)


def _copy(version: DatasetVersion, file: IO[bytes], seed: str) -> Iterator[tuple[bytes, int, int]]:
    offset = 0
    for line in datasets.read(version):
        row = datasets.decode(line)
        if not row.expected:
            raise Invalid(
                f"row {row.id!r} has no expected answer, which exact evaluation needs; add one of expected, output, "
                "response, completion, answer to every row",
                code="no_expected_answer",
            )
        file.write(line)
        yield hashlib.blake2b(f"{seed}\0{row.id}".encode(), digest_size=8).digest(), offset, len(line)
        offset += len(line)


def _line(file: IO[bytes], offset: int, length: int) -> bytes:
    file.seek(offset)
    return file.read(length)
