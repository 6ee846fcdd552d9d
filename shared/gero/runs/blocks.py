"""From a dataset version to a run's blocks: a seeded random order, so that any first part is a random sample."""

import tempfile
from array import array
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import IO, NamedTuple

from gero import datasets
from gero.datasets import Algorithm, DatasetVersion, Row
from gero.evaluation import plan as plans
from gero.kit import Invalid

_WRITERS = 16


class Written(NamedTuple):
    """The blocks that were stored: their rows, and the place of each one's first row in the seeded order (64 bits)."""

    block_rows: tuple[int, ...]
    starts: tuple[int, ...]
    duplicates: int
    """Rows that were left out, for they ask what a row before them asks: both are one piece of evidence."""
    answered: float
    """The share of the version's rows that have an accepted answer."""

    @property
    def rows(self) -> int:
        """How many rows were taken."""
        return sum(self.block_rows)


class Selection(NamedTuple):
    """Which rows: at most `limit`, those that `algorithm` draws, in the order of `seed`.

    `draw`: the seed of the drawing where that is another one. `without`: digests (`datasets.input_digest`) of rows to
    leave out, as a candidate has seen their answers.
    """

    seed: str
    limit: int | None = None
    algorithm: Algorithm = "RANDOM_SHUFFLE"
    without: Collection[bytes] = ()
    need_expected: bool = True
    draw: str | None = None

    def key(self, row: Row, position: int, count: int) -> float:
        """The sampling key of a row at `position` of `count`; smaller ones are taken."""
        draw = self.draw or self.seed
        if self.algorithm == "RANDOM_SHUFFLE":  # by what it asks, as the order is: then a sample is its first part
            return float(plans.place(draw, row.input))
        return datasets.sampling.key(self.algorithm, draw, row, position, count)


def write(
    version: DatasetVersion, prefix: str, layout: Callable[[int], Sequence[int]], selection: Selection
) -> Written:
    """Store the version's rows as blocks under a run's prefix; `layout(rows)` says how many rows each block gets.

    Rows lie in a temporary file; in memory there are some 200 bytes of each while they are put in order. Invalid when
    a row has no expected answer and the selection needs one.
    """
    with tempfile.TemporaryFile() as file:
        rows = _copy(version, file, selection)
        chosen = _chosen(rows, selection.limit)
        block_rows, starts = tuple(layout(len(chosen))), []
        with ThreadPoolExecutor(_WRITERS) as writers:
            writing, start = [], 0
            for block, size in enumerate(block_rows):
                lines = [_line(file, rows.ends, position) for position in chosen[start : start + size]]
                starts.append(rows.order[chosen[start]])
                start += size
                writing.append(writers.submit(plans.save_block, prefix, block, lines))
                if len(writing) >= _WRITERS:  # so that few blocks are in memory
                    writing.pop(0).result()
            for one in writing:
                one.result()
    return Written(block_rows, tuple(starts), rows.duplicates, rows.answered / max(1, len(rows.ends)))


class _Rows(NamedTuple):
    """Of every row, by position: where its line ends in the file, its place in the random order, its sampling key."""

    ends: "array[int]"
    order: "array[int]"
    keys: "array[float]"
    duplicates: int = 0
    answered: int = 0


def _copy(version: DatasetVersion, file: IO[bytes], selection: Selection) -> _Rows:
    end, rows = 0, _Rows(array("Q"), array("Q"), array("d"))
    asked: set[int] = set()
    duplicates = answered = 0
    for position, line in enumerate(datasets.read(version)):
        row = datasets.decode(line)
        digest = datasets.input_digest(row.input)
        if digest in selection.without:
            continue
        number = int.from_bytes(digest, "big")
        if number in asked:
            duplicates += 1
            continue
        asked.add(number)
        if selection.need_expected and not row.expected:
            raise Invalid(
                f"row {row.id!r} has no expected answer, which exact evaluation needs; add one of expected, output, "
                "response, completion, answer to every row",
                code="no_expected_answer",
            )
        answered += bool(row.expected)
        file.write(line)
        end += len(line)
        rows.ends.append(end)
        rows.order.append(plans.place(selection.seed, row.input))
        rows.keys.append(selection.key(row, position, version.rows))
    return rows._replace(duplicates=duplicates, answered=answered)


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
