"""`gero dataset`: look at a dataset before it is used, and at the versions that runs used."""

import json
from collections.abc import Iterator
from typing import Annotated, Any, Literal
from urllib.parse import quote

import typer

from gero.cli import render
from gero.cli.command import Leaderboard, LeaderboardOption, command, new_group
from gero.cli.failure import FAILED, Failure
from gero.cli.faults import fault_lines
from gero.cli.options import Fields, field_mapping
from gero.cli.render import formats
from gero.cli.session import Session

group = new_group("Check a dataset, look at its versions, change the rows of a pushed one.")

Version = Annotated[str, typer.Option("--version", metavar="N|latest", help="Which version.")]
VersionArgument = Annotated[int, typer.Argument(min=1, metavar="VERSION", help="Number of a version.")]


@command(
    group,
    "check",
    "gero dataset check https://huggingface.co/datasets/OWNER/NAME/resolve/main/rows.jsonl",
    "gero dataset check hf://datasets/OWNER/NAME/rows.jsonl.gz --field input=question --field expected=gold",
)
def check(
    session: Session,
    url: Annotated[str, typer.Argument(metavar="URL", help="JSONL file on Hugging Face.")],
    field: Fields = None,
) -> None:
    """Read a dataset and report what it holds and what is wrong with it, line by line."""
    mapping = field_mapping(field)
    body = {"dataset_url": url, **({"field_mapping": mapping} if mapping else {})}
    found = session.api.post("/api/datasets/huggingface/check", body, repeatable=True)
    session.answer(found, lambda: render.check_report(found))
    if not found["ok"]:
        raise _unusable(found)


@command(group, "show", "gero dataset show", 'gero dataset show "Support triage" --json | jq .pending_events')
def show(session: Session, leaderboard: Leaderboard = None) -> None:
    """Show where the rows come from, the latest version, what waits for the next one, and the limits."""
    found = session.api.get(f"/api/leaderboards/{session.leaderboard_id(leaderboard)}/dataset")
    session.answer(found, lambda: render.dataset_card(found))


@command(group, "versions", "gero dataset versions", 'gero dataset versions "Support triage" --limit 5')
def versions(
    session: Session,
    leaderboard: Leaderboard = None,
    limit: Annotated[int, typer.Option(min=1, help="How many at most.")] = 20,
) -> None:
    """List the versions, the newest first."""
    path = f"/api/leaderboards/{session.leaderboard_id(leaderboard)}/dataset/versions"
    found = list(session.api.every(path, "versions", limit))
    session.answer({"versions": found, "count": len(found)}, lambda: render.version_table(found))


@command(
    group,
    "rows",
    "gero dataset rows --limit 5",
    'gero dataset rows "Support triage" --version 3 --limit 5000 --format jsonl > rows.jsonl',
)
def rows(
    session: Session,
    leaderboard: Leaderboard = None,
    version: Version = "latest",
    limit: Annotated[int, typer.Option(min=1, help="How many at most.")] = 20,
    offset: Annotated[int, typer.Option(min=0, help="How many to skip.")] = 0,
    format: Annotated[Literal["table", "jsonl", "json"], typer.Option(help="How they are printed.")] = "table",
) -> None:
    """Show the rows of a version; `gero dataset export` is for all of them."""
    number, found = _read(session, session.leaderboard_id(leaderboard), version, limit, offset)
    if format == "jsonl" and not session.as_json:
        for row in found:
            typer.echo(json.dumps(row, ensure_ascii=False))
        return
    session.as_json = session.as_json or format == "json"
    listed = list(found)
    session.answer({"version": number, "count": len(listed), "rows": listed}, lambda: render.row_table(listed))


@command(group, "compare", "gero dataset compare 1 2", 'gero dataset compare 3 4 -l "Support triage" --limit 5')
def compare(
    session: Session,
    before: VersionArgument,
    after: VersionArgument,
    leaderboard: LeaderboardOption = None,
    limit: Annotated[int, typer.Option(min=0, max=200, help="How many examples of each kind.")] = 5,
) -> None:
    """Compare two versions: which rows were added, removed or changed."""
    path = f"/api/leaderboards/{session.leaderboard_id(leaderboard)}/dataset/compare"
    found = session.api.get(path, **{"from": before, "to": after, "limit": limit})
    session.answer(found, lambda: render.comparison(found))


def _read(
    session: Session, leaderboard_id: str, version: str, limit: int, offset: int
) -> tuple[int, Iterator[dict[str, Any]]]:
    path = f"/api/leaderboards/{leaderboard_id}/dataset/versions/"
    # Pages of `latest` could be of different versions, so its number is what is read.
    number = session.api.get(path + quote(version, safe=""))["version"]
    return number, session.api.every(f"{path}{number}/rows", "rows", limit, offset)


def _unusable(found: dict[str, Any]) -> Failure:
    errors = found.get("errors") or []
    if found.get("reachable") is False:
        return Failure(errors[0]["error"] if errors else "the dataset cannot be reached")
    count = formats.counted(found.get("error_count") or len(errors), "fault")
    return Failure(f"the dataset has {count}", FAILED, fault_lines(errors))
