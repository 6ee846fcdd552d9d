"""`gero traces`: what was asked and answered."""

import json
from typing import Annotated, Any, Final, Literal

import typer

from gero.cli import lookup, render
from gero.cli.command import Leaderboard, command, new_group
from gero.cli.root import PRODUCTION
from gero.cli.session import Session

_PAGE: Final = 1000
_MOST_BATCHES: Final = 100

group = new_group()


@command(
    group,
    "traces",
    "gero traces --source inference --limit 20",
    'gero traces "Support triage" --format jsonl --limit 5000 > traces.jsonl',
    panel=PRODUCTION,
)
def traces(
    session: Session,
    leaderboard: Leaderboard = None,
    source: Annotated[
        Literal["run", "inference", "dataset", "manual"] | None, typer.Option(help="Only traces of this origin.")
    ] = None,
    run: Annotated[str | None, typer.Option(metavar="RUN", help="Only traces of this run; id or its end.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many at most.")] = 50,
    format: Annotated[Literal["table", "jsonl", "json"], typer.Option(help="How they are printed.")] = "table",
) -> None:
    """Show recorded questions and answers, the newest first."""
    leaderboard_id = session.leaderboard_id(leaderboard)
    run_id = lookup.run_id(session.api, leaderboard_id, run) if run else None
    rows = _read(session, leaderboard_id, limit, source=source, run_id=run_id)
    if format == "jsonl" and not session.as_json:
        for row in rows:
            typer.echo(json.dumps(row, ensure_ascii=False))
        return
    session.as_json = session.as_json or format == "json"
    answer = {"leaderboard_id": leaderboard_id, "count": len(rows), "rows": rows}
    session.answer(answer, lambda: render.trace_table(rows))


def _read(session: Session, leaderboard_id: str, limit: int, **filters: str | None) -> list[dict[str, Any]]:
    path = f"/v1/leaderboard/{leaderboard_id}/traces"
    rows: list[dict[str, Any]] = []
    while len(rows) < limit:
        size = min(_PAGE, limit - len(rows))
        # The API looks through so many batches of traces only; a rare source may lie deep.
        page = session.api.get(path, format="json", limit=size, offset=len(rows), batch_limit=_MOST_BATCHES, **filters)[
            "rows"
        ]
        rows += page
        if len(page) < size:
            break
    return rows
