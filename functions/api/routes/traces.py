"""Traces of a leaderboard or a Dr.Gero model: what was asked and answered, by runs and by production."""

import json
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response

from functions.api.caller import SCHEMES, Offset, Reader
from functions.api.fitting import fitting
from gero import leaderboards, models, traces

router = APIRouter(tags=["traces"], dependencies=SCHEMES)


Format = Literal["json", "jsonl", "ndjson"]
Many = Annotated[int, Query(ge=1, le=1000)]
Batches = Annotated[int, Query(ge=1, le=100)]
_LINES: dict[int | str, dict[str, Any]] = {200: {"content": {"application/x-ndjson": {}, "application/json": {}}}}


@router.get("/v1/leaderboard/{leaderboard_id}/traces", response_model=None, responses=_LINES)
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
) -> Response | dict[str, Any]:
    """The newest traces. They lie in batches, of which at most `batch_limit` are scanned for one answer.

    An answer ends early when it would be too large; go on at `offset` + `count`.
    """
    leaderboards.get(caller.workspace_id, leaderboard_id)
    asked = traces.find(
        caller.workspace_id,
        leaderboard_id,
        limit=limit,
        offset=offset,
        batch_limit=batch_limit,
        source=source,
        run_id=run_id,
    )
    told = {
        "leaderboard_id": leaderboard_id,
        "traces_url": f"{_base(request)}/api/leaderboards/{leaderboard_id}/traces",
    }
    return _shown(asked, leaderboard_id, format, told | {"limit": limit, "offset": offset})


@router.get("/v1/models/{model_id}/traces", response_model=None, responses=_LINES)
@router.get("/api/models/{model_id}/traces", response_model=None, include_in_schema=False)
def read_model_traces(
    request: Request,
    caller: Reader,
    model_id: str,
    limit: Many = 100,
    offset: Offset = 0,
    format: Format = "jsonl",
    batch_limit: Batches = 25,
) -> Response | dict[str, Any]:
    """The newest traces of a Dr.Gero model's own inference endpoint, as those of a leaderboard."""
    models.get(caller.workspace_id, model_id)
    asked = traces.find(caller.workspace_id, model_id, limit=limit, offset=offset, batch_limit=batch_limit)
    told = {"model_id": model_id, "traces_url": f"{_base(request)}/api/models/{model_id}/traces"}
    return _shown(asked, None, format, told | {"limit": limit, "offset": offset})


def _base(request: Request) -> str:
    return str(request.base_url).rstrip("/")


def _shown(
    page: traces.Page, leaderboard_id: str | None, format: Format, told: dict[str, Any]
) -> Response | dict[str, Any]:
    rows = list(fitting([trace.public(leaderboard_id) for trace in page.traces]))
    if format != "json":
        lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        return Response(lines, media_type="application/x-ndjson")
    counted = {"count": len(rows), "batch_count": page.batch_count, "scanned_rows": page.scanned_rows}
    return told | counted | {"rows": rows}
