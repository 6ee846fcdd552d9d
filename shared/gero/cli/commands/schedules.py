"""`gero schedule`: when a leaderboard runs by itself."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any, Unpack

import typer

from gero.cli import render
from gero.cli.command import Leaderboard, Yes, command, new_group
from gero.cli.failure import USAGE, Failure
from gero.cli.schedule_options import ScheduleOptions, schedule_object
from gero.cli.session import Session

group = new_group("Let a leaderboard run by itself: at fixed times, on new rows, or on new versions of its models.")


@command(group, "show", "gero schedule show", 'gero schedule show "Support triage" --json | jq .next_run_at')
def show(session: Session, leaderboard: Leaderboard = None) -> None:
    """Show when it runs, when next, and what came of the last time."""
    found = session.api.get(_path(session, leaderboard))
    session.answer(found, lambda: render.schedule_card(found))


@command(
    group,
    "set",
    'gero schedule set "Support triage" --cron "0 6 * * 1" --timezone Europe/Berlin --rows 5000 --algorithm LAST_N',
    "gero schedule set --every daily --auto-rows",
    "gero schedule set --new-data 500 --check hourly --model-version weekly",
    "gero schedule set --pause",
    "gero schedule show --json | jq .schedule > schedule.json; gero schedule set --json-file schedule.json",
)
def set_schedule(
    session: Session,
    leaderboard: Leaderboard = None,
    paused: Annotated[
        bool | None, typer.Option("--pause/--resume", help="Alone: change nothing else of the schedule.")
    ] = None,
    json_file: Annotated[
        str | None, typer.Option(metavar="FILE", help="The whole schedule as JSON, or - , instead of the options.")
    ] = None,
    **options: Unpack[ScheduleOptions],
) -> None:
    """Replace the schedule; what is not given is not kept."""
    given = [name for name, value in options.items() if value not in (None, False)]
    if json_file and (given or paused is not None):
        raise Failure("give either --json-file or the other options", USAGE)
    if not given and not json_file and paused is None:
        raise Failure("say when it runs, such as --every daily; `gero schedule set --help` lists it", USAGE)
    wanted = _read(json_file) if json_file else schedule_object(options) if given else None
    path = _path(session, leaderboard)
    if wanted is None:
        wanted = session.api.get(path)["schedule"]
        if wanted is None:
            raise Failure("there is no schedule to pause or resume: set one, such as --every daily")
    changed = session.api.put(path, wanted if paused is None else {**wanted, "paused": paused})
    session.answer(changed, lambda: render.schedule_card(changed))


@command(group, "clear", 'gero schedule clear "Support triage"', "gero schedule clear --yes")
def clear(session: Session, leaderboard: Leaderboard = None, yes: Yes = False) -> None:
    """Take the schedule away; runs are then started by hand only."""
    path = _path(session, leaderboard)
    session.confirm("Take the schedule away?", yes=yes)
    session.api.delete(path)
    session.answer({"schedule": None}, lambda: "Took the schedule away")


def _path(session: Session, leaderboard: str | None) -> str:
    return f"/api/leaderboards/{session.leaderboard_id(leaderboard)}/schedule"


def _read(file: str) -> dict[str, Any]:
    try:
        found = json.loads(sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise Failure(f"the schedule cannot be read from {file}: {error}", USAGE) from error
    if not isinstance(found, dict):
        raise Failure(f"the schedule of {file} is not a JSON object", USAGE)
    return found
