"""`gero push`: send the rows of a local file to a PUSH leaderboard."""

from typing import Annotated, Any

import typer

from gero.cli import render
from gero.cli.command import LeaderboardOption, command, new_group
from gero.cli.failure import FAILED, Failure
from gero.cli.pushes import Batch, batches, open_rows
from gero.cli.render import formats
from gero.cli.root import PRODUCTION
from gero.cli.session import Session

group = new_group()


@command(group, "push", 'gero push feedback.jsonl.gz -l "Support triage"', "… | gero push -", panel=PRODUCTION)
def push(
    session: Session,
    file: Annotated[typer.FileBinaryRead, typer.Argument(metavar="FILE", help="JSONL, plain or gzip; - is stdin.")],
    leaderboard: LeaderboardOption = None,
) -> None:
    """Push rows to a PUSH leaderboard; repeating it is safe, known rows are skipped."""
    path = f"/v1/leaderboard/{session.leaderboard_id(leaderboard)}/dataset/push"
    rows = open_rows(file)
    total = {"accepted_rows": 0, "duplicate_rows": 0, "rejected_rows": 0}
    rejections: list[dict[str, Any]] = []
    with render.push_progress(session.stderr, rows.size) as bar:
        for batch in batches(rows):
            _send(session, path, batch, total, rejections)
            if bar is not None:
                bar.show(rows.position, sum(total.values()))
    session.answer({**total, "rejections": rejections}, lambda: _summary(total))
    if total["rejected_rows"]:
        from gero.cli.client import fault_lines

        raise Failure(f"rejected {formats.counted(total['rejected_rows'], 'row')}", FAILED, fault_lines(rejections))


def _send(session: Session, path: str, batch: Batch, total: dict[str, int], rejections: list[dict[str, Any]]) -> None:
    rejections += batch.faults
    total["rejected_rows"] += len(batch.faults)
    if not batch.rows:
        return
    try:
        # The API knows a row by its id or its content, so sending it again changes nothing.
        answer = session.api.post(path, {"rows": batch.rows}, repeatable=True)
    except Failure as failure:
        hint = "run it again to go on, no row is counted twice"
        sentence = f"stopped at line {batch.lines[0]}: {failure.message}; {hint}"
        raise Failure(sentence, failure.exit_code, failure.lines) from failure
    for name in total:
        total[name] += answer.get(name, 0)
    for rejection in answer.get("rejections") or []:
        rejections.append({**rejection, "line": batch.lines[rejection["index"]]})


def _summary(total: dict[str, int]) -> str:
    accepted, known, rejected = total["accepted_rows"], total["duplicate_rows"], total["rejected_rows"]
    return f"{formats.counted(accepted, 'row')} accepted, {known:,} known before, {rejected:,} rejected"
