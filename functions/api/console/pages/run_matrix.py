"""The answers of a run, rows by models: who was right on which row, and every answer whole."""

from typing import Annotated, Any, NamedTuple

from fastapi import Path, Query, Request, Response

from functions.api.console import boards
from functions.api.console.page_router import page_router
from functions.api.console.rendering import page
from functions.api.console.visitor import Visiting
from functions.api.routes import run_matrix
from functions.api.run_matrix_views import CellView, MatrixRowView
from gero import evaluation, runs
from gero.kit import Conflict, NotFound
from gero.runs import Run, Show

router = page_router()
_ROWS = 25
_EXCERPT = 90  # characters
_SIGNS = {
    "right": ("✓", ""),
    "wrong": ("✗", "b"),
    "partial": ("", "w"),
    "error": ("!", "e"),
    "unscored": ("?", "n"),
    "not_asked": ("–", "n"),
}
VERDICTS = {
    "right": ("Right", "good"),
    "wrong": ("Wrong", "bad"),
    "partial": ("In between", "warn"),
    "error": ("Failed", "bad"),
    "unscored": ("Not scored", "calm"),
}
SHOWS = (("all", "All"), ("failures", "Failures"), ("disagreements", "Disagreements"))
After = Annotated[str | None, Query(max_length=20)]
Model = Annotated[str, Query(max_length=100)]


class Cell(NamedTuple):
    """A cell as a sign and the class of its colour, none for what is right; no link where there is nothing to see."""

    sign: str
    tone: str
    link: str | None


class Line(NamedTuple):
    """A row of the dataset with its cells."""

    id: str
    text: str
    cells: list[Cell]


@router.get("/leaderboards/{leaderboard_id}/runs/{run_id}/matrix")
def read_matrix(
    request: Request,
    visitor: Visiting,
    leaderboard_id: str,
    run_id: str,
    show: Show = "all",
    model: Model = "",
    after: After = None,
) -> Response:
    """A page of the matrix: all rows, those on which a model fails, or those on which models differ."""
    board = boards.find(request, visitor, leaderboard_id)
    run = runs.get(visitor.workspace_id, leaderboard_id, run_id)
    told: dict[str, Any] = {"run": run, "address": _address(run)}
    wanted: dict[str, Any] = {"show": show, "model_id": model or None, "after": after}
    try:
        found = run_matrix.read_matrix(visitor.principal, leaderboard_id, run_id, limit=_ROWS, **wanted)
    except Conflict as error:  # there is no plan, so nothing was asked
        told["why"] = error.message
        return boards.board_page(request, "run_without_answers.html", visitor, board, "runs", **told)
    told |= {"found": found, "lines": [_line(row) for row in found.rows]}
    choice: dict[str, Any] = {"show": show, "shows": SHOWS, "model": model, "after": after}
    return boards.board_page(request, "run_matrix.html", visitor, board, "runs", **told, **choice)


@router.get("/leaderboards/{leaderboard_id}/runs/{run_id}/matrix/{place}/{column}")
def read_cell(
    request: Request,
    visitor: Visiting,
    leaderboard_id: str,
    run_id: str,
    place: str,
    column: Annotated[int, Path(ge=0, le=10_000)],
) -> Response:
    """What the model of a column was asked and answered on a row: a page, or for htmx a dialog."""
    visitor.principal.require("leaderboards:read")
    run = runs.get(visitor.workspace_id, leaderboard_id, run_id)
    candidates = evaluation.plan.load(run.workspace_id, run.leaderboard_id, run.id).candidates
    if column >= len(candidates):
        raise NotFound("this run has no such model")
    cell = run_matrix.read_cell(visitor.principal, leaderboard_id, run_id, place, candidates[column].id)
    told: dict[str, Any] = {"run": run, "address": _address(run), "cell": cell}
    told["verdict"] = VERDICTS[_verdict(cell.error, cell.score)]
    if "hx-request" in request.headers:
        return page(request, "parts/run_cell.html", visitor, **told)
    board = boards.find(request, visitor, leaderboard_id)
    return boards.board_page(request, "run_cell.html", visitor, board, "runs", **told)


def _line(row: MatrixRowView) -> Line:
    cells = [_cell(one, row.place, column) for column, one in enumerate(row.cells)]
    text = " ".join(row.input.split())
    return Line(row.row_id, text if len(text) <= _EXCERPT else f"{text[:_EXCERPT]}…", cells)


def _cell(one: CellView, place: str, column: int) -> Cell:
    sign, tone = _SIGNS[one.verdict]
    shown = sign or f"{min(max(one.score or 0, 0.01), 0.99):.2f}".rstrip("0").removeprefix("0")
    return Cell(shown, tone, None if one.verdict == "not_asked" else f"matrix/{place}/{column}")


def _verdict(error: str | None, score: float | None) -> str:
    if error:
        return "error"
    if score is None:
        return "unscored"
    return "right" if score == 1 else "partial" if score else "wrong"


def _address(run: Run) -> str:
    return f"/leaderboards/{run.leaderboard_id}/runs/{run.id}"
