"""`gero run` and `gero forecast`: evaluate the candidates of a leaderboard, and what that would cost."""

from typing import Annotated, Any, TypedDict, Unpack

import typer

from gero.cli import render
from gero.cli.command import Leaderboard, command, new_group
from gero.cli.failure import FAILED, INTERRUPTED, Failure
from gero.cli.options import AlgorithmOption
from gero.cli.polling import WAITING
from gero.cli.render import formats
from gero.cli.root import EVALUATE
from gero.cli.session import Session

group = new_group()

Wait = Annotated[bool, typer.Option("--wait", "-w", help="Show the progress until it ends; fails when the run does.")]


class RunOptions(TypedDict, total=False):
    """How a run is to be made, by the API's names; None where it was not said."""

    rows: Annotated[int | None, typer.Option(min=1, help="Evaluate at most so many rows.")]
    algorithm: AlgorithmOption
    dataset_version: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Evaluate this version of the dataset, not the latest.")
    ]
    fresh: Annotated[bool | None, typer.Option("--fresh", help="Ask, and pay for, again what earlier runs have asked.")]
    max_cost_usd: Annotated[
        float | None, typer.Option("--max-cost", min=0, metavar="USD", help="Pause when it has spent that.")
    ]


@command(
    group,
    "run",
    "gero run --wait",
    'gero run "Support triage" --rows 200 --algorithm LAST_N --wait',
    "gero run --dataset-version 3",
    "gero run --fresh --max-cost 5",
    panel=EVALUATE,
)
def start(session: Session, leaderboard: Leaderboard = None, wait: Wait = False, **options: Unpack[RunOptions]) -> None:
    """Ask every candidate every row, and rank them. Says before what it will cost."""
    leaderboard_id, given = session.leaderboard_id(leaderboard), _given(options)
    _tell_before(session, leaderboard_id, given)
    run = session.api.post(f"/api/leaderboards/{leaderboard_id}/run", given)
    if wait:
        wait_until_ended(session, leaderboard_id, run["id"])
        return
    session.answer(run, lambda: f"Started run {run['id']}")
    session.note(f"Follow it with: gero runs show {run['id']} -l {leaderboard_id} --wait")


@command(
    group,
    "forecast",
    "gero forecast",
    'gero forecast "Support triage" --rows 500',
    "gero forecast --json | jq .cost_p90_usd",
    panel=EVALUATE,
)
def forecast(session: Session, leaderboard: Leaderboard = None, **options: Unpack[RunOptions]) -> None:
    """Show what a run would ask, cost and take. Nothing is started."""
    path = f"/api/leaderboards/{session.leaderboard_id(leaderboard)}/forecast"
    found = session.api.post(path, _given(options), repeatable=True)
    session.answer(found, lambda: render.forecast_report(found))


def wait_until_ended(session: Session, leaderboard_id: str, run_id: str) -> None:
    """Show a run's progress until it ends, then its ranking; Failure when it did not complete.

    A run that waits for a person is no failure when that is what was asked for: people who review.
    """
    place = f"{run_id} -l {leaderboard_id}"
    try:
        run = render.watch_run(session.api, leaderboard_id, run_id, session.stderr)
    except KeyboardInterrupt as interruption:
        lines = [f"follow it: gero runs show {place} --wait", f"cancel it: gero runs cancel {place}"]
        raise Failure("stopped waiting, the run goes on", INTERRUPTED, lines) from interruption
    if run["status"] == "paused":
        if session.as_json:
            session.answer(run, lambda: "")
        lines = [f"go on: gero runs resume {place} --max-cost USD", f"cancel it: gero runs cancel {place}"]
        raise Failure(f"the run is paused after {formats.money(run['cost_usd'])}", FAILED, lines)
    if run["status"] == "completed" or run["status"] in WAITING or session.as_json:
        session.answer(run, lambda: render.ranking_report(render.ranking_of_run(run)))
    if run["status"] == "reviewing":
        session.note(f"The run waits for people: gero review -l {leaderboard_id}")
    elif run["status"] != "completed":
        raise _unsuccessful(run)


def _given(options: RunOptions) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None and value is not False}


def _tell_before(session: Session, leaderboard_id: str, given: dict[str, Any]) -> None:
    """One line of what the run will cost, to people only. A forecast that fails must not keep the run from starting."""
    if session.as_json:
        return
    try:
        found = session.api.post(f"/api/leaderboards/{leaderboard_id}/forecast", given)
    except Failure:
        return
    session.note(f"Forecast: {render.forecast_in_words(found)}")


def _unsuccessful(run: dict[str, Any]) -> Failure:
    reason = f": {run['error']}" if run.get("error") else ""
    return Failure(f"the run {'was cancelled' if run['status'] == 'cancelled' else 'failed'}{reason}", FAILED)
