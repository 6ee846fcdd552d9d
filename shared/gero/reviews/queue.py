"""A review queue: what a run put up for people, and how often each pair was decided. One item in the run's partition.

A leaderboard has one queue at a time, that of the newest run that opened one. Its items lie in lanes: a pair of
contenders (`first` < `second`, places in `contenders`), or one contender (both places equal) where answers are rated.
"""

import contextlib
from collections.abc import Mapping
from itertools import combinations
from typing import Any, Literal, NamedTuple

import msgspec

from gero import runs
from gero.kit import Conflict, NotFound, clock, conditions, table, workflows
from gero.kit.table import Changes, Write
from gero.ranking import RaceState

Mode = Literal["pairwise", "rating"]
Outcome = Literal["first", "second", "tie", "rated"]
End = Literal["winner", "tie", "reviewed", "closed", "ended"]
"""Certified winner or tie; everything reviewed; closed by a person; the run that waited ended without it."""
OUTCOMES: Mapping[Mode, tuple[Outcome, ...]] = {"pairwise": ("first", "second", "tie"), "rating": ("rated",)}


class ReviewSettings(msgspec.Struct, frozen=True):
    """How people review: a leaderboard's setting `human`."""

    mode: Mode = "pairwise"
    rows: int = 100
    reviewers_per_item: int = 1


class Lane(NamedTuple):
    """Whose answers are compared, or (both alike) rated: places in `Queue.contenders`."""

    first: int
    second: int

    @property
    def key(self) -> str:
        """Its name in sort keys."""
        return f"{self.first:03}-{self.second:03}"

    def counter(self, outcome: Outcome) -> str:
        """The queue's attribute that counts its reviewed items of an outcome."""
        return f"n_{self.first}_{self.second}_{outcome}"


class Queue(msgspec.Struct, frozen=True, omit_defaults=True):
    """A queue as stored. `counts`: of items by `Lane.counter`, and `n_votes`, `n_skips`, `n_automatic`."""

    workspace_id: str
    leaderboard_id: str
    run_id: str
    mode: Mode
    rows: int
    reviewers_per_item: int
    contenders: tuple[str, ...]
    secret: bytes
    opened_at: str
    waits: bool = False
    """Whether the run waits for it."""
    judge: str | None = None
    capacity: int = 0
    """How many labels of its judge it can give: pairs of answers whose scores the judge told."""
    status: Literal["open", "closed"] = "open"
    end: End | None = None
    closed_at: str | None = None
    task_token: str | None = None
    """There while the run has not been told that the queue is closed."""
    checked: int = 0
    """After how many reviewed items the race was looked at last."""
    race: RaceState | None = None
    """Who cannot be the best any more, as it was looked at last."""
    counts: dict[str, int] = {}

    @property
    def lanes(self) -> tuple[Lane, ...]:
        """The lanes that are still worth a person's time."""
        return _lanes(self, self.race.active if self.race else self.contenders)

    @property
    def all_lanes(self) -> tuple[Lane, ...]:
        """Those of dropped contenders too."""
        return _lanes(self, self.contenders)

    def count(self, lane: Lane, outcome: Outcome) -> int:
        """How many items of a lane came out so."""
        return self.counts.get(lane.counter(outcome), 0)

    def reviewed(self, lane: Lane) -> int:
        """How many items of a lane are done."""
        return sum(self.count(lane, outcome) for outcome in OUTCOMES[self.mode])

    @property
    def exhausted(self) -> bool:
        """Whether nothing is left to review."""
        return all(self.reviewed(lane) >= self.rows for lane in self.lanes)


def _lanes(queue: Queue, active: tuple[str, ...]) -> tuple[Lane, ...]:
    places = [place for place, one in enumerate(queue.contenders) if one in active]
    pairs = combinations(places, 2) if queue.mode == "pairwise" else ((place, place) for place in places)
    return tuple(Lane(*pair) for pair in pairs)


_FIXED = (
    *("workspace_id", "leaderboard_id", "run_id", "mode", "rows", "reviewers_per_item"),
    *("contenders", "secret", "opened_at", "waits", "judge", "capacity"),
)
_KEY = "REVIEW"


def partition(workspace_id: str, run_id: str) -> str:
    """Where a queue and its items lie: with the run's progress."""
    return f"WS#{workspace_id}#RUN#{run_id}"


def current(workspace_id: str, leaderboard_id: str) -> Queue:
    """The leaderboard's queue, closed when the run that waited has ended. NotFound when no run has opened one."""
    found = _newest(workspace_id, leaderboard_id)
    if found is None:
        raise NotFound("there is nothing to review yet; a run of a leaderboard with human evaluation brings it")
    if found.waits and found.status == "open" and not runs.get(workspace_id, leaderboard_id, found.run_id).active:
        return close(found, "ended")
    return wake(found)


def capacity(workspace_id: str, leaderboard_id: str) -> int:
    """How many labels of its judge the leaderboard's queue can give in all, those that it has given among them; 0
    without one. More cannot be asked of people before the next run.
    """
    found = _newest(workspace_id, leaderboard_id)
    return found.capacity if found else 0


def _newest(workspace_id: str, leaderboard_id: str) -> Queue | None:
    pointer = table.get(f"WS#{workspace_id}#LB#{leaderboard_id}", _KEY, consistent=True)
    return stored(workspace_id, pointer["run_id"]) if pointer else None


def find(workspace_id: str, run_id: str) -> Queue | None:
    """The queue that a run opened, as it is now. A closed one tells the run that waits, should that have failed."""
    found = stored(workspace_id, run_id)
    return wake(found) if found else None


def stored(workspace_id: str, run_id: str) -> Queue | None:
    """As `find`, without telling anybody."""
    item = table.get(partition(workspace_id, run_id), _KEY, consistent=True)
    return _from_item(item) if item else None


def create(queue: Queue) -> Queue:
    """Store a new queue as its leaderboard's, or give the run that has one already this one's task token."""
    fixed = msgspec.json.encode({name: getattr(queue, name) for name in _FIXED}).decode()
    key = {"pk": partition(queue.workspace_id, queue.run_id), "sk": _KEY}
    item: dict[str, Any] = {**key, "doc": fixed, "status": "open", **queue.counts}
    item |= {"task_token": queue.task_token} if queue.task_token else {}
    pointer = {"pk": f"WS#{queue.workspace_id}#LB#{queue.leaderboard_id}", "sk": _KEY, "run_id": queue.run_id}
    try:
        table.transact([Write(item, condition=conditions.absent()), Write(pointer)])
    except Conflict:
        change(queue, Changes(set={"task_token": queue.task_token} if queue.task_token else {}))
    found = stored(queue.workspace_id, queue.run_id)
    assert found is not None
    return found


def change(queue: Queue, changes: Changes, condition: conditions.Condition | None = None) -> None:
    """Change what is not fixed of it. Conflict when the condition does not hold, or it is gone."""
    there = conditions.present() if condition is None else conditions.present() & condition
    if changes.set or changes.add or changes.remove:
        table.update(partition(queue.workspace_id, queue.run_id), _KEY, changes, there)


def counting(queue: Queue, add: Mapping[str, int]) -> Write:
    """The write that counts, provided that the queue is open; for a transaction."""
    key = (partition(queue.workspace_id, queue.run_id), _KEY)
    return Write(key=key, changes=Changes(add=add), condition=conditions.equals("status", "open"))


def close(queue: Queue, end: End) -> Queue:
    """Close it, once, and let the run that waits go on. Harmless when repeated."""
    shut(queue, end)
    found = find(queue.workspace_id, queue.run_id)
    if found is None:
        raise NotFound("this review is gone; the leaderboard was deleted")
    return found


def shut(queue: Queue, end: End) -> None:
    """Close it, once, without telling the run."""
    changes = Changes(set={"status": "closed", "end": end, "closed_at": clock.iso()})
    with contextlib.suppress(Conflict):  # it is closed already
        change(queue, changes, conditions.equals("status", "open"))


def wake(queue: Queue) -> Queue:
    """Tell the run that waits for a closed queue, unless it was told. Harmless when repeated."""
    while queue.status == "closed" and queue.task_token is not None:
        workflows.succeed_task(queue.task_token)
        told = conditions.equals("task_token", queue.task_token)
        try:
            change(queue, Changes(remove=("task_token",)), told)
        except Conflict:  # somebody told it too; or it waits under a newer token by now, and would wait on
            found = stored(queue.workspace_id, queue.run_id)
            if found is None:
                raise NotFound("this review is gone; the leaderboard was deleted") from None
            queue = found
        else:
            queue = msgspec.structs.replace(queue, task_token=None)
    return queue


def _from_item(item: dict[str, Any]) -> Queue:
    document = msgspec.json.decode(item["doc"])
    changing = {name: item[name] for name in ("status", "end", "closed_at", "task_token", "checked") if name in item}
    counts = {name: value for name, value in item.items() if name.startswith("n_")}
    race = msgspec.json.decode(item["race"]) if "race" in item else None
    return msgspec.convert({**document, **changing, "race": race, "counts": counts}, Queue)
