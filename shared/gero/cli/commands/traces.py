"""`gero traces list` and `show`: what was asked and answered."""

import json
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Final, Literal, TypedDict, Unpack
from urllib.parse import quote

import typer

from gero.cli import lookup, render
from gero.cli.command import Leaderboard, LeaderboardOption, command, new_group
from gero.cli.failure import USAGE, Failure
from gero.cli.render import formats
from gero.cli.session import Session

group = new_group("Look at what was asked and answered, record more, and say what would have been right.")

_PAGE: Final = 1000
_MOST_BATCHES: Final = 100
_AGO: Final = re.compile(r"(\d{1,6})(m|h|d|w)")
_UNITS: Final = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_Format = Literal["table", "jsonl", "json"]


class Filters(TypedDict):
    """Which traces."""

    source: Annotated[
        Literal["run", "inference", "dataset", "manual"] | None, typer.Option(help="Only traces of this origin.")
    ]
    run: Annotated[str | None, typer.Option(metavar="RUN", help="Only traces of this run; id or its end.")]
    since: Annotated[str | None, typer.Option(metavar="TIME", help="Not before: 30m, 6h, 7d, or an ISO time.")]
    until: Annotated[str | None, typer.Option(metavar="TIME", help="Before: as --since.")]
    model: Annotated[str | None, typer.Option(metavar="NAME|ID", help="Only what this candidate answered.")]
    errors: Annotated[bool | None, typer.Option("--errors", help="Only those without an answer.")]
    rated: Annotated[bool | None, typer.Option("--rated/--unrated", help="Only those with feedback, or without.")]


@command(
    group,
    "list",
    "gero traces list --source inference --limit 20",
    'gero traces list "Support triage" --since 24h --errors',
    "gero traces list --since 7d --all --out traces.jsonl",
)
def list_traces(
    session: Session,
    leaderboard: Leaderboard = None,
    limit: Annotated[int, typer.Option(min=1, help="How many at most.")] = 50,
    everything: Annotated[bool, typer.Option("--all", help="All of them, however many.")] = False,
    format: Annotated[_Format, typer.Option(help="How they are printed.")] = "table",
    out: Annotated[str | None, typer.Option("--out", "-o", metavar="FILE", help="Write them there, as lines.")] = None,
    **filters: Unpack[Filters],
) -> None:
    """List recorded questions and answers, the newest first."""
    leaderboard_id = session.leaderboard_id(leaderboard)
    rows = _read(session, leaderboard_id, None if everything else limit, _query(session, leaderboard_id, filters))
    if out:
        count = _write(Path(out), rows, as_lines=format != "json")
        answer = {"leaderboard_id": leaderboard_id, "count": count, "file": out}
        session.answer(answer, lambda: f"Wrote {formats.counted(count, 'trace')} to {out}")
        return
    if format == "jsonl" and not session.as_json:
        for row in rows:
            typer.echo(json.dumps(row, ensure_ascii=False))
        return
    session.as_json = session.as_json or format == "json"
    found = list(rows)
    answer = {"leaderboard_id": leaderboard_id, "count": len(found), "rows": found}
    session.answer(answer, lambda: render.trace_table(found))


@command(
    group,
    "show",
    "gero traces show 0198c0de-7a11-7000-8000-00000000beef",
    'gero traces show ticket:17 -l "Support triage" --json | jq .output',
)
def show(
    session: Session,
    trace_id: Annotated[str, typer.Argument(metavar="TRACE", help="Id of the trace, whole.")],
    leaderboard: LeaderboardOption = None,
) -> None:
    """Show one trace with the feedback on it."""
    found = session.api.get(f"/v1/leaderboard/{session.leaderboard_id(leaderboard)}/traces/{quote(trace_id, safe='')}")
    session.answer(found, lambda: render.trace_card(found))


def _query(session: Session, leaderboard_id: str, filters: Filters) -> dict[str, Any]:
    run, model = filters["run"], filters["model"]
    return {
        "source": filters["source"],
        "run_id": lookup.run_id(session.api, leaderboard_id, run) if run else None,
        "model_id": _model_id(session, leaderboard_id, model) if model else None,
        "since": _moment("--since", filters["since"]),
        "until": _moment("--until", filters["until"]),
        "errors_only": "true" if filters["errors"] else None,
        "has_feedback": None if filters["rated"] is None else str(filters["rated"]).lower(),
    }


def _model_id(session: Session, leaderboard_id: str, reference: str) -> str:
    if lookup.is_id(reference):  # it may be removed by now
        return reference
    return str(lookup.candidate(session.api, leaderboard_id, reference)["id"])


def _moment(option: str, text: str | None) -> str | None:
    if text is None:
        return None
    ago = _AGO.fullmatch(text.strip())
    if ago:
        then = datetime.now(UTC) - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
        return then.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if formats.moment(text) is None:
        raise Failure(f"{option}: give 30m, 6h, 7d, 2w or an ISO time such as 2026-07-01T00:00:00Z", USAGE)
    return text


def _read(session: Session, leaderboard_id: str, limit: int | None, query: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The traces, page by page. An answer of the API looks through so many batches only; a rare one may lie deep."""
    path, cursor, left = f"/v1/leaderboard/{leaderboard_id}/traces", None, limit
    while left is None or left > 0:
        size = _PAGE if left is None else min(_PAGE, left)
        page = session.api.get(path, format="json", limit=size, batch_limit=_MOST_BATCHES, cursor=cursor, **query)
        yield from page["rows"]
        left = None if left is None else left - len(page["rows"])
        cursor = page.get("next_cursor")
        if cursor is None:
            return


def _write(target: Path, rows: Iterable[dict[str, Any]], *, as_lines: bool) -> int:
    """Write the rows; the file is there once all of them are. Returns their number."""
    part, count = target.with_name(f"{target.name}.part"), 0
    try:
        with part.open("w", encoding="utf-8") as file:
            for count, row in enumerate(rows, 1):
                before = "" if as_lines else "[\n" if count == 1 else ",\n"
                file.write(before + json.dumps(row, ensure_ascii=False) + ("\n" if as_lines else ""))
            if not as_lines:
                file.write("\n]\n" if count else "[]\n")
        part.replace(target)
    except OSError as error:
        raise Failure(f"{target} cannot be written: {error.strerror or error}") from error
    finally:
        part.unlink(missing_ok=True)
    return count
