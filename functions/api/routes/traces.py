"""Traces of a leaderboard: what was asked and answered, by runs and by production."""

import json
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response

from functions.api.caller import SCHEMES, Offset, Reader
from functions.api.fitting import fitting
from gero import leaderboards, traces

router = APIRouter(tags=["traces"], dependencies=SCHEMES)


@router.get(
    "/v1/leaderboard/{leaderboard_id}/traces",
    response_model=None,
    responses={200: {"content": {"application/x-ndjson": {}, "application/json": {}}}},
)
@router.get("/api/leaderboards/{leaderboard_id}/traces", response_model=None, include_in_schema=False)
def read_traces(
    request: Request,
    caller: Reader,
    leaderboard_id: str,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    offset: Offset = 0,
    source: traces.Source | None = None,
    run_id: str | None = None,
    format: Literal["json", "jsonl", "ndjson"] = "jsonl",
    batch_limit: Annotated[int, Query(ge=1, le=100)] = 25,
) -> Response | dict[str, Any]:
    """The newest traces. They lie in batches, of which at most `batch_limit` are scanned for one answer.

    An answer ends early when it would be too large; go on at `offset` + `count`.
    """
    leaderboards.get(caller.workspace_id, leaderboard_id)
    page = traces.find(
        caller.workspace_id,
        leaderboard_id,
        limit=limit,
        offset=offset,
        batch_limit=batch_limit,
        source=source,
        run_id=run_id,
    )
    rows = list(fitting([trace.public(leaderboard_id) for trace in page.traces]))
    if format != "json":
        lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        return Response(lines, media_type="application/x-ndjson")
    return {
        "leaderboard_id": leaderboard_id,
        "traces_url": f"{str(request.base_url).rstrip('/')}/api/leaderboards/{leaderboard_id}/traces",
        "count": len(rows),
        "limit": limit,
        "offset": offset,
        "batch_count": page.batch_count,
        "scanned_rows": page.scanned_rows,
        "rows": rows,
    }
