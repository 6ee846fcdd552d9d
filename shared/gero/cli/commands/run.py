"""`gero run`: evaluate the candidates of a leaderboard."""

from typing import Annotated, Any

import typer

from gero.cli import render
from gero.cli.command import Leaderboard, command, new_group
from gero.cli.failure import FAILED, INTERRUPTED, Failure
from gero.cli.options import AlgorithmOption
from gero.cli.root import EVALUATE
from gero.cli.session import Session

group = new_group()

Wait = Annotated[bool, typer.Option("--wait", "-w", help="Show the progress until it ends; fails when the run does.")]


@command(
    group,
    "run",
    "gero run --wait",
    'gero run "Support triage" --rows 200 --algorithm LAST_N --wait',
    "gero run --dataset-version 3",
    panel=EVALUATE,
)
def start(
    session: Session,
    leaderboard: Leaderboard = None,
    wait: Wait = False,
    rows: Annotated[int | None, typer.Option(min=1, help="Evaluate at most so many rows.")] = None,
    algorithm: AlgorithmOption = None,
    dataset_version: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Evaluate this version of the dataset, not the latest.")
    ] = None,
) -> None:
    """Ask every candidate every row, and rank them."""
    leaderboard_id = session.leaderboard_id(leaderboard)
    options = {"rows": rows, "algorithm": algorithm, "dataset_version": dataset_version}
    given = {name: value for name, value in options.items() if value is not None}
    run = session.api.post(f"/api/leaderboards/{leaderboard_id}/run", given)
    if wait:
        wait_until_ended(session, leaderboard_id, run["id"])
        return
    session.answer(run, lambda: f"Started run {run['id']}")
    session.note(f"Follow it with: gero runs show {run['id']} -l {leaderboard_id} --wait")


def wait_until_ended(session: Session, leaderboard_id: str, run_id: str) -> None:
    """Show a run's progress until it ends, then its ranking; Failure when it did not complete."""
    try:
        run = render.watch_run(session.api, leaderboard_id, run_id, session.stderr)
    except KeyboardInterrupt as interruption:
        place = f"{run_id} -l {leaderboard_id}"
        lines = [f"follow it: gero runs show {place} --wait", f"cancel it: gero runs cancel {place}"]
        raise Failure("stopped waiting, the run goes on", INTERRUPTED, lines) from interruption
    if run["status"] == "completed" or session.as_json:
        session.answer(run, lambda: render.ranking_report(render.ranking_of_run(run)))
    if run["status"] != "completed":
        raise _unsuccessful(run)


def _unsuccessful(run: dict[str, Any]) -> Failure:
    reason = f": {run['error']}" if run.get("error") else ""
    return Failure(f"the run {'was cancelled' if run['status'] == 'cancelled' else 'failed'}{reason}", FAILED)
