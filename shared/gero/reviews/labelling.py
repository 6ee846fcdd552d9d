"""What people said of answers, kept with the leaderboard: it holds for later runs as long as the answers are the same.

A label is one person's verdict on a pair of answers, or on one answer where they are rated, beside what the judge of
the run said of the same. By row, candidates and digests of their answers, so that the same verdict is kept once. What
needs nobody is a label too, of the reviewer `automatic`: without them the labelled rows were no random ones.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import combinations
from typing import Any, NamedTuple

import msgspec

from gero.evaluation import EvaluationPlan
from gero.kit import Conflict, conditions, table
from gero.kit.table import Write
from gero.ranking import LabelSums
from gero.reviews import items, pool
from gero.reviews import queue as queues
from gero.reviews.items import Item, Place, Vote
from gero.reviews.pool import Answer, Sketch
from gero.reviews.queue import Lane, Mode, Outcome, Queue
from gero.traces import SCORE_SCALE

AUTOMATIC = "automatic"  # no reviewer's name: theirs begin with the id of a token
_HUMAN: Mapping[Outcome, int] = {"first": SCORE_SCALE, "second": -SCORE_SCALE, "tie": 0, "rated": 0}


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
    """What people and this judge both said of the leaderboard's answers, in whatever run: how far it can be trusted."""
    return _summed(one for one in _read(workspace_id, leaderboard_id) if one.judge_identity == judge_identity)


def labels_of_run(plan: EvaluationPlan) -> Labels:
    """What people said of the very answers that the run put up for review, beside its own judge's scores of them.

    So these rows are among those that the run's sums of pairs count, as `ranking.judged_only` takes for granted. Empty
    when the run has no judge, or put nothing up.
    """
    queue = queues.stored(plan.workspace_id, plan.run_id)
    if queue is None or queue.judge is None:
        return Labels({})
    rows = _Rows(queue, pool.sketches(queue.workspace_id, queue.leaderboard_id, queue.run_id))
    found = []
    for label in _read(queue.workspace_id, queue.leaderboard_id):
        matched = rows.find(label) if _of_mode(label, queue.mode) else None
        judge = _judged(matched.answers) if matched else None
        if judge is not None:
            found.append(msgspec.structs.replace(label, judge=judge, judge_identity=queue.judge))
    return _summed(found)


def capacity(rows: Sequence[Sketch]) -> int:
    """How many labels a queue with these rows can give: the pairs of answers that its judge told the scores of."""
    scored = [sum(one.score is not None for one in row.answers) for row in rows]
    return sum(number * (number - 1) // 2 for number in scored)


def automatic_writes(queue: Queue, place: Place, row: Sketch, outcome: Outcome) -> list[Write]:
    """The write of a label on an item that needed nobody."""
    return writes(queue, place, row, AUTOMATIC, Vote(outcome, "", "", 0 if outcome == "rated" else None))


def writes(queue: Queue, place: Place, row: Sketch, reviewer: str, vote: Vote | None) -> list[Write]:
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
    label = Label(row.id, row.question, ids, digests, human, judge, queue.judge if judge is not None else None)
    return [Write({"pk": key[0], "sk": key[1], "doc": msgspec.json.encode(label).decode()})]


def carry_over(queue: Queue, rows: Sequence[Sketch]) -> dict[Place, Item]:
    """What was said before of the answers in a new queue, as its items; held against the queue's judge from now on.

    Only what was said of the same question, with the same answers of the same candidates.
    """
    known = _Rows(queue, rows)
    with ThreadPoolExecutor(items.WRITERS) as writers:
        found = list(
            writers.map(lambda stored: _met(queue, known, stored), _items(queue.workspace_id, queue.leaderboard_id))
        )
    made: dict[Place, Item] = {}
    for label, matched, reviewer in filter(None, found):
        if not _of_mode(label, queue.mode):
            continue
        place = matched.place
        outcome = items.automatic(queue, place.lane, rows[place.row])
        if outcome:  # as often in the new queue as in the one before, as what people said
            made[place] = Item(automatic=outcome)
        elif reviewer != AUTOMATIC:
            vote = _vote(label, queue, swapped=matched.swapped)
            made[place] = made.get(place, Item()).voted(reviewer, vote)
    return made


class _Matched(NamedTuple):
    place: Place
    answers: tuple[Answer, ...]
    """In the order of the label's candidates."""
    swapped: bool
    """Whether the item has them the other way round."""


class _Rows:
    """The rows of a queue, to find what a label is on."""

    def __init__(self, queue: Queue, rows: Sequence[Sketch]) -> None:
        self._rows = {row.id: (number, row) for number, row in enumerate(rows)}
        self._places = {one: place for place, one in enumerate(queue.contenders)}

    def find(self, label: Label) -> _Matched | None:
        """None when the queue does not have the same question with the same answers of the same candidates."""
        number, row = self._rows.get(label.row_id, (0, None))
        if row is None or label.question != row.question or not set(label.candidates) <= self._places.keys():
            return None
        members = [self._places[one] for one in label.candidates]
        answers = tuple(row.answers[one] for one in members)
        if label.digests != tuple(one.digest for one in answers):
            return None
        lane = Lane(min(members), max(members))
        return _Matched(Place(lane, number), answers, swapped=members[0] != lane.first)


def _met(queue: Queue, rows: _Rows, stored: dict[str, Any]) -> tuple[Label, _Matched, str] | None:
    """A stored label with its place in a queue and its reviewer, once it is held against the queue's judge; None when
    it is on something else, or somebody has just changed or undone it.
    """
    label = msgspec.json.decode(stored["doc"], type=Label)
    matched = rows.find(label)
    if matched is None:
        return None
    judge = _judged(matched.answers) if queue.judge else None
    if judge is not None and (judge, queue.judge) != (label.judge, label.judge_identity):
        newer = msgspec.structs.replace(label, judge=judge, judge_identity=queue.judge)
        try:
            unchanged = conditions.equals("doc", stored["doc"])
            table.put(stored | {"doc": msgspec.json.encode(newer).decode()}, unchanged)
        except Conflict:
            return None
    return label, matched, stored["sk"].split("#", 2)[2]


def _vote(label: Label, queue: Queue, *, swapped: bool) -> Vote:
    """A label as a vote that may be undone, but not changed."""
    if queue.mode == "rating":
        return Vote("rated", queue.opened_at, queue.opened_at, label.human)
    human = -label.human if swapped else label.human
    outcome: Outcome = "tie" if not human else "first" if human > 0 else "second"
    return Vote(outcome, queue.opened_at, queue.opened_at)


def _of_mode(label: Label, mode: Mode) -> bool:
    return (len(label.candidates) == 1) == (mode == "rating")


def _summed(found: Iterable[Label]) -> Labels:
    pairs: defaultdict[tuple[str, str], LabelSums] = defaultdict(LabelSums)
    for ids, human, judge in _differences(found):
        pairs[ids] += LabelSums.of(human, judge)
    return Labels(dict(pairs))


def _differences(found: Iterable[Label]) -> Iterator[tuple[tuple[str, str], int, int]]:
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
