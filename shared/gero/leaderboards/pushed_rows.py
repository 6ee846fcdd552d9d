"""What a leaderboard does with the rows that are pushed to it: what is told, when models may be added, new runs."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import msgspec

from gero import datasets, runs
from gero.datasets import DatasetVersion, Intake, Pushed, Rejection, intake
from gero.kit import Conflict, log, settings
from gero.leaderboards import planning
from gero.leaderboards.leaderboard import Leaderboard
from gero.runs import Run

MAX_PUSHED_ROWS = 500  # a request
MAX_PUSHED_BYTES = 4_000_000  # Lambda takes 6 MB, in which the body is a text with its quotes escaped
_LOOK_AGAIN = timedelta(minutes=10)


def push_answer(
    leaderboard: Leaderboard, pushed: Pushed, batch_id: str, rejections: Sequence[Rejection]
) -> dict[str, Any]:
    """The documented answer to a push; a consolidation that has become due by it is marked so."""
    found = intake.read(leaderboard.workspace_id, leaderboard.id)
    if found.pending_rows >= leaderboard.consolidate_every_events:
        found = intake.hasten(leaderboard.workspace_id, leaderboard.id, found)
    return {
        "accepted_rows": pushed.accepted,
        "rejected_rows": len(rejections),
        "rejections": msgspec.to_builtins(sorted(rejections, key=lambda one: one.index)),
        "duplicate_rows": pushed.duplicates,
        "status": "accepted",
        "batch_id": batch_id,
        "pending_events": found.pending_rows,
        "limits": limits(leaderboard),
        "consolidation": consolidation(leaderboard, found),
    }


def limits(leaderboard: Leaderboard) -> dict[str, Any]:
    """The limits of a PUSH dataset and what of them is used; counts of rows, None without a limit."""
    used = intake.usage(leaderboard.workspace_id, leaderboard.id)
    daily, monthly = leaderboard.daily_event_limit, leaderboard.monthly_event_limit
    return {
        "daily_event_limit": daily,
        "daily_accepted": used.today,
        "daily_remaining": None if daily is None else max(0, daily - used.today),
        "monthly_event_limit": monthly,
        "monthly_accepted": used.this_month,
        "monthly_remaining": None if monthly is None else max(0, monthly - used.this_month),
        "max_samples_to_gather": leaderboard.max_samples_to_gather,
        "end_date": leaderboard.end_date.isoformat() if leaderboard.end_date else None,
        "max_rows_per_request": MAX_PUSHED_ROWS,
        "max_body_bytes": MAX_PUSHED_BYTES,
    }


def consolidation(leaderboard: Leaderboard, found: Intake) -> dict[str, Any]:
    """When what waits is consolidated; `due_at` is None when nothing waits."""
    return {
        "should_consolidate": found.should_consolidate(),
        "due_at": found.due_at,
        "every_events": leaderboard.consolidate_every_events,
        "every_hours": leaderboard.consolidate_every_hours,
    }


def check_takes_rows(leaderboard: Leaderboard) -> None:
    """Conflict unless rows can be pushed to the leaderboard."""
    if leaderboard.dataset_type != "PUSH":
        raise Conflict("this leaderboard reads its dataset from a URL; only PUSH leaderboards take rows")


def check_enough_rows(leaderboard: Leaderboard) -> None:
    """Conflict while a PUSH dataset has accepted fewer rows than this deployment asks for before models are added."""
    needed = settings.min_pushed_rows()
    if leaderboard.dataset_type != "PUSH" or not needed:
        return
    accepted = datasets.accepted_rows(leaderboard.workspace_id, leaderboard.id)
    if accepted < needed:
        raise Conflict(
            f"models can be added once {needed:,} rows were accepted, {accepted:,} are by now; push "
            f"{needed - accepted:,} more",
            code="too_few_rows",
            accepted_rows=accepted,
            needed_rows=needed,
        )


def improve(leaderboard: Leaderboard, version: DatasetVersion) -> Run | None:
    """Start a dataset_improvement run on a new version, unless it is empty, a run has evaluated it or one is active.

    None when there is nothing to start. While a run is active the version waits; a leaderboard that asks for such runs
    is looked at again every few minutes.
    """
    latest = next(runs.listed(leaderboard.workspace_id, leaderboard.id, 1), None)
    is_known = latest and latest.dataset and latest.dataset["version"] >= version.number
    if is_known or version.rows == 0:
        return None
    try:
        return planning.start_run(leaderboard, "dataset_improvement")
    except Conflict as error:  # too few models, or a run is active
        log.warning("improvement.skipped", leaderboard_id=leaderboard.id, code=error.code)
        if error.code == "run_active" and leaderboard.run_on_new_version:
            intake.look_again(leaderboard.workspace_id, leaderboard.id, _LOOK_AGAIN)
        return None
