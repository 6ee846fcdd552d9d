"""`gero traces add` and `feedback`: record what was asked elsewhere, and say what would have been right."""

from typing import Annotated, Any, Final, TypedDict, Unpack
from urllib.parse import quote

import typer

from gero.cli.command import LeaderboardOption, command, new_group
from gero.cli.failure import FAILED, USAGE, Failure
from gero.cli.faults import fault_lines
from gero.cli.pushes import Batch, RowFile, batches, json_records
from gero.cli.render import formats
from gero.cli.session import Session

group = new_group()

_COUNTS: Final = ("recorded", "duplicates", "rejected")


class TraceFields(TypedDict):
    """What one trace says."""

    input: Annotated[str | None, typer.Option(metavar="TEXT", help="What was asked, instead of a file.")]
    output: Annotated[str | None, typer.Option(metavar="TEXT", help="What was answered.")]
    model: Annotated[str | None, typer.Option(metavar="NAME", help="Who answered.")]
    expected: Annotated[list[str] | None, typer.Option(metavar="TEXT", help="A right answer; repeat for several.")]
    score: Annotated[float | None, typer.Option(min=0, max=1, help="How good the answer was.")]
    id: Annotated[str | None, typer.Option("--id", help="An id of your own: with it, it is recorded once.")]


@command(
    group,
    "add",
    'gero traces add tickets.jsonl -l "Support triage"',
    'gero traces add --input "Where is my parcel?" --output shipping --score 1 --id ticket:17',
    "… | gero traces add -",
)
def add(
    session: Session,
    file: Annotated[
        typer.FileBinaryRead | None,
        typer.Argument(metavar="FILE", help="JSON lines of traces; may be gzip; - is stdin.", show_default=False),
    ] = None,
    leaderboard: LeaderboardOption = None,
    **fields: Unpack[TraceFields],
) -> None:
    """Record traces of your own; those with an id are recorded once, however often they are sent."""
    one = {name: value for name, value in fields.items() if value not in (None, [])}
    if (file is None) == (not one) or (one and "input" not in one):
        raise Failure("give a FILE, or one trace by --input and what belongs to it", USAGE)
    path = f"/v1/leaderboard/{session.leaderboard_id(leaderboard)}/traces"
    total: dict[str, Any] = dict.fromkeys(_COUNTS, 0) | {"ids": [], "rejections": []}
    for batch in batches(json_records(RowFile(file))) if file else [Batch(rows=[one], lines=[1])]:
        _send(session, path, batch, total)
    session.answer(total, lambda: _told(total))
    if total["rejections"]:
        raise Failure(
            f"rejected {formats.counted(total['rejected'], 'trace')}", FAILED, fault_lines(total["rejections"])
        )


@command(
    group,
    "feedback",
    "gero traces feedback 0198c0de-7a11-7000-8000-00000000beef --score up",
    'gero traces feedback ticket:17 --score 0 --comment "wrong team" --corrected billing -l "Support triage"',
    "gero traces feedback ticket:17 --remove",
)
def feedback(
    session: Session,
    trace_id: Annotated[str, typer.Argument(metavar="TRACE", help="Id of the trace, whole.")],
    score: Annotated[str | None, typer.Option(metavar="0…1|up|down", help="How good the answer was.")] = None,
    comment: Annotated[str | None, typer.Option(metavar="TEXT", help="Why.")] = None,
    corrected: Annotated[
        list[str] | None, typer.Option(metavar="TEXT", help="The right answer; repeat for several.")
    ] = None,
    dataset: Annotated[
        bool | None, typer.Option("--dataset/--no-dataset", help="Make it a row of the dataset, or not.")
    ] = None,
    remove: Annotated[bool, typer.Option("--remove", help="Take back what was said.")] = False,
    leaderboard: LeaderboardOption = None,
) -> None:
    """Say how good an answer was; what would have been right becomes a row of a pushed dataset."""
    told = {"score": _score(score), "comment": comment, "corrected": corrected or None, "add_to_dataset": dataset}
    body = {name: value for name, value in told.items() if value is not None}
    if remove == bool(body):
        raise Failure("give --score, --comment or --corrected, or else --remove", USAGE)
    path = f"/v1/leaderboard/{session.leaderboard_id(leaderboard)}/traces/{quote(trace_id, safe='')}/feedback"
    if remove:
        session.api.delete(path)
        session.answer({"trace_id": trace_id, "feedback": None}, lambda: f"Removed the feedback on {trace_id}")
        return
    found = session.api.post(path, body, repeatable=True)
    session.answer(found, lambda: _said(found))
    row = found.get("row")
    if row and row["status"] == "rejected":
        raise Failure(f"the feedback is kept, but it became no row: {row['reason']}")


def _send(session: Session, path: str, batch: Batch, total: dict[str, Any]) -> None:
    total["rejections"] += batch.faults
    total["rejected"] += len(batch.faults)
    if not batch.rows:
        return
    # Sent twice, a trace with an id is recorded once; others would be there twice.
    repeatable = all(isinstance(row, dict) and row.get("id") for row in batch.rows)
    answer = session.api.post(path, {"traces": batch.rows}, repeatable=repeatable)
    for name in _COUNTS:
        total[name] += answer[name]
    total["ids"] += answer["ids"]
    total["rejections"] += [{**one, "line": batch.lines[one["index"]]} for one in answer["rejections"]]


def _score(text: str | None) -> float | str | None:
    try:
        return None if text is None else float(text)
    except ValueError:
        return text


def _told(total: dict[str, Any]) -> str:
    recorded, known, rejected = (total[name] for name in _COUNTS)
    return f"{formats.counted(recorded, 'trace')} recorded, {known:,} known before, {rejected:,} rejected"


def _said(found: dict[str, Any]) -> str:
    row = found.get("row")
    became = {"accepted": "; it becomes a row of the dataset", "duplicate": "; its row was known before"}
    return f"Kept the feedback on {found['trace_id']}{became.get(row['status'], '') if row else ''}"
