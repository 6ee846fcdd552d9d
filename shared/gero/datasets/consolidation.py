"""From waiting rows to a new version. Nothing is lost or doubled when consolidations, pushes and crashes meet.

The version, its counters and the end of the batches it holds are one transaction; of very many batches, the newest are
taken away after it, the oldest of them first. Who comes between finds some waiting still, and merges them once more
with the same result: a batch puts rows in the place of those with their ids, and what is left after a crash are always
the newest batches. (Only WEIGHTED_SHUFFLE may then choose other rows, since it looks at their places.)
"""

import contextlib
import hashlib
import sqlite3
from array import array
from collections.abc import Callable, Iterator
from datetime import timedelta

import msgspec

from gero.datasets import intake, pending, rows, sampling, versions
from gero.datasets.intake import PushRules
from gero.datasets.pending import PendingBatch
from gero.datasets.rows import Row
from gero.datasets.versions import DatasetVersion
from gero.kit import Conflict, Unavailable, blobs, log, queues, settings, table

_TRIES = 10
_LEASE = timedelta(minutes=50)  # longer than all deliveries of a message may take
_RETIRED_AT_ONCE = table.MAX_WRITES - 2  # beside them: the version and the counters
_MERGED_AT_ONCE = 50_000  # batches in memory, of at most 2 KB each
_SCHEMA = """
    PRAGMA journal_mode = OFF;
    PRAGMA synchronous = OFF;
    PRAGMA cache_size = -65536;
    CREATE TABLE held (place INTEGER PRIMARY KEY, id TEXT UNIQUE, content BLOB, line BLOB, batch TEXT);
"""
_ONCE = "CREATE UNIQUE INDEX said ON held (content)"
_SAMPLE = """
    SELECT line, place, batch FROM held WHERE place IN (
        SELECT place FROM (SELECT place, line, row_number() OVER (ORDER BY place) - 1 AS position FROM held)
        ORDER BY sampling_key(line, position) LIMIT ?
    ) ORDER BY place
"""


Entering = Callable[[Iterator[tuple[str, Row]]], None]
"""Takes the rows that enter a version, each with the name of its batch: the same whenever it is consolidated."""


class ConsolidationJob(msgspec.Struct, frozen=True):
    """The message that asks for a consolidation; `run`: start a run afterwards, whatever the leaderboard says."""

    workspace_id: str
    leaderboard_id: str
    run: bool = False

    @classmethod
    def decode(cls, body: str) -> "ConsolidationJob":
        """The message of a queue's record."""
        return msgspec.json.decode(body, type=cls)


def consolidate(
    workspace_id: str, leaderboard_id: str, rules: PushRules, entering: Entering | None = None
) -> DatasetVersion | None:
    """Make waiting rows part of a new version and return the newest; None when there is nothing at all.

    A pushed row replaces the one with its id; with `dedupe` also one that says the same under another id. When there
    are more than `max_rows`, the algorithm chooses, seeded by the leaderboard. NotFound when the leaderboard is gone.
    `entering` is given the pushed rows of a new version just before it is there; again when that has to be repeated.
    """
    conflicts = 0
    while conflicts < _TRIES:
        # In this order: a batch that is listed is no older than what the version holds of its rows.
        latest = versions.latest_version(workspace_id, leaderboard_id)
        waiting = pending.waiting(workspace_id, leaderboard_id, _MERGED_AT_ONCE)
        if waiting:
            try:
                latest = _merged(workspace_id, leaderboard_id, latest, waiting, rules, entering)
            except Conflict:  # another consolidation was faster, or the leaderboard is deleted
                intake.read(workspace_id, leaderboard_id)
                conflicts += 1
                continue
        if len(waiting) < _MERGED_AT_ONCE:
            intake.reschedule(workspace_id, leaderboard_id, rules)
            # Nothing waits, perhaps because another consolidation has just made a version of it.
            return latest if waiting else versions.latest_version(workspace_id, leaderboard_id)
    raise Unavailable("the dataset is being consolidated by others; try again")


def request(workspace_id: str, leaderboard_id: str, *, run: bool = False) -> None:
    """Ask for a consolidation as soon as possible."""
    job = ConsolidationJob(workspace_id, leaderboard_id, run)
    queues.send(settings.required("GERO_CONSOLIDATION_QUEUE_URL"), [msgspec.json.encode(job).decode()])


def send_due_consolidations(limit: int = 100) -> int:
    """Ask for the consolidations whose time has come; returns how many. Each is claimed, so two ticks ask once."""
    sent = 0
    for owner in intake.claim_due(_LEASE, limit):
        try:
            request(*owner)
            sent += 1
        except Exception as error:  # noqa: BLE001  one dataset's trouble must not keep the others waiting
            log.failure("consolidation.not_sent", error, leaderboard_id=owner[1])
    return sent


def _merged(
    workspace_id: str,
    leaderboard_id: str,
    latest: DatasetVersion | None,
    waiting: list[PendingBatch],
    rules: PushRules,
    entering: Entering | None,
) -> DatasetVersion:
    with contextlib.closing(_Merge(rules, leaderboard_id)) as merge:
        if latest:
            merge.put(versions.read(latest))
        for batch in waiting:
            merge.remove(batch.removed)
            merge.put(batch.lines(), batch.name)
        with versions.drafted(merge.kept()) as draft:
            first, rest = waiting[:_RETIRED_AT_ONCE], waiting[_RETIRED_AT_ONCE:]
            number, before = (latest.number, latest.rows) if latest else (0, 0)
            growth = draft.rows - before
            is_new = latest is None or latest.sha256 != draft.sha256
            counted = intake.merged(workspace_id, leaderboard_id, *_sizes(first), growth, number, number + is_new)
            ended = [counted, *(batch.deletion() for batch in first)]
            if latest is None or is_new:
                if entering:
                    entering(merge.entered())
                source = {"kind": "push", "batches": len(waiting), "rows": _sizes(waiting)[0]}
                latest = versions.publish(workspace_id, leaderboard_id, draft, number + 1, source, ended)
            else:
                table.transact(ended)
    _retire(workspace_id, leaderboard_id, rest)
    blobs.delete_many([batch.key for batch in waiting if batch.key])
    return latest


def _retire(workspace_id: str, leaderboard_id: str, batches: list[PendingBatch]) -> None:
    for start in range(0, len(batches), _RETIRED_AT_ONCE):
        chunk = batches[start : start + _RETIRED_AT_ONCE]
        try:
            _take_away(workspace_id, leaderboard_id, chunk)
        except Conflict:  # another consolidation has taken some of them
            for batch in chunk:
                with contextlib.suppress(Conflict):
                    _take_away(workspace_id, leaderboard_id, [batch])


def _take_away(workspace_id: str, leaderboard_id: str, batches: list[PendingBatch]) -> None:
    counted = intake.returning(workspace_id, leaderboard_id, *_sizes(batches))
    table.transact([counted, *(batch.deletion() for batch in batches)])


def _sizes(batches: list[PendingBatch]) -> tuple[int, int]:
    """Rows and batches."""
    return sum(batch.count for batch in batches), len(batches)


class _Merge:
    """Rows in a temporary SQLite file, so that memory does not grow with them; the order is that of arrival."""

    def __init__(self, rules: PushRules, seed: str) -> None:
        self._rules = rules
        self._seed = seed
        self._entered = array("q")
        self._held = sqlite3.connect("", isolation_level=None)
        self._held.executescript(_SCHEMA + (_ONCE if rules.dedupe else ""))
        self._held.execute("BEGIN")  # one transaction: by itself each row would write its pages

    def close(self) -> None:
        self._held.close()

    def put(self, lines: Iterator[bytes] | list[bytes], batch: str | None = None) -> None:
        """Add rows behind the others; REPLACE takes out whatever has their id, or says the same."""
        found = ((row.id, _said(row), line, batch) for row, line in ((rows.decode(line), line) for line in lines))
        self._held.executemany("INSERT OR REPLACE INTO held (id, content, line, batch) VALUES (?, ?, ?, ?)", found)

    def remove(self, row_ids: list[str]) -> None:
        self._held.executemany("DELETE FROM held WHERE id = ?", [(row_id,) for row_id in row_ids])

    def kept(self) -> Iterator[Row]:
        """The rows that stay, in order."""
        count = self._held.execute("SELECT count(*) FROM held").fetchone()[0]
        if not self._rules.limits_size or count <= self._rules.max_rows:
            found = self._held.execute("SELECT line, place, batch FROM held ORDER BY place")
        else:

            def key(line: bytes, position: int) -> float:
                return sampling.key(self._rules.algorithm, self._seed, rows.decode(line), position, count)

            self._held.create_function("sampling_key", 2, key, deterministic=True)
            found = self._held.execute(_SAMPLE, (self._rules.max_rows,))
        for line, place, batch in found:
            if batch:
                self._entered.append(place)
            yield rows.decode(line)

    def entered(self) -> Iterator[tuple[str, Row]]:
        """The rows that were pushed, of those that `kept` has given, with the names of their batches."""
        for place in self._entered:
            found = self._held.execute("SELECT batch, line FROM held WHERE place = ?", (place,)).fetchone()
            yield found[0], rows.decode(found[1])


def _said(row: Row) -> bytes:
    return hashlib.blake2b(msgspec.json.encode([row.input, row.expected]), digest_size=16).digest()
