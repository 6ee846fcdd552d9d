"""The matrix of a run: rows by models, with the score of each cell, and what was asked and answered in one.

Scores come from the batches' statistics and rows from their block, which is read only for rows that are shown: no
answer is read for a page.
"""

from collections.abc import Iterator
from itertools import groupby
from typing import Literal, NamedTuple

from gero import traces
from gero.datasets import Row
from gero.evaluation import BatchStatistics, EvaluationPlan
from gero.evaluation import plan as plans
from gero.kit import Conflict, NotFound, blobs, table
from gero.traces import SCORE_SCALE, Trace

Show = Literal["all", "failures", "disagreements"]
Verdict = Literal["right", "wrong", "partial", "error", "unscored", "not_asked"]
_BATCHES_AT_ONCE = 100  # of one query
_BATCHES_A_PAGE = 1000
"""The statistics of so many are looked through for one page; it may end early, and goes on from there."""


class Cell(NamedTuple):
    """One model on one row; `score` is 0 to 1, None where there is none."""

    verdict: Verdict
    score: float | None


class MatrixRow(NamedTuple):
    """A row with its cells in the order of the models. `place`: block and row, which name it within the run."""

    row: Row
    place: str
    cells: tuple[Cell, ...]


class Matrix(NamedTuple):
    """A page of the matrix. `models`: id and name of each column. `after`: the place to go on from; None at the end.
    `scanned`: rows that were looked through.
    """

    models: tuple[tuple[str, str], ...]
    rows: tuple[MatrixRow, ...]
    after: str | None
    scanned: int


class Answered(NamedTuple):
    """What was asked and answered in a cell: its row, the trace as it is stored, the model's name."""

    row: Row
    trace: Trace
    name: str


def matrix(
    workspace_id: str,
    leaderboard_id: str,
    run_id: str,
    *,
    show: Show = "all",
    model_id: str | None = None,
    limit: int = 25,
    after: str | None = None,
) -> Matrix:
    """A page of at most `limit` rows behind the place `after`: all, those on which a model (or `model_id`) fails, or
    those on which models differ. Conflict before the run is planned; NotFound for a model that it has not.
    """
    plan = _plan(workspace_id, leaderboard_id, run_id)
    if model_id:
        plan.candidate(model_id)
    ids = [one.id for one in plan.candidates]
    first, start = _behind(plan, after)
    last = min(plan.blocks, first + max(1, _BATCHES_A_PAGE // len(ids)))
    step = 1 if show == "all" else max(1, _BATCHES_AT_ONCE // len(ids))
    wanted = _Wanted(show, ids.index(model_id) if model_id else None)
    found: list[MatrixRow] = []
    scanned = 0
    for block, of_rows in _cells(plan, range(first, last), step):
        skipped = start if block == first else 0
        places = [place for place, cells in enumerate(of_rows) if place >= skipped and wanted.shows(cells)]
        shown = places[: limit - len(found)]
        rows = plans.load_block(plan, block) if shown else []
        found += [MatrixRow(rows[place], f"{block}-{place}", of_rows[place]) for place in shown]
        full = len(found) == limit
        scanned += (shown[-1] + 1 if full else len(of_rows)) - skipped
        if full:
            return Matrix(_named(plan), tuple(found), found[-1].place, scanned)
    end = f"{last - 1}-{plan.block_rows[last - 1] - 1}" if last < plan.blocks else None
    return Matrix(_named(plan), tuple(found), end, scanned)


def answered(workspace_id: str, leaderboard_id: str, run_id: str, place: str, candidate_id: str) -> Answered:
    """What a model was asked and answered on the row at a place. NotFound when it was not, or not yet."""
    plan = _plan(workspace_id, leaderboard_id, run_id)
    candidate = plan.candidate(candidate_id)
    block, number = _place(place)
    if block >= plan.blocks or number >= plan.block_rows[block]:
        raise NotFound("this run has no such row")
    row = plans.load_block(plan, block)[number]
    for line in _results(plan, block, candidate_id):
        trace = traces.decode(line)
        if trace.row_id == row.id:
            return Answered(row, trace, candidate.name)
    raise NotFound(f"{candidate.name} was not asked row {row.id!r} in this run, or has not answered yet")


class _Wanted(NamedTuple):
    """Which rows are shown; `model` is the place of the only model that is looked at, None for all of them."""

    show: Show
    model: int | None

    def shows(self, cells: tuple[Cell, ...]) -> bool:
        """Whether a row with these cells is one of them."""
        looked_at = cells if self.model is None else (cells[self.model],)
        if self.show == "failures":
            return any(one.verdict in ("wrong", "partial", "error") for one in looked_at)
        if self.show == "disagreements":
            scores = {one.score for one in cells if one.score is not None}
            return len(scores) > 1 and (self.model is None or cells[self.model].score != max(scores))
        return True


def _cells(plan: EvaluationPlan, blocks: range, step: int) -> Iterator[tuple[int, list[tuple[Cell, ...]]]]:
    """Of each block that a batch is done of, its number and the cells of its rows; `step` blocks are read at once."""
    pk = f"WS#{plan.workspace_id}#RUN#{plan.run_id}"
    for start in blocks[::step]:
        end = min(start + step, blocks.stop) - 1
        items = table.query(
            pk, "BATCH#", first=_batch_key(plan, start), last=_batch_key(plan, end) + "\uffff", only=("statistics",)
        )
        read = [BatchStatistics.from_json(item["statistics"]) for item in items]
        for block, batches in groupby(read, key=lambda one: one.block):
            by_model = {one.candidate_id: _of_batch(one) for one in batches}
            nothing = [Cell("not_asked", None)] * plan.block_rows[block]
            yield block, list(zip(*(by_model.get(one.id, nothing) for one in plan.candidates), strict=True))


def _batch_key(plan: EvaluationPlan, block: int) -> str:
    """What the keys of a block's batches start with."""
    return f"BATCH#{plan.round_of_block(block):03}/{block:05}/"


def _of_batch(batch: BatchStatistics) -> list[Cell]:
    failed = int(batch.failed, 16)
    cells = []
    for row, score in enumerate(batch.row_scores()):
        share = None if score is None else score / SCORE_SCALE
        if failed >> row & 1:
            cells.append(Cell("error", share))
        elif share is None:
            cells.append(Cell("unscored", None))
        else:
            cells.append(Cell("right" if share == 1 else "wrong" if share == 0 else "partial", share))
    return cells


def _results(plan: EvaluationPlan, block: int, candidate_id: str) -> Iterator[bytes]:
    """The lines of a batch's results: of those that were counted, where several were written."""
    prefix = plans.run_prefix(plan.workspace_id, plan.leaderboard_id, plan.run_id)
    keys = list(blobs.keys(f"{prefix}/results/{plan.round_of_block(block):03}/{block:05}/{candidate_id}-"))
    if len(keys) > 1:  # a message that was delivered twice leaves two, of which one counts
        partition = f"WS#{plan.workspace_id}#LB#{plan.leaderboard_id}"
        counted = {item["key"] for item in table.query(partition, "TRACES#", first=f"TRACES#{plan.run_id}")}
        keys = [key for key in keys if key in counted]
    for key in keys:
        yield from blobs.get_lines(key)


def _plan(workspace_id: str, leaderboard_id: str, run_id: str) -> EvaluationPlan:
    try:
        return plans.load(workspace_id, leaderboard_id, run_id)
    except NotFound as error:
        raise Conflict("this run was not planned yet, or could not be; there are no rows to show") from error


def _named(plan: EvaluationPlan) -> tuple[tuple[str, str], ...]:
    return tuple((one.id, one.name) for one in plan.candidates)


def _behind(plan: EvaluationPlan, after: str | None) -> tuple[int, int]:
    """Block and row at which a page begins."""
    if after is None:
        return 0, 0
    block, number = _place(after)
    ends = block < plan.blocks and number + 1 >= plan.block_rows[block]
    return (block + 1, 0) if ends else (block, number + 1)


def _place(text: str) -> tuple[int, int]:
    block, _, number = text.partition("-")
    if not (block.isdecimal() and number.isdecimal() and len(text) < 20):
        raise NotFound("there is no such place in this run")
    return int(block), int(number)
