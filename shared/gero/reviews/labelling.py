"""What people said of answers, kept with the leaderboard: it holds for later runs as long as the answers are the same.

A label is one person's verdict on a pair of answers, or on one answer where they are rated, beside what the judge of
the run said of the same. By row, candidates and digests of their answers, so that the same verdict is kept once.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Any

import msgspec

from gero.kit import table
from gero.kit.table import Write
from gero.ranking import LabelSums
from gero.reviews.items import Item, Place, Vote
from gero.reviews.pool import Answer, ReviewRow
from gero.reviews.queue import Lane, Outcome, Queue
from gero.traces import SCORE_SCALE

_HUMAN = {"first": SCORE_SCALE, "second": -SCORE_SCALE, "tie": 0}


class Label(msgspec.Struct, frozen=True, omit_defaults=True):
    """`human`, `judge`: of a pair, first - second; of one answer its score; in 1 / SCORE_SCALE. `question`: a digest of
    what the row asks and accepts.
    """

    row_id: str
    question: str
    candidates: tuple[str, ...]
    digests: tuple[str, ...]
    human: int
    judge: int | None = None
    judge_identity: str | None = None


class Labels(msgspec.Struct, frozen=True):
    """What people and one judge both said: (smaller id, larger id) -> sums over the items of that pair.

    What several people said of an item is one mean.
    """

    pairs: dict[tuple[str, str], LabelSums]

    @property
    def total(self) -> LabelSums:
        """The sums over all pairs: as many as there are items, and how often people and judge agree."""
        return sum(self.pairs.values(), LabelSums())


def labels(workspace_id: str, leaderboard_id: str, judge_identity: str) -> Labels:
    """What people and this judge both said of the leaderboard's answers, in whatever run."""
    found = [one for one in _read(workspace_id, leaderboard_id) if one.judge_identity == judge_identity]
    pairs: defaultdict[tuple[str, str], LabelSums] = defaultdict(LabelSums)
    for ids, human, judge in _differences(found):
        pairs[ids] += LabelSums.of(human, judge)
    return Labels(dict(pairs))


def writes(queue: Queue, place: Place, row: ReviewRow, reviewer: str, vote: Vote | None) -> list[Write]:
    """The writes that keep a reviewer's vote as a label, or forget it without one; for a transaction."""
    ids = tuple(queue.contenders[one] for one in _members(place))
    answers = tuple(row.answers[one] for one in _members(place))
    swapped = ids[0] > ids[-1]
    if swapped:
        ids, answers = ids[::-1], answers[::-1]
    digests = tuple(one.digest for one in answers)
    key = (_partition(queue.workspace_id, queue.leaderboard_id), f"LABEL#{_unit(row.id, ids, digests)}#{reviewer}")
    if vote is None:
        return [Write(key=key)]
    human = vote.rating if vote.rating is not None else _HUMAN[vote.outcome] * (-1 if swapped else 1)
    judge = _judged(answers) if queue.judge else None
    label = Label(row.id, row.digest, ids, digests, human, judge, queue.judge if judge is not None else None)
    return [Write({"pk": key[0], "sk": key[1], "doc": msgspec.json.encode(label).decode()})]


def carry_over(queue: Queue, rows: Sequence[ReviewRow]) -> dict[Place, Item]:
    """What was said before of the answers in a new queue, as its items; held against the queue's judge from now on.

    Only what was said of the same question, with the same answers of the same candidates.
    """
    by_id = {row.id: (number, row) for number, row in enumerate(rows)}
    places = {one: place for place, one in enumerate(queue.contenders)}
    found: dict[Place, Item] = {}
    for stored in _items(queue.workspace_id, queue.leaderboard_id):
        label = msgspec.json.decode(stored["doc"], type=Label)
        number, row = by_id.get(label.row_id, (0, None))
        if row is None or label.question != row.digest or not set(label.candidates) <= places.keys():
            continue
        answers = tuple(row.answers[places[one]] for one in label.candidates)
        if label.digests != tuple(one.digest for one in answers):
            continue
        judge = _judged(answers) if queue.judge else None
        if judge is not None:
            newer = msgspec.structs.replace(label, judge=judge, judge_identity=queue.judge)
            table.put(stored | {"doc": msgspec.json.encode(newer).decode()})
        if (len(label.candidates) == 1) == (queue.mode == "rating"):
            place = Place(Lane(*sorted((places[label.candidates[0]], places[label.candidates[-1]]))), number)
            vote = _vote(label, queue, swapped=places[label.candidates[0]] != place.lane.first)
            found[place] = found.get(place, Item()).voted(stored["sk"].split("#", 2)[2], vote)
    return found


def _vote(label: Label, queue: Queue, *, swapped: bool) -> Vote:
    """A label as a vote that may be undone, but not changed."""
    if queue.mode == "rating":
        return Vote("rated", queue.opened_at, queue.opened_at, label.human)
    human = -label.human if swapped else label.human
    outcome: Outcome = "tie" if not human else "first" if human > 0 else "second"
    return Vote(outcome, queue.opened_at, queue.opened_at)


def _differences(found: list[Label]) -> Iterator[tuple[tuple[str, str], int, int]]:
    """Pair, person's difference, judge's difference of each item, once whoever reviewed it."""
    people: defaultdict[tuple[str, tuple[str, ...], tuple[str, ...]], list[Label]] = defaultdict(list)
    for one in found:
        people[one.row_id, one.candidates, one.digests].append(one)
    rated: defaultdict[str, dict[str, tuple[int, int]]] = defaultdict(dict)
    for (row_id, ids, _), same in people.items():
        human, judge = round(sum(one.human for one in same) / len(same)), same[0].judge
        assert judge is not None
        if len(ids) == 1:
            rated[row_id][ids[0]] = human, judge
        else:
            yield (ids[0], ids[1]), human, judge
    for scores in rated.values():
        for first, second in combinations(sorted(scores), 2):
            (human, judge), (other_human, other_judge) = scores[first], scores[second]
            yield (first, second), human - other_human, judge - other_judge


def _judged(answers: tuple[Answer, ...]) -> int | None:
    scores = [one.score for one in answers]
    if None in scores:
        return None
    known = [score for score in scores if score is not None]
    return known[0] if len(known) == 1 else known[0] - known[1]


def _members(place: Place) -> tuple[int, ...]:
    return place.lane if place.lane.first != place.lane.second else (place.lane.first,)


def _unit(row_id: str, ids: tuple[str, ...], digests: tuple[str, ...]) -> str:
    told = "\0".join((row_id, *ids, *digests)).encode("utf-8", "surrogatepass")
    return hashlib.blake2b(told, digest_size=12).hexdigest()


def _read(workspace_id: str, leaderboard_id: str) -> Iterator[Label]:
    for item in _items(workspace_id, leaderboard_id):
        yield msgspec.json.decode(item["doc"], type=Label)


def _items(workspace_id: str, leaderboard_id: str) -> Iterator[dict[str, Any]]:
    return table.query(_partition(workspace_id, leaderboard_id), "LABEL#")


def _partition(workspace_id: str, leaderboard_id: str) -> str:
    return f"WS#{workspace_id}#LB#{leaderboard_id}"
