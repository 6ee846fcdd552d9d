"""Traces of a leaderboard or a Dr.Gero model: what was asked and answered, by runs and by production."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from functions.api import trace_views
from functions.api.caller import SCHEMES, Offset, Reader
from functions.api.trace_views import LINES, Attributes, Batches, Cursor, Format, Many, Moment, Shown, TraceId
from gero import leaderboards, models, traces

router = APIRouter(tags=["traces"], dependencies=SCHEMES)

ModelId = Annotated[str | None, Query(max_length=100, description="Only those that this model answered")]
Errors = Annotated[bool, Query(description="Only those without an answer")]
HasFeedback = Annotated[bool | None, Query(description="Only those that somebody has rated, or nobody")]


@router.get("/v1/leaderboard/{leaderboard_id}/traces", response_model=None, responses=LINES)
@router.get("/api/leaderboards/{leaderboard_id}/traces", response_model=None, include_in_schema=False)
def read_traces(
    request: Request,
    caller: Reader,
    leaderboard_id: str,
    limit: Many = 100,
    offset: Offset = 0,
    source: traces.Source | None = None,
    run_id: str | None = None,
    format: Format = "jsonl",
    batch_limit: Batches = 25,
    since: Moment = None,
    until: Moment = None,
    cursor: Cursor = None,
    model_id: ModelId = None,
    errors_only: Errors = False,
    has_feedback: HasFeedback = None,
    attributes: Attributes = False,
) -> Response | dict[str, Any]:
    """The newest traces. They lie in batches, of which at most `batch_limit` are scanned for one answer.

    Go on with `next_cursor` (of lines: the header `X-Dr.Gero-Next-Cursor`) until it is null: an answer may end early,
    when the batches were scanned or it would be too large. `since` is included in a range, `until` is not.
    """
    found = leaderboards.get(caller.workspace_id, leaderboard_id)
    trace_views.check_paging(offset, cursor)
    page = traces.find(
        caller.workspace_id,
        leaderboard_id,
        limit=limit,
        offset=offset,
        batch_limit=batch_limit,
        cursor=cursor,
        **trace_views.filters(
            since,
            until,
            source=source,
            run_id=run_id,
            model_id=model_id,
            errors_only=errors_only,
            has_feedback=has_feedback,
        ),
    )
    url = f"{_base(request)}/api/leaderboards/{leaderboard_id}/traces"
    told = {"leaderboard_id": leaderboard_id, "traces_url": url, "limit": limit, "offset": offset}
    shown = Shown(caller.workspace_id, leaderboard_id, leaderboard_id, found.traces, attributes=attributes)
    return shown.answer(request, page, format, told)


@router.get("/v1/leaderboard/{leaderboard_id}/traces/{trace_id}")
@router.get("/api/leaderboards/{leaderboard_id}/traces/{trace_id}", include_in_schema=False)
def read_trace(
    caller: Reader, leaderboard_id: str, trace_id: TraceId, attributes: Attributes = False
) -> dict[str, Any]:
    """One trace. That of an inference request can be read some seconds after its answer."""
    found = leaderboards.get(caller.workspace_id, leaderboard_id)
    shown = Shown(caller.workspace_id, leaderboard_id, leaderboard_id, found.traces, attributes=attributes)
    return shown.one(trace_id)


@router.get("/v1/models/{model_id}/traces", response_model=None, responses=LINES)
@router.get("/api/models/{model_id}/traces", response_model=None, include_in_schema=False)
def read_model_traces(
    request: Request,
    caller: Reader,
    model_id: str,
    limit: Many = 100,
    offset: Offset = 0,
    source: traces.Source | None = None,
    format: Format = "jsonl",
    batch_limit: Batches = 25,
    since: Moment = None,
    until: Moment = None,
    cursor: Cursor = None,
    errors_only: Errors = False,
) -> Response | dict[str, Any]:
    """The newest traces of a Dr.Gero model's own inference endpoint, as those of a leaderboard."""
    models.get(caller.workspace_id, model_id)
    trace_views.check_paging(offset, cursor)
    page = traces.find(
        caller.workspace_id,
        model_id,
        limit=limit,
        offset=offset,
        batch_limit=batch_limit,
        cursor=cursor,
        **trace_views.filters(since, until, source=source, errors_only=errors_only),
    )
    url = f"{_base(request)}/api/models/{model_id}/traces"
    told = {"model_id": model_id, "traces_url": url, "limit": limit, "offset": offset}
    return Shown(caller.workspace_id, model_id, None).answer(request, page, format, told)


@router.get("/v1/models/{model_id}/traces/{trace_id}")
@router.get("/api/models/{model_id}/traces/{trace_id}", include_in_schema=False)
def read_model_trace(caller: Reader, model_id: str, trace_id: TraceId) -> dict[str, Any]:
    """One trace of a Dr.Gero model's own inference endpoint."""
    models.get(caller.workspace_id, model_id)
    return Shown(caller.workspace_id, model_id, None).one(trace_id)


def _base(request: Request) -> str:
    return str(request.base_url).rstrip("/")
