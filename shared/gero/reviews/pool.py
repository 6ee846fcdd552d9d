"""What is put up for review: a run's first rows, which are a random sample, with what every contender answered."""

import hashlib
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache

import msgspec

from gero import traces
from gero.datasets import Row
from gero.evaluation import EvaluationPlan
from gero.evaluation import plan as plans
from gero.kit import blobs, table
from gero.traces import Trace

_MAX_TEXT = 200_000  # characters of a text that people are shown; an answer of the API holds at most 6 MB
_WRITERS = 16


class Answer(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a contender answered. `failed`: the model gave no answer. `score`: that of a run with a judge, scaled by
    SCORE_SCALE: 0 of a failed answer, 1/2 of the answer that the judge compares others with.
    """

    text: str
    digest: str
    failed: bool = False
    score: int | None = None


class ReviewRow(msgspec.Struct, frozen=True, omit_defaults=True):
    """A row with its answers, in the order of the contenders."""

    id: str
    input: str
    answers: tuple[Answer, ...]
    expected: tuple[str, ...] = ()
    rubric: str | None = None

    @property
    def digest(self) -> str:
        """Stands for what the row asks and accepts."""
        told = msgspec.json.encode([self.input, self.expected, self.rubric])
        return hashlib.blake2b(told, digest_size=8).hexdigest()


class Sketch(msgspec.Struct, frozen=True, omit_defaults=True):
    """A row without its texts: `question` is its digest. All rows of a queue fit into one object that way."""

    id: str
    question: str
    answers: tuple[Answer, ...]


class Pool(msgspec.Struct, frozen=True):
    """The rows of a queue, and the candidates whose answers they hold."""

    rows: tuple[ReviewRow, ...]
    contenders: tuple[str, ...]


class _Asked(msgspec.Struct, frozen=True):
    row: Row
    answers: dict[str, Answer]


def gather(plan: EvaluationPlan, wanted: int) -> Pool:
    """At most `wanted` of the first rows in the plan's order.

    Contenders are the candidates that were asked all of them: one whose endpoint was given up, or that a race dropped
    before, is none. Where fewer than two would be left, there are fewer rows. A row that the platform could not ask one
    of them is left out for all.
    """
    asked = list(_asked(plan, wanted))
    reach = {
        one.id: max((place + 1 for place, row in enumerate(asked) if one.id in row.answers), default=0)
        for one in plan.candidates
    }
    length = sorted(reach.values(), reverse=True)[:2][-1]
    contenders = tuple(one for one, last in reach.items() if last >= length > 0)
    rows = [row for row in asked[:length] if all(one in row.answers for one in contenders)]
    return Pool(tuple(_shown(row, contenders) for row in rows), contenders)


def save(plan: EvaluationPlan, rows: Sequence[ReviewRow]) -> None:
    """Store the rows, each as an object of its own, and their sketches as one."""
    run = plan.workspace_id, plan.leaderboard_id, plan.run_id
    blobs.put(_sketches_key(*run), msgspec.json.encode(list(map(sketch, rows))))
    with ThreadPoolExecutor(_WRITERS) as writers:
        list(
            writers.map(lambda place: blobs.put(_key(*run, place), msgspec.json.encode(rows[place])), range(len(rows)))
        )


@lru_cache(maxsize=32)
def load(workspace_id: str, leaderboard_id: str, run_id: str, place: int) -> ReviewRow:
    """A stored row; kept in the process, for it never changes."""
    stored = blobs.get(_key(workspace_id, leaderboard_id, run_id, place))
    assert stored is not None, "the queue is opened after its rows are stored"
    return msgspec.json.decode(stored, type=ReviewRow)


def sketch(row: ReviewRow) -> Sketch:
    """The row without its texts."""
    return Sketch(row.id, row.digest, tuple(msgspec.structs.replace(one, text="") for one in row.answers))


@lru_cache(maxsize=4)
def sketches(workspace_id: str, leaderboard_id: str, run_id: str) -> tuple[Sketch, ...]:
    """The stored rows without their texts, in their order; kept in the process, for they never change."""
    stored = blobs.get(_sketches_key(workspace_id, leaderboard_id, run_id))
    assert stored is not None, "the queue is opened after its rows are stored"
    return msgspec.json.decode(stored, type=tuple[Sketch, ...])


def _asked(plan: EvaluationPlan, wanted: int) -> Iterator[_Asked]:
    """The first rows that anybody was asked, with the answers to each."""
    results = _results(plan)
    left = wanted
    for block in range(plan.blocks):
        of_block = {
            one.id: results.get(f"{plan.round_of_block(block):03}/{block:05}/{one.id}") for one in plan.candidates
        }
        if left <= 0 or not any(of_block.values()):
            return
        rows = plans.load_block(plan, block)[:left]
        ids = {row.id for row in rows}
        # Of one batch after the other only what is shown is kept: all traces of a block may be too much for the memory.
        answers = {one: _answers(plan, key, ids) for one, key in of_block.items() if key}
        left -= len(rows)
        for row in rows:
            yield _Asked(row, {one: found[row.id] for one, found in answers.items() if row.id in found})


def _results(plan: EvaluationPlan) -> dict[str, str]:
    """Name of a batch -> the key of its results, of the batches that were taken."""
    prefix = f"{plans.run_prefix(plan.workspace_id, plan.leaderboard_id, plan.run_id)}/results/"
    partition = f"WS#{plan.workspace_id}#LB#{plan.leaderboard_id}"
    # The keys of index items begin with their time, and so does the id of the run, which is older than its results.
    items = table.query(partition, "TRACES#", first=f"TRACES#{plan.run_id}")
    keys = [item["key"] for item in items if item.get("run_id") == plan.run_id]
    names = [key.removeprefix(prefix).split("/") for key in keys]
    ids = {one.id for one in plan.candidates}
    found = {}
    for key, (number, block, rest) in zip(keys, names, strict=True):
        candidate = next((one for one in ids if rest.startswith(f"{one}-")), None)
        if candidate:
            found[f"{number}/{block}/{candidate}"] = key
    return found


def _answers(plan: EvaluationPlan, key: str, ids: Collection[str]) -> dict[str, Answer]:
    judged = plan.evaluation.judge is not None
    read = map(traces.decode, blobs.get_lines(key))
    asked = (one for one in read if one.row_id in ids and (one.attempts > 0 or one.reused_from))
    return {str(one.row_id): _answer(one, judged=judged) for one in asked}


def _shown(asked: _Asked, contenders: Sequence[str]) -> ReviewRow:
    row = asked.row
    return ReviewRow(
        id=row.id,
        input=_cut(row.input),
        answers=tuple(asked.answers[one] for one in contenders),
        expected=tuple(map(_cut, row.expected)),
        rubric=row.rubric,
    )


def _answer(trace: Trace, *, judged: bool) -> Answer:
    text = trace.output or ""
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
    failed = trace.output is None or trace.error is not None
    # Not only what the judge itself scored: what it compares others with, and failed answers, have scores beside it.
    return Answer(_cut(text), digest, failed, trace.score if judged else None)


def _cut(text: str) -> str:
    if len(text) <= _MAX_TEXT:
        return text
    return f"{text[:_MAX_TEXT]}\n[… {len(text) - _MAX_TEXT:,} more characters]"


def _key(workspace_id: str, leaderboard_id: str, run_id: str, place: int) -> str:
    return f"{plans.run_prefix(workspace_id, leaderboard_id, run_id)}/reviews/{place:05}.json"


def _sketches_key(workspace_id: str, leaderboard_id: str, run_id: str) -> str:
    return f"{plans.run_prefix(workspace_id, leaderboard_id, run_id)}/reviews/sketches.json"
