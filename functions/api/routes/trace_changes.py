"""Traces that people record, and what they say of traces: feedback, which can become a row of the dataset."""

from typing import Annotated, Any

from fastapi import APIRouter, Body, Response
from pydantic import BaseModel

from functions.api import trace_bodies, trace_views
from functions.api.caller import SCHEMES, Writer
from functions.api.trace_bodies import FeedbackInput
from functions.api.trace_views import TraceId
from gero import leaderboards, traces
from gero.datasets import Rejection
from gero.kit import new_id
from gero.leaderboards import Leaderboard, trace_rows
from gero.traces import Feedback, Located, Trace, feedback, manual

router = APIRouter(tags=["traces"], dependencies=SCHEMES)


class RejectedTrace(BaseModel):
    """Why the trace at an index of the request was not recorded."""

    index: int
    field: str | None
    error: str
    code: str


class RecordedView(BaseModel):
    """What became of the traces; `ids` has one for each, null for those that were rejected."""

    ids: list[str | None]
    recorded: int
    duplicates: int
    rejected: int
    rejections: list[RejectedTrace]


class RowView(BaseModel):
    """What became of a row for the dataset: accepted, duplicate or rejected, and then why."""

    status: str
    row_id: str
    reason: str | None = None
    code: str | None = None


class FeedbackView(BaseModel):
    """Feedback as it is kept now, and what became of its row, if there is one."""

    trace_id: str
    feedback: dict[str, Any]
    row: RowView | None


@router.post("/v1/leaderboard/{leaderboard_id}/traces", status_code=201)
@router.post("/api/leaderboards/{leaderboard_id}/traces", status_code=201, include_in_schema=False)
def record_traces(caller: Writer, leaderboard_id: str, body: Annotated[trace_bodies.Documents, Body()]) -> RecordedView:
    """Record what was asked and answered elsewhere: one trace, or `{"traces": […]}` with up to 500.

    A trace with an `id` that was recorded before is a duplicate and changes nothing, so a request with ids may be
    repeated. The leaderboard's settings of traces hold for these too.
    """
    leaderboard = leaderboards.get(caller.workspace_id, leaderboard_id)
    found, rejections, count = trace_bodies.read(body, caller)
    known = _record(leaderboard, found)
    ids: list[str | None] = [None] * count
    for index, trace, _ in found:
        ids[index] = trace.trace_id
    return RecordedView(
        ids=ids,
        recorded=len(found) - known,
        duplicates=known,
        rejected=len(rejections),
        rejections=[
            RejectedTrace(index=one.index, field=one.field, error=one.error, code=one.code) for one in rejections
        ],
    )


@router.post("/v1/leaderboard/{leaderboard_id}/traces/{trace_id}/feedback")
@router.post("/api/leaderboards/{leaderboard_id}/traces/{trace_id}/feedback", include_in_schema=False)
def give_feedback(caller: Writer, leaderboard_id: str, trace_id: TraceId, wanted: FeedbackInput) -> FeedbackView:
    """Say how good an answer was, and what would have been right. Said again, it replaces what was said before.

    A corrected answer becomes a row of a PUSH dataset, unless `add_to_dataset` is false; `row` tells what became of it.
    """
    leaderboard = leaderboards.get(caller.workspace_id, leaderboard_id)
    if wanted.add_to_dataset:
        leaderboards.check_takes_rows(leaderboard)
    found = trace_views.located(caller.workspace_id, leaderboard_id, trace_id)
    told = feedback.put(caller.workspace_id, leaderboard_id, found, _kept(leaderboard, wanted.feedback(caller)))
    default = bool(wanted.answers) and leaderboard.dataset_type == "PUSH"
    adds = default if wanted.add_to_dataset is None else wanted.add_to_dataset
    row = _row(leaderboard, found, wanted.answers) if adds else None
    return FeedbackView(trace_id=trace_id, feedback=told.public(), row=row)


@router.delete("/v1/leaderboard/{leaderboard_id}/traces/{trace_id}/feedback", status_code=204)
@router.delete(
    "/api/leaderboards/{leaderboard_id}/traces/{trace_id}/feedback", status_code=204, include_in_schema=False
)
def take_feedback_back(caller: Writer, leaderboard_id: str, trace_id: TraceId) -> Response:
    """Remove the feedback on a trace. A row that was made of it stays in the dataset."""
    leaderboards.get(caller.workspace_id, leaderboard_id)
    feedback.remove(caller.workspace_id, leaderboard_id, trace_id)
    return Response(status_code=204)


def _record(leaderboard: Leaderboard, found: list[tuple[int, Trace, bool]]) -> int:
    """Store the traces; how many of them were known."""
    settings = leaderboard.traces
    fresh: dict[str, Trace] = {}
    for _, one, _ in found:
        fresh.setdefault(one.trace_id, one)
    kept = [traces.captured(one, content=settings.capture_content, redact=settings.redact) for one in fresh.values()]
    chosen = {one.trace_id for _, one, is_chosen in found if is_chosen}
    known = manual.add(leaderboard.workspace_id, leaderboard.id, kept, chosen, settings.retention_days)
    return len(known) + len(found) - len(fresh)


def _kept(leaderboard: Leaderboard, told: Feedback) -> Feedback:
    """What the leaderboard lets be kept of feedback, whose texts tell as much as those of traces."""
    return told.captured(content=leaderboard.traces.capture_content, redact=leaderboard.traces.redact)


def _row(leaderboard: Leaderboard, found: Located, answers: list[str] | None) -> RowView:
    batch_id = new_id()
    pushed = trace_rows.add_one(leaderboard, found.trace, answers, batch_id)
    # Also sees that what waits is consolidated when it is enough.
    leaderboards.push_answer(leaderboard, pushed, batch_id, pushed.rejections)
    refused: Rejection | None = next(iter(pushed.rejections), None)
    if refused:
        return RowView(status="rejected", row_id=found.trace.trace_id, reason=refused.error, code=refused.code)
    return RowView(status="duplicate" if pushed.duplicates else "accepted", row_id=found.trace.trace_id)
