"""The dataset of a leaderboard: its versions, their rows by page and one by one, what changed, and a download."""

from typing import Annotated, Any

from fastapi import Query, Request, Response

from functions.api.console import boards
from functions.api.console.boards import Board
from functions.api.console.page_router import page_router
from functions.api.console.rendering import goes_to
from functions.api.console.security import Form
from functions.api.console.submitted import faults, status_of
from functions.api.console.visitor import Visiting, Visitor
from functions.api.routes import dataset as rows_api
from functions.api.routes import dataset_versions as api
from functions.api.routes.dataset_versions import ExportView
from gero.kit import GeroError, NotFound

router = page_router()
_DATASET = "/leaderboards/{leaderboard_id}/dataset"
_ROWS, _VERSIONS, _EXAMPLES = 25, 20, 20
Offset = Annotated[int, Query(ge=0, le=1_000_000_000)]
Number = Annotated[str, Query(max_length=20)]


@router.get(_DATASET)
def browse(
    request: Request, visitor: Visiting, leaderboard_id: str, version: Number = "latest", offset: Offset = 0
) -> Response:
    """The rows of a version by page, and the versions."""
    return _page(request, visitor, boards.find(request, visitor, leaderboard_id), version, offset)


@router.post(f"{_DATASET}/link")
def link(request: Request, visitor: Visiting, form: Form, leaderboard_id: str) -> Response:
    """The same page, with an address from which anybody can download the version for a while."""
    board = boards.find(request, visitor, leaderboard_id)
    version = form.text("version", "latest")
    made = api.export(visitor.principal, leaderboard_id, version)
    return _page(request, visitor, board, version, 0, made)


@router.get(f"{_DATASET}/download")
def download(request: Request, visitor: Visiting, leaderboard_id: str, version: Number = "latest") -> Response:
    """A version as JSON lines, compressed."""
    visitor.principal.require("leaderboards:read")
    return goes_to(request, api.export(visitor.principal, leaderboard_id, version).url)


@router.get(f"{_DATASET}/row")
def read_row(
    request: Request, visitor: Visiting, leaderboard_id: str, version: Number = "latest", place: Offset = 0
) -> Response:
    """One row whole; `place`: how many of the version are before it."""
    board = boards.find(request, visitor, leaderboard_id)
    found = api.read_rows(visitor.principal, leaderboard_id, version, 1, place)
    if not found.rows:
        raise NotFound(f"version {found.version} has {found.total:,} rows, and none at this place")
    told: dict[str, Any] = {"row": found.rows[0], "found": found, "place": place, "page_offset": place - place % _ROWS}
    return boards.board_page(request, "dataset_row.html", visitor, board, "detail", **told)


@router.post(f"{_DATASET}/rows/remove")
def remove_row(request: Request, visitor: Visiting, form: Form, leaderboard_id: str) -> Response:
    """Take a row out of a PUSH dataset, from the next version on."""
    visitor.principal.require("leaderboards:write")
    rows_api.remove_row(visitor.principal, leaderboard_id, form.text("row_id"))
    told = "The row is out from the next version on, which comes within seconds."
    return goes_to(request, f"/leaderboards/{leaderboard_id}/dataset", told)


@router.get(f"{_DATASET}/compare")
def compare(
    request: Request, visitor: Visiting, leaderboard_id: str, before: Number = "1", after: Number = "latest"
) -> Response:
    """What changed from one version to another."""
    board = boards.find(request, visitor, leaderboard_id)
    found, wrong, status = None, {}, 200
    try:
        found = api.compare(visitor.principal, leaderboard_id, before.strip(), after.strip(), _EXAMPLES)
    except GeroError as error:
        wrong, status = faults(error), status_of(error)
    typed = {"before": before, "after": after}
    return boards.board_page(
        request, "dataset_changes.html", visitor, board, "detail", status=status, found=found, faults=wrong, typed=typed
    )


def _page(
    request: Request, visitor: Visitor, board: Board, version: str, offset: int, made: ExportView | None = None
) -> Response:
    caller, leaderboard_id = visitor.principal, board.stored.id
    versions = api.list_versions(caller, leaderboard_id, _VERSIONS, 0)
    told: dict[str, Any] = {"found": None, "versions": versions, "link": made}
    if versions.total:
        told["found"] = api.read_rows(caller, leaderboard_id, version or "latest", _ROWS, offset)
    return boards.board_page(request, "dataset.html", visitor, board, "detail", **told)
