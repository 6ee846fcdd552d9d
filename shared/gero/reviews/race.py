"""When a review has told enough: which pair is worth asking next, who cannot win any more, when it ends."""

from collections.abc import Iterator

import msgspec

from gero import ranking
from gero.kit import Conflict, NotFound, conditions
from gero.kit.table import Changes
from gero.ranking import RaceState, VoteCounts
from gero.reviews import queue as queues
from gero.reviews.queue import Lane, Queue

_LOOK_EVERY = 20  # reviewed items: as the error rates of the rule were simulated


def vote_counts(queue: Queue) -> VoteCounts:
    """The reviewed items of all pairs, each once, whoever of several reviewers said what."""
    wins: dict[str, dict[str, int]] = {}
    ties: dict[str, dict[str, int]] = {}
    for lane in queue.all_lanes if queue.mode == "pairwise" else ():
        first, second = queue.contenders[lane.first], queue.contenders[lane.second]
        _put(wins, first, second, queue.count(lane, "first"))
        _put(wins, second, first, queue.count(lane, "second"))
        _put(ties, min(first, second), max(first, second), queue.count(lane, "tie"))
    return VoteCounts(wins, ties)


def by_need(queue: Queue) -> Iterator[Lane]:
    """The lanes with something left, the one that was reviewed least first."""
    left = [lane for lane in queue.lanes if queue.reviewed(lane) < queue.rows]
    if queue.mode == "rating":
        yield from sorted(left, key=lambda lane: (queue.reviewed(lane), lane))
        return
    counts = vote_counts(queue)
    lanes = {_pair(queue, lane): lane for lane in left}
    while pair := ranking.next_pair(counts, queue.contenders, queue.opened_at, lanes.keys()):
        yield lanes.pop(pair)


def settle(queue: Queue) -> Queue:
    """Look at the race if it is time, and close the queue when that is decided or nothing is left. Repeatable.

    Only a queue that a run waits for is raced: labels of a judge are a random sample, which a race would spoil.
    """
    if queue.status == "closed":
        return queues.wake(queue)
    if queue.mode == "pairwise" and queue.waits:
        queue = _raced(queue)
    if queue.race and queue.race.end in ("winner", "tie"):
        return queues.close(queue, "winner" if queue.race.end == "winner" else "tie")
    return queues.close(queue, "reviewed") if queue.exhausted else queue


def wake_closed(workspace_id: str, run_id: str) -> None:
    """Let a run go on whose review is over, should whoever ended it not have come to tell. Harmless when repeated, and
    where there is no review, or it goes on.
    """
    found = queues.stored(workspace_id, run_id)
    if found:
        settle(found)


def _raced(queue: Queue) -> Queue:
    counts = vote_counts(queue)
    if counts.total - queue.checked < _LOOK_EVERY and not queue.exhausted:
        return queue
    state = ranking.vote_race(counts, queue.contenders, queue.race)
    unlooked = conditions.equals("checked", queue.checked) | conditions.absent("checked")
    try:
        queues.change(queue, Changes(set={"race": _text(state), "checked": counts.total}), unlooked)
    except Conflict:  # somebody else looked at it at this moment
        found = queues.find(queue.workspace_id, queue.run_id)
        if found is None:
            raise NotFound("this review is gone; the leaderboard was deleted") from None
        return found
    return msgspec.structs.replace(queue, race=state, checked=counts.total)


def _put(counts: dict[str, dict[str, int]], one: str, other: str, number: int) -> None:
    if number:
        counts.setdefault(one, {})[other] = number


def _pair(queue: Queue, lane: Lane) -> tuple[str, str]:
    first, second = queue.contenders[lane.first], queue.contenders[lane.second]
    return min(first, second), max(first, second)


def _text(state: RaceState) -> str:
    return msgspec.json.encode(state).decode()
