"""The rows that a run would take, as far as they are known before it: how many, and how long their texts are."""

from collections.abc import Iterable
from statistics import fmean

import msgspec

from gero import access, datasets
from gero.datasets import DatasetVersion, Row, pending
from gero.kit import Conflict
from gero.leaderboards import planning
from gero.leaderboards.leaderboard import Leaderboard

_PAGES, _PAGE_ROWS = 4, 50
_BATCHES = 5
_ASSUMED_INPUT_BYTES = 1000.0


class Sample(msgspec.Struct, frozen=True):
    """`rows` of the data, of which some were read; lengths are means in bytes of UTF-8.

    `expected_bytes` is 0 where no row has an expected answer. `about`: the number of rows is estimated. `source` tells
    people what it is.
    """

    rows: int
    source: str
    version: int | None = None
    about: bool = False
    rows_read: int = 0
    input_bytes: float = _ASSUMED_INPUT_BYTES
    expected_bytes: float = 0.0
    rubric_bytes: float = 0.0


def sample(leaderboard: Leaderboard, number: int | None) -> Sample:
    """Rows of version `number`, or of the newest data. Rows that were never read are looked at where they are.

    Invalid when there is no such version; Conflict when there is nothing to look at yet.
    """
    pinned = planning.pinned_version(leaderboard, number)
    version = pinned or datasets.latest_version(leaderboard.workspace_id, leaderboard.id)
    if version and (pinned or leaderboard.dataset_type == "GET"):
        return _measured(version.rows, f"version {version.number} of the dataset", _spread(version), version.number)
    return _pushed(leaderboard, version) if leaderboard.dataset_type == "PUSH" else _upstream(leaderboard)


def _spread(version: DatasetVersion) -> list[Row]:
    """Some rows from all over a version; pages are read where they lie, not the whole."""
    step = max(_PAGE_ROWS, version.rows // _PAGES)
    starts = range(0, version.rows, step)[:_PAGES]
    return [datasets.decode(line) for start in starts for line in datasets.page(version, start, _PAGE_ROWS)]


def _pushed(leaderboard: Leaderboard, version: DatasetVersion | None) -> Sample:
    gathered = datasets.intake.read(leaderboard.workspace_id, leaderboard.id).gathered_rows
    rows = min(gathered, leaderboard.max_samples_to_gather)
    if not rows:
        raise Conflict("the dataset has no rows yet; push some first", code="empty_dataset")
    if version and version.rows:
        waiting = "" if version.rows == rows else " and the rows that wait"
        source = f"version {version.number} of the dataset{waiting}"
        return _measured(rows, source, _spread(version), version.number, about=bool(waiting))
    return _measured(rows, "the rows that wait", _first_pushed(leaderboard), about=True)


def _first_pushed(leaderboard: Leaderboard) -> list[Row]:
    try:
        batches = pending.waiting(leaderboard.workspace_id, leaderboard.id, limit=_BATCHES)
        return [datasets.decode(line) for batch in batches for line in batch.lines()[:_PAGE_ROWS]]
    except Conflict:  # a consolidation took them meanwhile
        return []


def _upstream(leaderboard: Leaderboard) -> Sample:
    token = access.integrations.token_of(leaderboard.workspace_id, "huggingface")
    look = datasets.look_at(str(leaderboard.dataset_url), mapping=leaderboard.field_mapping, token=token)
    if not look.rows:
        told = look.errors[0]["error"] if look.errors else "it has no rows"
        raise Conflict(f"the dataset cannot be used: {told}", code="dataset_unusable")
    rows, source = look.rows, "the file as it is now"
    if not look.complete:
        source = f"the first {look.lines_read:,} lines of the file"
        if look.size_bytes and not look.compressed:
            rows = max(rows, round(look.rows * look.size_bytes / look.bytes_read))
        else:
            source += ", of which nobody tells how many more there are: it may be a multiple"
    return _measured(rows, source, look.first_rows, about=not look.complete)


def _measured(
    rows: int, source: str, found: Iterable[Row], version: int | None = None, *, about: bool = False
) -> Sample:
    read = list(found)
    if not read:
        return Sample(rows, source, version, about)
    answered = [row for row in read if row.expected]
    return Sample(
        rows=rows,
        source=source,
        version=version,
        about=about,
        rows_read=len(read),
        input_bytes=fmean(len(row.input.encode()) for row in read),
        expected_bytes=fmean(len(row.expected[0].encode()) for row in answered) if answered else 0.0,
        rubric_bytes=fmean(len((row.rubric or "").encode()) for row in read),
    )
