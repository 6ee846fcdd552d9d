"""`gero dataset export`: a whole version as a file."""

import sys
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO, Final
from urllib.parse import quote

import typer

from gero.cli import render
from gero.cli.command import Leaderboard, command, new_group
from gero.cli.commands.datasets import Version
from gero.cli.failure import USAGE, Failure
from gero.cli.render import formats
from gero.cli.session import Session

if TYPE_CHECKING:
    from gero.cli.downloads import Download

group = new_group()

_STDOUT: Final = "-"


@command(
    group,
    "export",
    "gero dataset export",
    'gero dataset export "Support triage" --version 3 --gzip --output rows.jsonl.gz',
    "gero dataset export --output - | jq -r .input",
)
def export(
    session: Session,
    leaderboard: Leaderboard = None,
    version: Version = "latest",
    output: Annotated[
        str | None, typer.Option("--output", "-o", metavar="FILE|-", help="Where to; a file here, named by the API.")
    ] = None,
    gzip: Annotated[bool, typer.Option("--gzip", help="Keep it compressed.")] = False,
) -> None:
    """Write all rows of a version as JSON lines."""
    if output == _STDOUT and session.as_json:
        raise Failure("--output - and --json both want stdout: name a file", USAGE)
    path = f"/api/leaderboards/{session.leaderboard_id(leaderboard)}/dataset/versions/{quote(version, safe='')}/export"
    found = session.api.get(path)
    from gero.cli.downloads import complete_or_absent, download, target

    with download(found["url"]) as file:
        if output == _STDOUT:
            _copy(session, file, sys.stdout.buffer, unzip=not gzip)
            return
        to = target(output, _named(found, gzip=gzip))
        with complete_or_absent(to) as written:
            _copy(session, file, written, unzip=not gzip)
    size = to.stat().st_size
    answer = {"version": found["version"], "file": str(to), "bytes": size}
    session.answer(answer, lambda: f"Exported version {found['version']} to {to} ({formats.size(size)})")


def _copy(session: Session, file: "Download", to: BinaryIO, *, unzip: bool) -> None:
    written = 0
    with render.byte_progress(session.stderr, file.size) as bar:
        for piece in file.unzipped() if unzip else file:
            written += to.write(piece)
            if bar is not None:
                bar.show(file.position, formats.size(written))
    to.flush()


def _named(found: dict[str, Any], *, gzip: bool) -> str:
    return str(found.get("filename") or "dataset.jsonl").removesuffix(".gz") + (".gz" if gzip else "")
