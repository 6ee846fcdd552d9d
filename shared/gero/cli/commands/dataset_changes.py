"""`gero dataset consolidate`, `remove` and `add-traces`: what the next version of a pushed dataset holds."""

import time
from typing import Annotated, Any
from urllib.parse import quote

import typer

from gero.cli.command import Leaderboard, LeaderboardOption, Yes, command, new_group
from gero.cli.failure import FAILED, INTERRUPTED, Failure
from gero.cli.polling import follow
from gero.cli.render import formats
from gero.cli.session import Session

group = new_group()


@command(
    group,
    "consolidate",
    "gero dataset consolidate --wait",
    'gero dataset consolidate "Support triage" --run --wait --timeout 600',
)
def consolidate(
    session: Session,
    leaderboard: Leaderboard = None,
    run: Annotated[bool, typer.Option("--run", help="Evaluate the new version.")] = False,
    wait: Annotated[bool, typer.Option("--wait", "-w", help="Wait until the new version is there.")] = False,
    timeout: Annotated[int, typer.Option(min=1, metavar="SECONDS", help="Longest wait.")] = 300,
) -> None:
    """Make a new version of the pushed rows now, instead of when it is due."""
    path = f"/api/leaderboards/{session.leaderboard_id(leaderboard)}/dataset"
    before = _version(session.api.get(path)) if wait else None
    queued = session.api.post(f"{path}/consolidate", {"run": run}, repeatable=not run)
    pending = formats.counted(queued["pending_events"], "row")
    if not wait:
        session.answer(queued, lambda: f"Queued the consolidation of {pending}")
        session.note("Look at it with: gero dataset show")
        return
    found = _wait(session, path, before, timeout)
    version = _version(found)
    latest = f"version {version} is the latest" if version is not None else "no row has waited, and there is no version"
    text = f"Version {version} has {formats.counted((found['latest_version'] or {}).get('rows'), 'row')}"
    session.answer(found, lambda: text if version != before else f"Nothing new: {latest}")


@command(group, "remove", 'gero dataset remove ticket-17 -l "Support triage"', "gero dataset remove ticket-17 --yes")
def remove(
    session: Session,
    row_id: Annotated[str, typer.Argument(metavar="ROW_ID", help="Id of the row, whole.")],
    leaderboard: LeaderboardOption = None,
    yes: Yes = False,
) -> None:
    """Remove a row of a pushed dataset; the versions that there are keep it."""
    leaderboard_id = session.leaderboard_id(leaderboard)
    session.confirm(f"Remove row {row_id} from the next version on?", yes=yes)
    session.api.delete(f"/api/leaderboards/{leaderboard_id}/dataset/rows/{quote(row_id, safe='')}")
    session.answer({"id": row_id, "removed": True}, lambda: f"Removed row {row_id} from the next version on")


@command(
    group,
    "add-traces",
    'gero dataset add-traces 0198c0de-7a11-7000-8000-00000000beef --expected "Refund" -l "Support triage"',
    "gero traces list --format jsonl | jq -r .trace_id | xargs gero dataset add-traces",
)
def add_traces(
    session: Session,
    trace_id: Annotated[
        list[str], typer.Argument(metavar="TRACE_ID…", help="Ids as `gero traces list --json` has them.")
    ],
    expected: Annotated[
        list[str] | None,
        typer.Option(help="The right answer, instead of what was answered; repeat for several accepted ones."),
    ] = None,
    leaderboard: LeaderboardOption = None,
) -> None:
    """Turn recorded questions into rows of a pushed dataset."""
    answers = {"expected": expected} if expected else {}
    body = {"traces": [{"trace_id": one, **answers} for one in trace_id]}
    found = session.api.post(
        f"/api/leaderboards/{session.leaderboard_id(leaderboard)}/dataset/from-traces", body, repeatable=True
    )
    session.answer(found, lambda: _added(found))
    refused = [f"{one}: there is no such trace" for one in found.get("not_found") or []]
    refused += [f"{trace_id[one['index']]}: {one['error']}" for one in found.get("rejections") or []]
    if refused:
        raise Failure("some traces were not added:", FAILED, refused)


def _wait(session: Session, path: str, before: int | None, timeout: int) -> dict[str, Any]:
    session.note("Waiting for the new version …")
    end = time.monotonic() + timeout
    try:
        *_, found = follow(
            lambda: session.api.get(path),
            lambda one: not _waits(one) or _version(one) != before or time.monotonic() > end,
        )
    except KeyboardInterrupt as interruption:
        hint = ["look at it: gero dataset show"]
        raise Failure("stopped waiting, the consolidation goes on", INTERRUPTED, hint) from interruption
    if _waits(found) and _version(found) == before:
        waited = formats.duration(timeout)
        raise Failure(f"there is no new version after {waited}: look again with `gero dataset show`")
    return found


def _waits(dataset: dict[str, Any]) -> bool:
    """Whether rows, or removals of rows, wait for a consolidation."""
    return (dataset.get("consolidation") or {}).get("due_at") is not None


def _version(dataset: dict[str, Any]) -> int | None:
    latest = dataset.get("latest_version")
    return int(latest["version"]) if latest else None


def _added(found: dict[str, Any]) -> str:
    known = f"{found.get('duplicate_rows', 0):,} known before"
    return f"{formats.counted(found['accepted_rows'], 'row')} added, {known}"
