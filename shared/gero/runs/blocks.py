"""From a dataset version to a run's blocks: a seeded random order, so that any first part is a random sample."""

import hashlib
import tempfile
from array import array
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from typing import IO, NamedTuple

from gero import datasets
from gero.datasets import Algorithm, DatasetVersion
from gero.evaluation import plan as plans
from gero.kit import Invalid

_WRITERS = 16


def write(
    version: DatasetVersion,
    prefix: str,
    *,
    seed: str,
    rows_per_block: int,
    limit: int | None,
    algorithm: Algorithm = "RANDOM_SHUFFLE",
    without: Collection[bytes] = (),
) -> int:
    """Store the version's rows as blocks under a run's prefix: at most `limit`, those that `algorithm` chooses.

    `without`: digests (`datasets.input_digest`) of rows to leave out, as a candidate has seen their answers. Returns
    how many rows were taken. Rows lie in a temporary file; in memory there are some 120 bytes of each while they are
    put in order. Invalid when a row has no expected answer.
    """
    with tempfile.TemporaryFile() as file:
        rows = _copy(version, file, seed, algorithm, without)
        chosen = _chosen(rows, limit)
        with ThreadPoolExecutor(_WRITERS) as writers:
            writing = []
            for block, start in enumerate(range(0, len(chosen), rows_per_block)):
                lines = [_line(file, rows.ends, position) for position in chosen[start : start + rows_per_block]]
                writing.append(writers.submit(plans.save_block, prefix, block, lines))
                if len(writing) >= _WRITERS:  # so that few blocks are in memory
                    writing.pop(0).result()
            for one in writing:
                one.result()
    return len(chosen)


class _Rows(NamedTuple):
    """Of every row, by position: where its line ends in the file, its place in the random order, its sampling key."""

    ends: "array[int]"
    order: "array[int]"
    keys: "array[float]"


def _copy(
    version: DatasetVersion, file: IO[bytes], seed: str, algorithm: Algorithm, without: Collection[bytes]
) -> _Rows:
    end, rows = 0, _Rows(array("Q"), array("Q"), array("d"))
    for position, line in enumerate(datasets.read(version)):
        row = datasets.decode(line)
        if without and datasets.input_digest(row.input) in without:
            continue
        if not row.expected:
            raise Invalid(
                f"row {row.id!r} has no expected answer, which exact evaluation needs; add one of expected, output, "
                "response, completion, answer to every row",
                code="no_expected_answer",
            )
        file.write(line)
        end += len(line)
        rows.ends.append(end)
        digest = hashlib.blake2b(f"{seed}\0{row.id}".encode(), digest_size=8).digest()
        rows.order.append(int.from_bytes(digest, "big"))
        rows.keys.append(datasets.sampling.key(algorithm, seed, row, position, version.rows))
    return rows


def _chosen(rows: _Rows, limit: int | None) -> list[int]:
    positions = list(range(len(rows.ends)))
    if limit is not None and limit < len(positions):
        positions.sort(key=rows.keys.__getitem__)
        del positions[limit:]
    positions.sort(key=rows.order.__getitem__)
    return positions


def _line(file: IO[bytes], ends: "array[int]", position: int) -> bytes:
    start = ends[position - 1] if position else 0
    file.seek(start)
    return file.read(ends[position] - start)
