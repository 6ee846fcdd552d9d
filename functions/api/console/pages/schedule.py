"""The schedule of a leaderboard: a form beside the JSON that it makes; either can be saved."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import Request, Response
from pydantic import ValidationError

from functions.api.console import boards
from functions.api.console.boards import Board
from functions.api.console.page_router import page_router
from functions.api.console.pages.detail import TRIGGERS, address_of
from functions.api.console.rendering import goes_to, page
from functions.api.console.security import Form
from functions.api.console.submitted import Faults, Submitted, faults, status_of
from functions.api.console.visitor import Visiting, Visitor
from functions.api.routes import schedules as api
from gero.kit import GeroError, Invalid, clock
from gero.leaderboards import Schedule, schedule

router = page_router()
PRESETS = (("DAILY", "Every day"), ("WEEKLY", "Every Sunday"), ("MONTHLY", "On the 1st"), ("CUSTOM", "Cron expression"))
CADENCES = (("DAILY", "daily"), ("WEEKLY", "weekly"), ("MONTHLY", "monthly"))
CHECKS = (("HOURLY", "hourly"), *CADENCES)
ROWS = (("ALL", "all"), ("AUTO", f"{schedule.AUTO_ROWS:,}, which are enough"), ("LIMIT", "at most a number"))
ALGORITHMS = (
    ("LAST_N", "the newest"),
    ("RANDOM_SHUFFLE", "a random choice"),
    ("WEIGHTED_SHUFFLE", "preferring new ones"),
)
NEW = Schedule.model_validate({"triggers": {"cron": {"enabled": True, "preset": "WEEKLY"}}})


@router.get("/leaderboards/{leaderboard_id}/schedule")
def editor(request: Request, visitor: Visiting, leaderboard_id: str) -> Response:
    """The editor with the present schedule, or a first one."""
    visitor.principal.require("leaderboards:write")
    board = boards.find(request, visitor, leaderboard_id)
    return _page(request, visitor, board, board.stored.schedule or NEW)


@router.post("/leaderboards/{leaderboard_id}/schedule/preview")
def preview(request: Request, visitor: Visiting, form: Form, leaderboard_id: str) -> Response:
    """The JSON that the form makes, and when it would fire; a part of the page."""
    visitor.principal.require("leaderboards:write")
    board = boards.find(request, visitor, leaderboard_id)
    wrong, made = _read(board, _described(form))
    return page(request, "parts/schedule_json.html", visitor, **_told(made, wrong, form.text("json")))


@router.post("/leaderboards/{leaderboard_id}/schedule")
def save(request: Request, visitor: Visiting, form: Form, leaderboard_id: str) -> Response:
    """Save the form, or with the other button the JSON beside it."""
    visitor.principal.require("leaderboards:write")
    board = boards.find(request, visitor, leaderboard_id)
    try:
        document = _parsed(form.text("json")) if form.text("save") == "json" else _described(form)
    except Invalid as error:
        return _page(request, visitor, board, None, faults(error), 400, form)
    wrong, made = _read(board, document)
    if made is None:
        return _page(request, visitor, board, None, wrong, 400, form)
    try:
        api.set_schedule(visitor.principal, leaderboard_id, made)
    except GeroError as error:
        return _page(request, visitor, board, made, faults(error), status_of(error), form)
    return goes_to(request, address_of(board.stored, "schedule"), "The schedule is set; it counts from now on.")


@router.post("/leaderboards/{leaderboard_id}/schedule/delete")
def delete(request: Request, visitor: Visiting, form: Form, leaderboard_id: str) -> Response:
    """Take the schedule away."""
    visitor.principal.require("leaderboards:write")
    board = boards.find(request, visitor, leaderboard_id)
    api.delete_schedule(visitor.principal, leaderboard_id)
    return goes_to(request, address_of(board.stored, "schedule"), "The schedule is taken away.")


def _described(form: Submitted) -> dict[str, Any]:
    """The document that the form describes."""
    custom = form.text("preset") == "CUSTOM"
    cron: dict[str, Any] = {"enabled": form.flag("cron"), "preset": form.text("preset", "DAILY")}
    cron |= {"expression": form.text("expression")} if custom else {}
    cron["timezone"] = form.text("timezone") or "UTC"
    new_data = {"enabled": form.flag("new_data"), "check_cadence": form.text("check_cadence", "DAILY")}
    new_data["every_new_events"] = form.text("every_new_events") or 500
    version = {"enabled": form.flag("model_version"), "cadence": form.text("cadence", "DAILY")}
    triggers = {"cron": cron, "new_data": new_data, "model_version": version}
    return {"version": 2, "triggers": triggers, "dataset": _rows(form), "paused": form.flag("paused")}


def _rows(form: Submitted) -> dict[str, Any]:
    mode = form.text("mode", "ALL")
    if mode == "ALL":
        return {"mode": mode}
    auto = mode == "AUTO"
    limit = {"auto": auto, "rows": None if auto else form.text("rows") or None}
    return {"mode": "LIMIT", "limit": limit | {"algorithm": form.text("algorithm", "RANDOM_SHUFFLE")}}


def _parsed(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Invalid(f"json: this is not JSON: {error}", field="json") from error
    if not isinstance(found, dict):
        raise Invalid("json: give a JSON object", field="json")
    return found


def _read(board: Board, document: dict[str, Any]) -> tuple[Faults, Schedule | None]:
    """What is wrong with a document, or the schedule that it is."""
    try:
        made = Schedule.model_validate(document)
        made.check(board.stored.dataset_type)
    except ValidationError as error:
        return {_field(place): told for place, told in faults(error).items()}, None
    except ValueError as error:
        place, _, told = str(error).partition(": ")
        return {_field(place): told}, None
    except Invalid as error:
        return faults(error), None
    return {}, made


def _field(place: str) -> str:
    """The control of a place in the document."""
    last = place.rpartition(".")[2]
    return "cron" if last in ("triggers", "cron") else last


def _told(made: Schedule | None, wrong: Faults, text: str) -> dict[str, Any]:
    document = made.model_dump(mode="json") if made else None
    return {"document": document, "coming": _coming(made) if made else [], "faults": wrong, "text": text}


def _coming(made: Schedule) -> list[tuple[str, list[str]]]:
    """What each trigger that is on is called, and when it is looked at next: at a time, three times by its clock."""
    on = {} if made.paused else made.triggers.enabled()
    zone = ZoneInfo(made.triggers.cron.timezone)
    return [
        (
            TRIGGERS[name],
            [_clock(at, zone if name == "cron" else UTC) for at in _times(one, 3 if name == "cron" else 1)],
        )
        for name, one in on.items()
    ]


def _times(trigger: schedule.Trigger, count: int) -> Iterator[datetime]:
    moment = clock.now()
    for _ in range(count):
        moment = trigger.next_after(moment)
        yield moment


def _clock(moment: datetime, zone: tzinfo) -> str:
    return f"{moment.astimezone(zone):%a %Y-%m-%d %H:%M} {zone}"


def _page(
    request: Request,
    visitor: Visitor,
    board: Board,
    made: Schedule | None,
    wrong: Faults | None = None,
    status: int = 200,
    typed: Submitted | None = None,
) -> Response:
    return boards.board_page(
        request,
        "schedule.html",
        visitor,
        board,
        "detail",
        status=status,
        form=typed or Submitted(_form_of(made or NEW)),
        presets=PRESETS,
        cadences=CADENCES,
        checks=CHECKS,
        modes=ROWS,
        algorithms=ALGORITHMS,
        triggers=TRIGGERS,
        **_told(made, wrong or {}, typed.text("json") if typed else ""),
    )


def _form_of(made: Schedule) -> dict[str, str]:
    """The fields of the form that describe a schedule."""
    cron, data, version = made.triggers.cron, made.triggers.new_data, made.triggers.model_version
    on = {"cron": cron.enabled, "new_data": data.enabled, "model_version": version.enabled, "paused": made.paused}
    limit = made.dataset.limit
    return {
        **{name: "on" if value else "" for name, value in on.items()},
        "preset": cron.preset,
        "expression": cron.expression or "",
        "timezone": cron.timezone,
        "check_cadence": data.check_cadence,
        "every_new_events": str(data.every_new_events),
        "cadence": version.cadence,
        "mode": "AUTO" if made.dataset.mode == "LIMIT" and limit.auto else made.dataset.mode,
        "rows": "" if limit.rows is None else str(limit.rows),
        "algorithm": limit.algorithm,
    }
