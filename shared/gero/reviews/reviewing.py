"""What a reviewer does: ask for the next item, say a verdict, skip, take it back."""

import contextlib
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from gero.kit import Conflict, Unavailable, clock, table
from gero.kit.table import Write
from gero.reviews import items, labelling, pool, race, sealing, verdicts
from gero.reviews import queue as queues
from gero.reviews.items import HOLD, Item, Place
from gero.reviews.pool import Sketch
from gero.reviews.queue import Mode, Outcome, Queue
from gero.reviews.verdicts import Opinion

_TRIES = 12
_STEPS = 100  # of looking for an item, in one call
_LOOK_BACK, _LOOK_AHEAD = 10, 60  # rows of a lane: so many may be held or skipped where people are; or need nobody
_AT_ONCE = 45  # items that need nobody: with their labels and the count, as many writes as a transaction takes


class Shown(msgspec.Struct, frozen=True):
    """An item as a reviewer sees it: nothing tells whose answers they are. `b` is None where one answer is rated."""

    item_id: str
    mode: Mode
    input: str
    expected: tuple[str, ...]
    rubric: str | None
    a: str
    b: str | None
    expires_at: str


class Next(NamedTuple):
    """The next item, or why there is none."""

    shown: Shown | None
    why: str | None


def next_item(queue: Queue, reviewer: str) -> Next:
    """The item that the reviewer holds, or a new one, which is theirs for ten minutes.

    The least compared pair of contenders goes first. What needs nobody is
    noted when its turn comes, so that it counts as often as what people see.
    """
    for _ in range(_STEPS):
        if queue.status == "closed":
            queues.wake(queue)
            return Next(None, f"this review is closed{_ENDS.get(str(queue.end), '')}")
        if shown := _held(queue, reviewer):
            return Next(shown, None)
        alone, found = _ahead(queue, reviewer)
        with contextlib.suppress(Conflict):  # somebody else was faster
            if alone:
                _note(queue, alone)
            elif found:
                return Next(_take(queue, reviewer, *found), None)
        queue = race.settle(_again(queue))
        if not alone and not found and queue.status == "open":
            return Next(None, "nothing is left for you; others hold, or have still to review, what remains")
    raise Unavailable("the next item is not found yet; ask again")


_ENDS = {
    "winner": ": a winner is certain",
    "tie": ": the best are equally good",
    "reviewed": ": everything was reviewed",
    "closed": " by a person",
    "ended": ", as its run has ended",
}


def give(queue: Queue, item_id: str, reviewer: str, opinion: Opinion) -> Queue:
    """Note what the reviewer says of an item that they hold; the same again changes nothing.

    Another verdict within the reservation replaces theirs. Conflict when the queue is closed, or the item is not theirs
    (any more). Returns the queue as it is then, closed when this decided it.
    """
    place = items.unsealed(queue, item_id)
    flipped = _flipped(queue, place, reviewer)
    outcome = verdicts.outcome_of(queue, opinion, flipped)
    for _ in range(_TRIES):
        _check_open(queue)
        before = items.get(queue, place)
        after = verdicts.given(queue, before, reviewer, outcome, opinion)
        if after is None or _changed(queue, place, before, after, reviewer):
            return race.settle(_again(queue))
        queue = _again(queue)
    raise Unavailable("many people review at this moment; send it again")


def take_back(queue: Queue, item_id: str, reviewer: str) -> Shown:
    """Undo the reviewer's vote or skip; the item is theirs again for ten minutes. Conflict when there is none."""
    place = items.unsealed(queue, item_id)
    until = clock.iso(clock.now() + HOLD)
    for _ in range(_TRIES):
        _check_open(queue)
        before = items.get(queue, place)
        if reviewer not in before.votes and reviewer not in before.skips:
            if reviewer in before.holds:
                return _shown(queue, place, reviewer, before.holds[reviewer])
            raise Conflict("you have not reviewed this item, so there is nothing to undo", code="not_reviewed")
        cleared = before.without(reviewer)
        if not cleared.free_for(reviewer, queue.reviewers_per_item):
            raise Conflict("somebody else reviews this item meanwhile, since you skipped it", code="item_taken")
        if _changed(
            queue, place, before, cleared.held(reviewer, until), reviewer, _pointing(queue, reviewer, place, until)
        ):
            return _shown(queue, place, reviewer, until)
        queue = _again(queue)
    raise Unavailable("many people review at this moment; send it again")


def _again(queue: Queue) -> Queue:
    found = queues.find(queue.workspace_id, queue.run_id)
    if found is None:
        raise Conflict("this review is gone; the leaderboard was deleted", code="review_closed")
    return found


def _check_open(queue: Queue) -> None:
    if queue.status == "closed":
        raise Conflict("this review is closed, so verdicts count no more", code="review_closed")


def _held(queue: Queue, reviewer: str) -> Shown | None:
    pointer = table.get(queues.partition(queue.workspace_id, queue.run_id), _pointer_key(reviewer), consistent=True)
    if pointer is None or pointer["until"] <= clock.iso():
        return None
    place = items.unsealed(queue, pointer["item_id"])
    until = items.get(queue, place).holds.get(reviewer)
    return _shown(queue, place, reviewer, until) if until and until > clock.iso() else None


class _Alone(NamedTuple):
    place: Place
    before: Item
    row: Sketch
    outcome: Outcome


def _ahead(queue: Queue, reviewer: str) -> tuple[list[_Alone], tuple[Place, Item] | None]:
    """What comes next for a reviewer: items of a lane that need nobody, or else one that needs them."""
    rows = pool.sketches(queue.workspace_id, queue.leaderboard_id, queue.run_id)
    alone: dict[Place, _Alone] = {}
    for place, item in _free(queue, reviewer):
        lane = next(iter(alone), place).lane
        outcome = items.automatic(queue, place.lane, rows[place.row])
        if alone and (outcome is None or place.lane != lane or len(alone) == _AT_ONCE):
            break
        if outcome is None:
            return [], (place, item)
        alone[place] = _Alone(place, item, rows[place.row], outcome)
    return list(alone.values()), None


def _note(queue: Queue, alone: list[_Alone]) -> None:
    """Note how items come out that need nobody, with their labels. Conflict when somebody else was faster."""
    counts: Counter[str] = Counter()
    writes = []
    for place, before, row, outcome in alone:
        after = msgspec.structs.replace(before, automatic=outcome)
        counts.update(items.counted(queue, place.lane, before, after))
        writes += [items.writing(queue, place, after), *labelling.automatic_writes(queue, place, row, outcome)]
    table.transact([*writes, queues.counting(queue, counts)])


def _take(queue: Queue, reviewer: str, place: Place, before: Item) -> Shown:
    """Reserve an item. Conflict when somebody else was faster."""
    until = clock.iso(clock.now() + HOLD)
    held = items.writing(queue, place, before.held(reviewer, until))
    table.transact([held, _pointing(queue, reviewer, place, until)])
    return _shown(queue, place, reviewer, until)


def _free(queue: Queue, reviewer: str) -> Iterator[tuple[Place, Item]]:
    """What the reviewer may have: the least compared lane first, and in each the rows where most people are by now;
    those that were left behind come after them.
    """
    for lane in race.by_need(queue):
        reached = max(0, queue.reviewed(lane) - _LOOK_BACK)
        for start, stop in ((reached, min(reached + _LOOK_AHEAD, queue.rows)), (0, queue.rows)):
            known = items.of_lane(queue, lane, start, stop)
            for row in range(start, stop):
                item = known.get(row, Item())
                if item.free_for(reviewer, queue.reviewers_per_item):
                    yield Place(lane, row), item


def _pointing(queue: Queue, reviewer: str, place: Place, until: str) -> Write:
    """The write that remembers which item a reviewer holds."""
    key = {"pk": queues.partition(queue.workspace_id, queue.run_id), "sk": _pointer_key(reviewer)}
    return Write({**key, "item_id": place.sealed(queue), "until": until})


def _pointer_key(reviewer: str) -> str:
    return f"REVIEWER#{reviewer}"


def _changed(queue: Queue, place: Place, before: Item, after: Item, reviewer: str, *also: Write) -> bool:
    """Store an item with what it changes elsewhere, all or nothing; False when somebody else was faster."""
    counts = items.counted(queue, place.lane, before, after)
    writes = [
        items.writing(queue, place, after),
        queues.counting(queue, counts or {"n_votes": 0}),
        *labelling.writes(queue, place, _sketch(queue, place), reviewer, after.votes.get(reviewer)),
        *also,
    ]
    try:
        table.transact(writes)
    except Conflict:
        return False
    return True


def _sketch(queue: Queue, place: Place) -> Sketch:
    return pool.sketches(queue.workspace_id, queue.leaderboard_id, queue.run_id)[place.row]


def _flipped(queue: Queue, place: Place, reviewer: str) -> bool:
    """Whether the reviewer sees the second contender as A."""
    return queue.mode == "pairwise" and sealing.coin(queue.secret, f"{place.sk} {reviewer}")


def _shown(queue: Queue, place: Place, reviewer: str, until: str) -> Shown:
    row = pool.load(queue.workspace_id, queue.leaderboard_id, queue.run_id, place.row)
    sides = [row.answers[one].text for one in place.lane]
    if _flipped(queue, place, reviewer):
        sides.reverse()
    second = sides[1] if queue.mode == "pairwise" else None
    return Shown(place.sealed(queue), queue.mode, row.input, row.expected, row.rubric, sides[0], second, until)
