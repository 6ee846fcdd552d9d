"""What is put up for review: a run's first rows, which are a random sample, with what every contender answered."""

import hashlib
from collections.abc import Iterator, Sequence
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
    """What a contender answered. `failed`: the model gave no answer. `score`: a judge's, scaled by SCORE_SCALE."""

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


class Pool(msgspec.Struct, frozen=True):
    """The rows of a queue, and the candidates whose answers they hold."""

    rows: tuple[ReviewRow, ...]
    contenders: tuple[str, ...]


class _Asked(msgspec.Struct, frozen=True):
    row: Row
    answers: dict[str, Trace]


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
    """Store the rows, each as an object of its own."""
    with ThreadPoolExecutor(_WRITERS) as writers:
        keys = [_key(plan.workspace_id, plan.leaderboard_id, plan.run_id, place) for place in range(len(rows))]
        list(writers.map(blobs.put, keys, map(msgspec.json.encode, rows)))


@lru_cache(maxsize=32)
def load(workspace_id: str, leaderboard_id: str, run_id: str, place: int) -> ReviewRow:
    """A stored row; kept in the process, for it never changes."""
    stored = blobs.get(_key(workspace_id, leaderboard_id, run_id, place))
    assert stored is not None, "the queue is opened after its rows are stored"
    return msgspec.json.decode(stored, type=ReviewRow)


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
        answers = {one: _answers(key) for one, key in of_block.items() if key}
        for row in plans.load_block(plan, block)[:left]:
            left -= 1
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


def _answers(key: str) -> dict[str, Trace]:
    read = map(traces.decode, blobs.get_lines(key))
    return {str(one.row_id): one for one in read if one.attempts > 0 or one.reused_from}


def _shown(asked: _Asked, contenders: Sequence[str]) -> ReviewRow:
    row = asked.row
    return ReviewRow(
        id=row.id,
        input=_cut(row.input),
        answers=tuple(_answer(asked.answers[one]) for one in contenders),
        expected=tuple(map(_cut, row.expected)),
        rubric=row.rubric,
    )


def _answer(trace: Trace) -> Answer:
    text = trace.output or ""
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
    failed = trace.output is None or trace.error is not None
    return Answer(_cut(text), digest, failed, trace.score if trace.judge else None)


def _cut(text: str) -> str:
    if len(text) <= _MAX_TEXT:
        return text
    return f"{text[:_MAX_TEXT]}\n[… {len(text) - _MAX_TEXT:,} more characters]"


def _key(workspace_id: str, leaderboard_id: str, run_id: str, place: int) -> str:
    return f"{plans.run_prefix(workspace_id, leaderboard_id, run_id)}/reviews/{place:05}.json"
