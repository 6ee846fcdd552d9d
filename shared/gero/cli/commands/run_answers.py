"""`gero runs matrix`, `cell` and `bundle`: what each model answered on each row, and everything that proves a run."""

from typing import Annotated, Any, Final, Literal
from urllib.parse import quote

import typer

from gero.cli import lookup, render
from gero.cli.command import LeaderboardOption, command, new_group
from gero.cli.commands.runs import Run
from gero.cli.render import formats
from gero.cli.session import Session

group = new_group()

_PAGE: Final = 100
RunOption = Annotated[
    str | None, typer.Option("--run", "-r", metavar="RUN", help="Id or its end; the latest by default.")
]


@command(
    group,
    "matrix",
    "gero runs matrix --show failures",
    'gero runs matrix 9b1c22d4 -l "Support triage" --show disagreements --limit 100',
    "gero runs matrix --show failures --model small-1 --json | jq -r '.rows[].input'",
)
def matrix(
    session: Session,
    run: Run = None,
    leaderboard: LeaderboardOption = None,
    show: Annotated[
        Literal["all", "failures", "disagreements"], typer.Option(help="Which rows: those that a model fails on, …")
    ] = "all",
    model: Annotated[
        str | None, typer.Option("--model", "-m", metavar="NAME|ID", help="Whose failures, or differences.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many rows at most.")] = 25,
    after: Annotated[str | None, typer.Option(metavar="PLACE", help="Go on behind this row.")] = None,
) -> None:
    """Show which models were right on which rows, also of a run that is under way."""
    path = _path(session, leaderboard, run)
    model_id = _model_id(session, path, model) if model else None
    found: dict[str, Any] = {"rows": [], "next": after}
    while len(found["rows"]) < limit:
        most = min(_PAGE, limit - len(found["rows"]))
        page = session.api.get(f"{path}/matrix", show=show, model_id=model_id, limit=most, after=found["next"])
        found = {**page, "rows": found["rows"] + page["rows"]}
        if not page["next"]:
            break
    found["count"] = len(found["rows"])
    session.answer(found, lambda: render.matrix_report(found))
    if found["next"]:
        session.note(f"There is more: --after {found['next']}")


@command(
    group,
    "cell",
    "gero runs cell 0-3 small-1",
    'gero runs cell 2-17 small-1 --run 9b1c22d4 -l "Support triage" --json | jq -r .output',
)
def cell(
    session: Session,
    place: Annotated[str, typer.Argument(metavar="PLACE", help="The row's place, as `gero runs matrix` tells it.")],
    model: Annotated[str, typer.Argument(metavar="MODEL", help="Name or id.")],
    run: RunOption = None,
    leaderboard: LeaderboardOption = None,
) -> None:
    """Show what a model was asked and answered on a row, the verdict and why."""
    path = _path(session, leaderboard, run)
    found = session.api.get(f"{path}/matrix/{quote(place, safe='')}/{_model_id(session, path, model)}")
    session.answer(found, lambda: render.answer_card(found))


@command(
    group,
    "bundle",
    "gero runs bundle",
    'gero runs bundle 9b1c22d4 -l "Support triage" --output proof.zip',
)
def bundle(
    session: Session,
    run: Run = None,
    leaderboard: LeaderboardOption = None,
    output: Annotated[
        str | None, typer.Option("--output", "-o", metavar="FILE", help="Where to; a file here, named by the API.")
    ] = None,
) -> None:
    """Download everything that proves a run that has ended: its ranking, rows, answers and configuration, as a zip."""
    made = session.api.post(f"{_path(session, leaderboard, run)}/bundle", repeatable=True)
    from gero.cli.downloads import complete_or_absent, download, target

    file = target(output, made["filename"])
    with download(made["url"]) as found, complete_or_absent(file) as to:
        written = 0
        with render.byte_progress(session.stderr, found.size) as bar:
            for piece in found:
                written += to.write(piece)
                if bar is not None:
                    bar.show(found.position, formats.size(written))
    answer = {"run_id": made["run_id"], "file": str(file), "bytes": written}
    session.answer(answer, lambda: f"Wrote the bundle of run {made['run_id']} to {file} ({formats.size(written)})")


def _path(session: Session, leaderboard: str | None, run: str | None) -> str:
    leaderboard_id = session.leaderboard_id(leaderboard)
    return f"/api/leaderboards/{leaderboard_id}/runs/{lookup.run_id(session.api, leaderboard_id, run)}"


def _model_id(session: Session, path: str, reference: str) -> str:
    """Of a model of the run, which may have left the leaderboard since."""
    if lookup.is_id(reference):
        return reference
    models = session.api.get(f"{path}/matrix", limit=1)["models"]
    return str(
        lookup.choose([{"id": one["model_id"], "name": one["name"]} for one in models], reference, "model")["id"]
    )
