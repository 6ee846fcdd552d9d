"""The dataset of a leaderboard: its state, its consolidation, and rows by hand."""

from typing import Annotated, Any

from fastapi import APIRouter, Body, Path, Request
from pydantic import BaseModel, Field

from functions.api.caller import SCHEMES, Reader, Writer
from functions.api.routes.dataset_versions import VersionView, version_view
from gero import datasets, leaderboards
from gero.datasets import intake
from gero.kit import Invalid, new_id, settings
from gero.leaderboards import Leaderboard, trace_rows
from gero.models import Input

router = APIRouter(prefix="/api/leaderboards/{leaderboard_id}/dataset", tags=["dataset"], dependencies=SCHEMES)


class DatasetView(BaseModel):
    """Where the rows come from, what there is of them, and, for a PUSH dataset, its counters, limits and next step."""

    leaderboard_id: str
    dataset_type: str
    dataset_url: str | None
    field_mapping: dict[str, str]
    latest_version: VersionView | None
    push_url: str | None = None
    accepted_rows: int | None = None
    pending_events: int | None = None
    min_rows_for_models: int | None = None
    limits: dict[str, Any] | None = None
    consolidation: dict[str, Any] | None = None


class ConsolidationInput(Input):
    """`run`: start a dataset_improvement run on the new version, whatever the leaderboard's setting is."""

    run: bool = False


class ConsolidationQueued(BaseModel):
    """It comes within seconds; `consolidation.due_at` of the dataset is null once nothing waits any more."""

    status: str
    pending_events: int


class TraceInput(Input):
    """A trace, and the answers that count as right; by default what its row expected, else what the model answered."""

    trace_id: str = Field(min_length=1, max_length=100)
    expected: str | list[str] | None = None

    def answers(self) -> list[str] | None:
        return [self.expected] if isinstance(self.expected, str) else self.expected


class TracesInput(Input):
    """The traces to turn into rows."""

    traces: list[TraceInput] = Field(min_length=1, max_length=leaderboards.MAX_PUSHED_ROWS)


@router.get("")
def read_dataset(request: Request, caller: Reader, leaderboard_id: str) -> DatasetView:
    """The state of the dataset."""
    found = leaderboards.get(caller.workspace_id, leaderboard_id)
    latest = datasets.latest_version(caller.workspace_id, leaderboard_id)
    return DatasetView(
        leaderboard_id=leaderboard_id,
        dataset_type=found.dataset_type,
        dataset_url=found.dataset_url,
        field_mapping=found.field_mapping,
        latest_version=version_view(latest) if latest else None,
        **_pushed_state(found, str(request.base_url).rstrip("/")),
    )


@router.post("/consolidate", status_code=202)
def consolidate(
    caller: Writer, leaderboard_id: str, wanted: Annotated[ConsolidationInput | None, Body()] = None
) -> ConsolidationQueued:
    """Make the rows that wait a new version, now. `run` needs the scope `leaderboards:run` as well."""
    run = wanted is not None and wanted.run
    if run:
        caller.require("leaderboards:run")
    leaderboards.check_takes_rows(leaderboards.get(caller.workspace_id, leaderboard_id))
    datasets.request(caller.workspace_id, leaderboard_id, run=run)
    waiting = intake.read(caller.workspace_id, leaderboard_id).pending_rows
    return ConsolidationQueued(status="queued", pending_events=waiting)


@router.post("/from-traces", status_code=202)
def add_traces(caller: Writer, leaderboard_id: str, wanted: TracesInput) -> dict[str, Any]:
    """Turn traces into rows of a PUSH dataset. Limits and duplicates count as in a push; `not_found` names the rest."""
    found = leaderboards.get(caller.workspace_id, leaderboard_id)
    batch_id = new_id()
    added = trace_rows.add(found, [(one.trace_id, one.answers()) for one in wanted.traces], batch_id)
    answer = leaderboards.push_answer(found, added.pushed, batch_id, added.pushed.rejections)
    return answer | {"not_found": added.missing}


@router.delete("/rows/{row_id:path}", status_code=202)
def remove_row(
    caller: Writer, leaderboard_id: str, row_id: Annotated[str, Path(min_length=1, max_length=256)]
) -> ConsolidationQueued:
    """Take a row out of a PUSH dataset: it is gone from the next version on. Older versions keep it."""
    if len(row_id.encode()) > datasets.MAX_ID_BYTES:
        raise Invalid("row_id: no row has an id as long as this", field="row_id")
    found = leaderboards.get(caller.workspace_id, leaderboard_id)
    leaderboards.check_takes_rows(found)
    datasets.remove(caller.workspace_id, leaderboard_id, row_id, found.rules())
    totals = intake.read(caller.workspace_id, leaderboard_id)
    intake.hasten(caller.workspace_id, leaderboard_id, totals)
    return ConsolidationQueued(status="queued", pending_events=totals.pending_rows)


def _pushed_state(found: Leaderboard, base_url: str) -> dict[str, Any]:
    if found.dataset_type != "PUSH":
        return {}
    totals = intake.read(found.workspace_id, found.id)
    return {
        "push_url": f"{base_url}/v1/leaderboard/{found.id}/dataset/push",
        "accepted_rows": totals.accepted_rows,
        "pending_events": totals.pending_rows,
        "min_rows_for_models": settings.min_pushed_rows(),
        "limits": leaderboards.limits(found),
        "consolidation": leaderboards.consolidation(found, totals),
    }
