"""Traces: what was asked and answered, of a leaderboard or of a Dr.Gero model; one whole, with feedback on it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import Query, Request, Response
from pydantic import ValidationError

from functions.api.console import boards, wording
from functions.api.console.page_router import page_router
from functions.api.console.rendering import goes_to, page
from functions.api.console.security import Form
from functions.api.console.submitted import Faults, Submitted, faults, status_of, validated
from functions.api.console.visitor import Visiting, Visitor
from functions.api.routes import dataset, trace_changes
from functions.api.routes import models as models_api
from functions.api.routes import traces as api
from functions.api.routes.dataset import TracesInput
from functions.api.trace_bodies import FeedbackInput
from gero import leaderboards, models
from gero.kit import GeroError, clock

router = page_router()
SOURCES = (
    ("", "any source"),
    ("inference", "inference"),
    ("run", "runs"),
    ("manual", "recorded"),
    ("dataset", "dataset"),
)
SINCE = (
    *(("", "any time"), ("1", "the last hour"), ("24", "the last day"), ("168", "the last week")),
    ("range", "from … until …"),
)
RATED = (("", "rated or not"), ("yes", "rated"), ("no", "not rated"))
SCORES = (("", "no rating"), ("1", "right"), ("0.5", "in part"), ("0", "wrong"))
_FILTERS = ("source", "since", "from", "until", "rated", "model", "run", "errors")
_SHOWN, _DOWNLOADED = 30, 1000
Text = Annotated[str, Query(max_length=2000)]
Read = Callable[..., Response | dict[str, Any]]


@router.get("/traces")
def choose(request: Request, visitor: Visiting) -> Response:
    """Whose traces to look at."""
    visitor.principal.require("leaderboards:read")
    of_models = models.listed(visitor.workspace_id) if visitor.may("models:read") else ()
    found = [(f"/leaderboards/{one.id}/traces", one.name) for one in leaderboards.listed(visitor.workspace_id)]
    own = [(f"/models/{one.id}/traces", one.name) for one in of_models]
    return page(request, "traces_index.html", visitor, boards=found, models=own)


@router.get("/leaderboards/{leaderboard_id}/traces")
def of_leaderboard(request: Request, visitor: Visiting, leaderboard_id: str) -> Response:
    """A leaderboard's traces, newest first."""
    board = boards.find(request, visitor, leaderboard_id)
    candidates = leaderboards.candidates.listed(visitor.workspace_id, leaderboard_id)
    asked = Submitted(request.query_params)
    told = _listed(lambda **wanted: api.read_traces(request, visitor.principal, leaderboard_id, **wanted), asked)
    names = {one.id: one.name for one in candidates}
    return boards.board_page(
        request, "traces.html", visitor, board, "", address=f"{board.address}/traces", names=names, **_choices(), **told
    )


@router.get("/leaderboards/{leaderboard_id}/traces/download")
def download(request: Request, visitor: Visiting, leaderboard_id: str) -> Response:
    """The newest thousand that pass the filters, as JSON lines."""
    visitor.principal.require("leaderboards:read")
    wanted = _wanted(Submitted(request.query_params)) | {"limit": _DOWNLOADED, "format": "jsonl", "batch_limit": 100}
    found = api.read_traces(request, visitor.principal, leaderboard_id, **wanted)
    assert isinstance(found, Response)
    found.headers["Content-Disposition"] = f'attachment; filename="traces-{leaderboard_id[:8]}.jsonl"'
    return found


@router.get("/leaderboards/{leaderboard_id}/traces/{trace_id}")
def read(request: Request, visitor: Visiting, leaderboard_id: str, trace_id: str) -> Response:
    """One trace."""
    return _one(request, visitor, leaderboard_id, trace_id)


@router.get("/leaderboards/{leaderboard_id}/traces/{trace_id}/download")
def download_one(request: Request, visitor: Visiting, leaderboard_id: str, trace_id: str) -> Response:
    """One trace as JSON, whole."""
    visitor.principal.require("leaderboards:read")
    return _file(api.read_trace(visitor.principal, leaderboard_id, trace_id))


@router.post("/leaderboards/{leaderboard_id}/traces/{trace_id}")
def give_feedback(request: Request, visitor: Visiting, form: Form, leaderboard_id: str, trace_id: str) -> Response:
    """Say how good an answer was, and what would have been right."""
    visitor.principal.require("leaderboards:write")
    corrected = form.optional("corrected")
    fields: dict[str, Any] = {"score": form.optional("score"), "comment": form.optional("comment")}
    fields |= {"corrected": corrected, "add_to_dataset": form.flag("add_to_dataset") if corrected else None}
    try:
        wanted = validated(FeedbackInput, fields)
        noted = trace_changes.give_feedback(visitor.principal, leaderboard_id, trace_id, wanted)
    except (ValidationError, GeroError) as error:
        return _one(request, visitor, leaderboard_id, trace_id, faults(error), status_of(error), form)
    became = f" Its row for the dataset: {noted.row.reason or noted.row.status}." if noted.row else ""
    return goes_to(request, f"/leaderboards/{leaderboard_id}/traces/{trace_id}", f"Noted.{became}")


@router.post("/leaderboards/{leaderboard_id}/traces/{trace_id}/add")
def add_to_dataset(request: Request, visitor: Visiting, form: Form, leaderboard_id: str, trace_id: str) -> Response:
    """Make the trace a row of a PUSH dataset."""
    visitor.principal.require("leaderboards:write")
    try:
        wanted = validated(TracesInput, {"traces": [{"trace_id": trace_id}]})
        came = dataset.add_traces(visitor.principal, leaderboard_id, wanted)
    except (ValidationError, GeroError) as error:
        return _one(request, visitor, leaderboard_id, trace_id, faults(error), status_of(error))
    told = "It is a row of the dataset, from the next version on."
    if not came["accepted_rows"]:
        refused = [one["error"] for one in came.get("rejections", [])]
        told = refused[0] if refused else "The dataset has this row already."
    return goes_to(request, f"/leaderboards/{leaderboard_id}/traces/{trace_id}", told)


@router.get("/models/{model_id}/traces")
def of_model(request: Request, visitor: Visiting, model_id: str) -> Response:
    """The traces of a Dr.Gero model's own endpoint, newest first."""
    visitor.principal.require("leaderboards:read")
    visitor.principal.require("models:read")
    model = models_api.read_model(visitor.principal, model_id)
    asked = Submitted(request.query_params)

    def read(run_id: None = None, model_id: None = None, has_feedback: None = None, **wanted: Any) -> Any:
        return api.read_model_traces(request, visitor.principal, model.id, **wanted)

    told = _listed(read, asked)
    address = f"/models/{model_id}/traces"
    return page(request, "model_traces.html", visitor, model=model, address=address, names=None, **_choices(), **told)


@router.get("/models/{model_id}/traces/{trace_id}")
def read_of_model(request: Request, visitor: Visiting, model_id: str, trace_id: str) -> Response:
    """One trace of a Dr.Gero model."""
    visitor.principal.require("leaderboards:read")
    visitor.principal.require("models:read")
    model = models_api.read_model(visitor.principal, model_id)
    found = api.read_model_trace(visitor.principal, model_id, trace_id)
    return page(request, "model_trace.html", visitor, model=model, trace=found, name=model.name)


@router.get("/models/{model_id}/traces/{trace_id}/download")
def download_one_of_model(request: Request, visitor: Visiting, model_id: str, trace_id: str) -> Response:
    """One trace of a Dr.Gero model as JSON, whole."""
    visitor.principal.require("leaderboards:read")
    return _file(api.read_model_trace(visitor.principal, model_id, trace_id))


def _file(trace: dict[str, Any]) -> Response:
    text = wording.pretty_json(trace).encode("utf-8", "replace")
    headers = {"Content-Disposition": 'attachment; filename="trace.json"'}
    return Response(text, media_type="application/json", headers=headers)


def _listed(read: Read, asked: Submitted) -> dict[str, Any]:
    """A page of traces by what was asked, or what is wrong with that."""
    try:
        found = read(**_wanted(asked))
    except GeroError as error:
        none: dict[str, Any] = {"rows": [], "next_cursor": None}
        wrong = {"faults": faults(error), "status": status_of(error)}
        return {"found": none, "asked": asked, "query": _query(asked), **wrong}
    return {"found": found, "faults": {}, "asked": asked, "query": _query(asked)}


def _query(asked: Submitted) -> str:
    """The filters, for addresses of further pages and of the download."""
    return urlencode([(name, asked.text(name)) for name in _FILTERS if asked.text(name)])


def _between(asked: Submitted) -> tuple[str | None, str | None]:
    """From when and until when: the last hours, or what was typed, as UTC."""
    hours = asked.text("since")
    if hours == "range":
        return asked.optional("from"), asked.optional("until")
    known = hours.isdecimal() and hours in dict(SINCE)
    return (clock.iso(clock.now() - timedelta(hours=int(hours))) if known else None), None


def _wanted(asked: Submitted) -> dict[str, Any]:
    since, until = _between(asked)
    return {
        "limit": _SHOWN,
        "offset": 0,
        "source": asked.optional("source") if asked.text("source") in dict(SOURCES) else None,
        "run_id": asked.optional("run"),
        "format": "json",
        "batch_limit": 25,
        "since": since,
        "until": until,
        "cursor": asked.optional("cursor"),
        "model_id": asked.optional("model"),
        "errors_only": asked.flag("errors"),
        "has_feedback": {"yes": True, "no": False}.get(asked.text("rated")),
    }


def _choices() -> dict[str, Any]:
    return {"sources": SOURCES, "times": SINCE, "rated": RATED}


def _one(
    request: Request,
    visitor: Visitor,
    leaderboard_id: str,
    trace_id: str,
    wrong: Faults | None = None,
    status: int = 200,
    typed: Submitted | None = None,
) -> Response:
    board = boards.find(request, visitor, leaderboard_id)
    trace = api.read_trace(visitor.principal, leaderboard_id, trace_id)
    form = typed or Submitted(_said(trace.get("feedback") or {}))
    score = form.text("score")
    return boards.board_page(
        request,
        "trace.html",
        visitor,
        board,
        "",
        status=status,
        trace=trace,
        name=trace.get("model") or trace.get("model_id") or "",
        form=form,
        scores=SCORES if score in dict(SCORES) else (*SCORES, (score, score)),
        takes_rows=board.stored.dataset_type == "PUSH",
        faults=wrong or {},
    )


def _said(feedback: dict[str, Any]) -> dict[str, str]:
    """What was said before, as the form has it."""
    corrected = feedback.get("corrected") or []
    return {
        "score": "" if feedback.get("score") is None else f"{feedback['score']:g}",
        "comment": feedback.get("comment") or "",
        "corrected": corrected[0] if corrected else "",
    }
