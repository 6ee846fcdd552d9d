"""A schedule in words: when a leaderboard runs, when next, and what came of the last time."""

from collections.abc import Iterator
from typing import Any, Final

from rich.console import RenderableType
from rich.text import Text

from gero.cli.render import formats
from gero.cli.render.push_settings import sample
from gero.cli.render.tables import FAULT, WARNING, card

_TRIGGERS: Final = {"cron": "the clock", "new_data": "new rows", "model_version": "a new model version"}


def schedule_card(found: dict[str, Any]) -> RenderableType:
    """The schedule and its state."""
    schedule = found.get("schedule")
    return card(
        [
            ("runs", schedule_in_words(schedule) if schedule else "by hand only: there is no schedule"),
            ("takes", _rows(schedule.get("dataset") or {}) if schedule else None),
            ("next", _next(found)),
            ("last", _last(found.get("state") or {})),
        ]
    )


def schedule_in_words(schedule: dict[str, Any]) -> str:
    """When it runs: "daily; when 500 rows are new, looked at hourly"."""
    told = "; ".join(_triggers(schedule.get("triggers") or {})) or "never"
    return f"paused ({told})" if schedule.get("paused") else told


def _triggers(triggers: dict[str, Any]) -> Iterator[str]:
    enabled = {name: one for name, one in triggers.items() if one and one.get("enabled", True)}
    if cron := enabled.get("cron"):
        custom = cron.get("preset") == "CUSTOM"
        when = f"at {cron.get('expression')}" if custom else str(cron.get("preset", "daily")).lower()
        yield f"{when}, {cron.get('timezone') or 'UTC'}"
    if new_data := enabled.get("new_data"):
        rows = formats.counted(new_data.get("every_new_events"), "row")
        yield f"when {rows} are new, looked at {str(new_data.get('check_cadence', 'daily')).lower()}"
    if model_version := enabled.get("model_version"):
        yield f"when a model has a new version, looked at {str(model_version.get('cadence', 'daily')).lower()}"


def _rows(dataset: dict[str, Any]) -> str:
    limit = dataset.get("limit") or {}
    if dataset.get("mode", "ALL") == "ALL":
        return "all rows"
    most = "as many rows as Gero picks" if limit.get("auto") else f"at most {formats.counted(limit.get('rows'), 'row')}"
    return f"{most}, {sample(limit.get('algorithm') or 'RANDOM_SHUFFLE')}"


def _next(found: dict[str, Any]) -> RenderableType | None:
    if (found.get("schedule") or {}).get("paused"):
        return Text("nothing while it is paused: gero schedule set --resume", style=WARNING)
    times = found.get("next") or []
    return "\n".join(f"{formats.when(one['at'])}, for {_TRIGGERS.get(one['trigger'], one['trigger'])}" for one in times)


def _last(state: dict[str, Any]) -> RenderableType | None:
    if not state:
        return None
    outcome = str(state.get("outcome"))
    run = f" run {state['run_id']}" if state.get("run_id") else ""
    asked = _TRIGGERS.get(str(state.get("last_trigger")), state.get("last_trigger"))
    told = f"{formats.when(state.get('last_fired_at'))}, for {asked}: {outcome}{run}"
    return Text(formats.plain(told), style="" if outcome == "started" else FAULT)
