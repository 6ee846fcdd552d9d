"""Examples drawn from a leaderboard's dataset: a seeded choice of rows that have an answer, frozen as texts."""

import heapq
from collections.abc import Iterator

from gero import datasets
from gero.datasets import DatasetVersion, Row
from gero.kit import Conflict
from gero.models.bodies import DrawnExamples
from gero.models.recipe import Example, ExamplesFrom

AUTO_COUNT = 8
_MAX_EXAMPLE_BYTES = 20_000  # a longer row would crowd out the question


def drawn(workspace_id: str, wanted: DrawnExamples) -> tuple[tuple[Example, ...], ExamplesFrom]:
    """The examples that a body asks for, in the order of the dataset. Only `count` rows are in memory at a time.

    Conflict when the leaderboard has no dataset version yet, or no row of it can be an example.
    """
    version = version_of(workspace_id, wanted.leaderboard_id, wanted.dataset_version)
    chosen = heapq.nsmallest(wanted.count, _candidates(version, str(wanted.seed)), key=lambda one: one[0])
    if not chosen:
        raise Conflict(
            f"examples: no row of version {version.number} has an expected answer and at most "
            f"{_MAX_EXAMPLE_BYTES:,} bytes; add rows with answers",
            code="no_expected_answer",
        )
    rows = [row for _, _, row in sorted(chosen, key=lambda one: one[1])]
    examples = tuple(Example(row.input, row.expected[0], row.id) for row in rows)
    return examples, ExamplesFrom(wanted.leaderboard_id, version.number, len(examples), wanted.seed)


def version_of(workspace_id: str, leaderboard_id: str, number: int | None) -> DatasetVersion:
    """A version of a leaderboard's dataset; the newest when no number is given. Conflict before the first."""
    if number is not None:
        return datasets.version(workspace_id, leaderboard_id, number)
    latest = datasets.latest_version(workspace_id, leaderboard_id)
    if latest is None:
        raise Conflict(
            "the leaderboard's dataset has no version yet; complete a run, or consolidate pushed rows first",
            code="no_dataset_version",
        )
    return latest


def _candidates(version: DatasetVersion, seed: str) -> Iterator[tuple[float, int, Row]]:
    for position, line in enumerate(datasets.read(version)):
        if len(line) > 2 * _MAX_EXAMPLE_BYTES:  # metadata may take as much again
            continue
        row = datasets.decode(line)
        if not row.expected or not row.expected[0] or not row.input:
            continue
        if len(row.input.encode()) + len(row.expected[0].encode()) <= _MAX_EXAMPLE_BYTES:
            yield datasets.sampling.key("RANDOM_SHUFFLE", seed, row, position, version.rows), position, row
