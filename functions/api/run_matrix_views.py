"""What the API shows of a run's matrix: rows by models, and one cell whole."""

from typing import Any

from pydantic import BaseModel, Field

from gero import traces
from gero.datasets import Row
from gero.leaderboards import Leaderboard
from gero.runs import Answered, Matrix

_SHOWN = 300  # characters of a row's texts in a list
_WHOLE = 100_000  # of a cell's; Lambda answers at most 6 MB


class ColumnView(BaseModel):
    """A model of the run."""

    model_id: str
    name: str


class CellView(BaseModel):
    """A model on a row. `verdict`: right, wrong, partial, error, unscored or not_asked; runs of before tell no errors
    apart from wrong answers here.
    """

    verdict: str
    score: float | None


class MatrixRowView(BaseModel):
    """A row, its texts cut, with its cells in the order of the models. `place` names it within the run."""

    place: str
    row_id: str
    input: str
    expected: list[str]
    cells: list[CellView]


class MatrixView(BaseModel):
    """A page of the matrix. Go on with `next` as `after` until it is null: a page may end early."""

    run_id: str
    models: list[ColumnView]
    rows: list[MatrixRowView]
    count: int
    scanned: int = Field(description="Rows that were looked through for this page")
    next: str | None


class CellDetailView(BaseModel):
    """A cell: what was asked, answered and expected, the verdict and why, and what it cost.

    Texts are as the leaderboard lets traces be kept.
    """

    run_id: str
    place: str
    row_id: str
    model_id: str
    model: str
    input: str | None
    expected: list[str]
    rubric: str | None
    output: str | None
    score: float | None
    reason: str | None
    error: str | None
    judge_error: str | None
    audit_score: float | None
    latency_ms: float | None
    cost_usd: float
    judge_cost_usd: float
    tokens_in: int
    tokens_out: int
    attempts: int
    reused_from: str | None
    trace_id: str


def matrix(run_id: str, found: Matrix) -> MatrixView:
    """The view of a page."""
    rows = [
        MatrixRowView(
            place=one.place,
            row_id=one.row.id,
            input=_cut(one.row.input, _SHOWN),
            expected=[_cut(text, _SHOWN) for text in one.row.expected[:3]],
            cells=[CellView(verdict=cell.verdict, score=cell.score) for cell in one.cells],
        )
        for one in found.rows
    ]
    models = [ColumnView(model_id=one, name=name) for one, name in found.models]
    return MatrixView(run_id=run_id, models=models, rows=rows, count=len(rows), scanned=found.scanned, next=found.after)


def cell(leaderboard: Leaderboard, run_id: str, place: str, model_id: str, found: Answered) -> CellDetailView:
    """The view of a cell."""
    kept = leaderboard.traces
    trace = traces.captured(found.trace, content=kept.capture_content, redact=kept.redact)
    told = trace.public(leaderboard.id)
    names = CellDetailView.model_fields.keys() & told.keys()
    shown: dict[str, Any] = {name: told[name] for name in names} | _texts(found.row, told, kept.capture_content)
    return CellDetailView(
        **shown | {"run_id": run_id, "place": place, "row_id": found.row.id, "model_id": model_id, "model": found.name}
    )


def _texts(row: Row, told: dict[str, Any], content: bool) -> dict[str, Any]:
    """The question as it was asked, what was accepted, and the answer."""
    return {
        "input": _cut(told["input"], _WHOLE) if told["input"] else None,
        "expected": [_cut(text, _WHOLE) for text in told["expected"] or []],
        "output": None if told["output"] is None else _cut(told["output"], _WHOLE),
        "rubric": row.rubric if content else None,
    }


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[:most]} …"
