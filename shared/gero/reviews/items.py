"""The items of a queue: who reviews one, who did, and how it came out. One table item each, once somebody has it.

Each is written on the condition that nobody wrote it meanwhile, in one transaction with the queue's counts, so that
counts are exact whoever reviews at the same time.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any, NamedTuple

import msgspec

from gero.kit import Conflict, NotFound, clock, conditions, table
from gero.kit.table import Write
from gero.reviews import sealing
from gero.reviews.pool import Sketch
from gero.reviews.queue import Lane, Outcome, Queue, partition
from gero.traces import SCORE_SCALE

HOLD = timedelta(minutes=10)
WRITERS = 16  # at once
# Reviewers whose skip an item remembers. Anybody may review under any name, and an item must stay small.
_SKIPS = 20


class Place(NamedTuple):
    """Which item: a lane and a row of the pool."""

    lane: Lane
    row: int

    def sealed(self, queue: Queue) -> str:
        """The item's id, which tells nobody whose answers it shows."""
        return sealing.seal(queue.secret, self.lane.first << 48 | self.lane.second << 32 | self.row)

    @property
    def sk(self) -> str:
        """Its sort key."""
        return f"ITEM#{self.lane.key}#{self.row:05}"


class Vote(msgspec.Struct, frozen=True, omit_defaults=True):
    """A reviewer's verdict on an item: `outcome` of the contenders, whatever side they were shown on.

    `rating` in 1 / SCORE_SCALE. `until`: when the reservation ends in which it may be changed.
    """

    outcome: Outcome
    at: str
    until: str
    rating: int | None = None
    comment: str | None = None

    def same(self, other: "Vote | None") -> bool:
        """Whether it says the same."""
        return other is not None and (self.outcome, self.rating) == (other.outcome, other.rating)


class Item(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where an item stands. `holds`: reviewer -> until when it is theirs. `automatic`: it needed nobody."""

    votes: dict[str, Vote] = {}
    holds: dict[str, str] = {}
    skips: tuple[str, ...] = ()
    automatic: Outcome | None = None
    version: int = 0

    def free_for(self, reviewer: str, needed: int) -> bool:
        """Whether the reviewer may have it: it is not done, not theirs already, and not held by as many as it needs."""
        if self.automatic or reviewer in self.votes or reviewer in self.skips:
            return False
        return len(self.votes) + len(self._holders(reviewer)) < needed

    def outcome(self, needed: int) -> Outcome | None:
        """How it came out: what most of its reviewers say, a tie where as many say the opposite. None: not done."""
        if self.automatic:
            return self.automatic
        if len(self.votes) < needed:
            return None
        told = Counter(vote.outcome for vote in self.votes.values())
        if told["rated"]:
            return "rated"
        if told["first"] == told["second"]:
            return "tie"
        return "first" if told["first"] > told["second"] else "second"

    def share(self) -> int | None:
        """What the first contender got, from 0 to SCORE_SCALE: of a pair 1 for a win and 1/2 for a tie, or its rating;
        the mean over reviewers. None when nobody reviewed it.
        """
        if self.automatic:
            return _SHARES[self.automatic]
        given = [vote.rating if vote.rating is not None else _SHARES[vote.outcome] for vote in self.votes.values()]
        return round(sum(given) / len(given)) if given else None

    def held(self, reviewer: str, until: str) -> "Item":
        """The item with a reservation more; those that have run out are forgotten."""
        return msgspec.structs.replace(
            self, holds={one: self.holds[one] for one in self._holders(reviewer)} | {reviewer: until}
        )

    def voted(self, reviewer: str, vote: Vote) -> "Item":
        """The item with the reviewer's vote instead of their reservation."""
        holds = {one: until for one, until in self.holds.items() if one != reviewer}
        return msgspec.structs.replace(self, votes=self.votes | {reviewer: vote}, holds=holds)

    def skipped(self, reviewer: str) -> "Item":
        """The item as one that the reviewer does not want; the oldest of too many skips is forgotten."""
        cleared = self.without(reviewer)
        return msgspec.structs.replace(cleared, skips=(*cleared.skips, reviewer)[-_SKIPS:])

    def without(self, reviewer: str) -> "Item":
        """The item as if the reviewer had never had it."""
        votes = {one: vote for one, vote in self.votes.items() if one != reviewer}
        holds = {one: until for one, until in self.holds.items() if one != reviewer}
        return msgspec.structs.replace(
            self, votes=votes, holds=holds, skips=tuple(one for one in self.skips if one != reviewer)
        )

    def _holders(self, besides: str) -> list[str]:
        now = clock.iso()
        return [one for one, until in self.holds.items() if one != besides and until > now]


_SHARES: Mapping[Outcome, int] = {"first": SCORE_SCALE, "second": 0, "tie": SCORE_SCALE // 2, "rated": 0}


def unsealed(queue: Queue, item_id: str) -> Place:
    """The place of an item. NotFound when the queue has none with that id."""
    number = sealing.unseal(queue.secret, item_id)
    if number is not None:
        place = Place(Lane(number >> 48, number >> 32 & 0xFFFF), number & 0xFFFFFFFF)
        if place.lane in queue.all_lanes and place.row < queue.rows:
            return place
    raise NotFound("there is no such item to review; another run may have replaced it: ask for the next one")


def get(queue: Queue, place: Place) -> Item:
    """The item as it is now."""
    stored = table.get(partition(queue.workspace_id, queue.run_id), place.sk, consistent=True)
    return _decoded(stored) if stored else Item()


def of_lane(queue: Queue, lane: Lane, start: int, stop: int) -> dict[int, Item]:
    """Row -> item, of those of a lane that anybody has had, from row `start` up to, not including, `stop`."""
    own, first = partition(queue.workspace_id, queue.run_id), Place(lane, start).sk
    found = table.query(own, f"ITEM#{lane.key}#", first=first, limit=stop - start)
    known = {int(one["sk"].rsplit("#", 1)[1]): _decoded(one) for one in found}
    return {row: item for row, item in known.items() if row < stop}


def listed(queue: Queue) -> Iterator[tuple[Place, Item]]:
    """Every item that anybody has had, by lane and row."""
    for one in table.query(partition(queue.workspace_id, queue.run_id), "ITEM#"):
        _, lane, row = one["sk"].split("#")
        first, second = lane.split("-")
        yield Place(Lane(int(first), int(second)), int(row)), _decoded(one)


def writing(queue: Queue, place: Place, item: Item) -> Write:
    """The write of an item, unless somebody wrote it since `item` was made of it; for a transaction."""
    newer = msgspec.structs.replace(item, version=item.version + 1)
    stored = {
        "pk": partition(queue.workspace_id, queue.run_id),
        "sk": place.sk,
        "version": newer.version,
        "doc": msgspec.json.encode(newer).decode(),
    }
    condition = conditions.equals("version", item.version) if item.version else conditions.absent()
    return Write(stored, condition=condition)


def put_known(queue: Queue, known: Mapping[Place, Item]) -> dict[str, int]:
    """Store what is known of the items of a queue before it is opened; what the queue has to count of them: of those
    that an earlier try has stored, what they are now.
    """
    counts: Counter[str] = Counter()
    with ThreadPoolExecutor(WRITERS) as writers:
        stored = writers.map(lambda place: _put(queue, place, known[place]), known)
        for place, item in zip(known, stored, strict=True):
            counts.update(counted(queue, place.lane, Item(), item))
    return dict(counts)


def _put(queue: Queue, place: Place, item: Item) -> Item:
    write = writing(queue, place, item)
    assert write.item is not None
    try:
        table.put(write.item, write.condition)
    except Conflict:
        return get(queue, place)
    return item


def counted(queue: Queue, lane: Lane, before: Item, after: Item) -> dict[str, int]:
    """What a change of an item changes of the queue's counts; only what is not 0."""
    needed = queue.reviewers_per_item
    change: Counter[str] = Counter()
    for item, sign in ((before, -1), (after, 1)):
        change["n_votes"] += sign * len(item.votes)
        change["n_skips"] += sign * len(item.skips)
        change["n_automatic"] += sign * bool(item.automatic)
        if outcome := item.outcome(needed):
            change[lane.counter(outcome)] += sign
    return {name: number for name, number in change.items() if number}


def automatic(queue: Queue, lane: Lane, row: Sketch) -> Outcome | None:
    """How an item comes out that needs nobody: a failed answer loses and is rated 0, equal answers tie."""
    first, second = row.answers[lane.first], row.answers[lane.second]
    if queue.mode == "rating":
        return "rated" if first.failed else None
    if first.failed != second.failed:
        return "second" if first.failed else "first"
    return "tie" if first.failed or first.digest == second.digest else None


def _decoded(stored: dict[str, Any]) -> Item:
    return msgspec.json.decode(stored["doc"], type=Item)
