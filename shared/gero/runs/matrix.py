"""The matrix of a run: rows by models, with the score of each cell, and what was asked and answered in one.

Scores come from the batches' statistics, one query a block, and rows from the block: no answer is read for a page.
"""

from collections.abc import Iterator, Mapping
from typing import Literal, NamedTuple

from gero import traces
from gero.datasets import Row
from gero.evaluation import BatchStatistics, EvaluationPlan
from gero.evaluation import plan as plans
from gero.kit import Conflict, NotFound, blobs, table
from gero.traces import SCORE_SCALE, Trace

Show = Literal["all", "failures", "disagreements"]
Verdict = Literal["right", "wrong", "partial", "error", "unscored", "not_asked"]
_BLOCKS_A_PAGE = 40
"""So many blocks are looked through for one page; it may end early, and goes on from there."""


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
    wanted = ids.index(model_id) if model_id else None
    first, start = _behind(after)
    found: list[MatrixRow] = []
    scanned = 0
    last = min(plan.blocks, first + _BLOCKS_A_PAGE)
    for block in range(first, last):
        cells = _Cells(plan, block, ids)
        rows = plans.load_block(plan, block) if cells.known else []
        for number, row in enumerate(rows[start:], start):
            scanned += 1
            of_row = cells.of(number)
            if not _is_shown(of_row, show, wanted):
                continue
            found.append(MatrixRow(row, f"{block}-{number}", of_row))
            if len(found) == limit:
                return Matrix(_named(plan), tuple(found), found[-1].place, scanned)
        start = 0
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


class _Cells:
    """The cells of a block, from the statistics of its batches."""

    def __init__(self, plan: EvaluationPlan, block: int, ids: list[str]) -> None:
        pk = f"WS#{plan.workspace_id}#RUN#{plan.run_id}"
        prefix = f"BATCH#{plan.round_of_block(block):03}/{block:05}/"
        items = table.query(pk, prefix)
        read = [BatchStatistics.from_json(item["statistics"]) for item in items]
        self._by_model: Mapping[str, list[Cell]] = {one.candidate_id: _cells(one) for one in read}
        self._ids = ids
        self.known = bool(read)

    def of(self, row: int) -> tuple[Cell, ...]:
        """The cells of a row of the block."""
        none = Cell("not_asked", None)
        of_models = (self._by_model.get(one) for one in self._ids)
        return tuple(cells[row] if cells else none for cells in of_models)


def _cells(batch: BatchStatistics) -> list[Cell]:
    failed = int(batch.failed, 16)
    cells = []
    for row, score in enumerate(batch.row_scores()):
        if failed >> row & 1:
            cells.append(Cell("error", None if score is None else score / SCORE_SCALE))
        elif score is None:
            cells.append(Cell("unscored", None))
        else:
            verdict: Verdict = "right" if score == SCORE_SCALE else "wrong" if score == 0 else "partial"
            cells.append(Cell(verdict, score / SCORE_SCALE))
    return cells


def _is_shown(cells: tuple[Cell, ...], show: Show, wanted: int | None) -> bool:
    looked_at = cells if wanted is None else (cells[wanted],)
    if show == "failures":
        return any(one.verdict in ("wrong", "partial", "error") for one in looked_at)
    if show == "disagreements":
        scores = {one.score for one in cells if one.score is not None}
        return len(scores) > 1 and (wanted is None or cells[wanted].score != max(scores))
    return True


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


def _behind(after: str | None) -> tuple[int, int]:
    """Block and row at which a page begins."""
    if after is None:
        return 0, 0
    block, number = _place(after)
    return block, number + 1


def _place(text: str) -> tuple[int, int]:
    block, _, number = text.partition("-")
    if not (block.isdecimal() and number.isdecimal() and len(text) < 20):
        raise NotFound("there is no such place in this run")
    return int(block), int(number)
