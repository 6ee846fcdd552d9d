"""`gero dataset`: look at a dataset before using it."""

from typing import Annotated

import typer

from gero.cli import render
from gero.cli.command import command, new_group
from gero.cli.failure import FAILED, Failure
from gero.cli.render import formats
from gero.cli.session import Session

group = new_group("Look at a dataset before using it.")


@command(group, "check", "gero dataset check https://huggingface.co/datasets/OWNER/NAME/resolve/main/rows.jsonl")
def check(
    session: Session, url: Annotated[str, typer.Argument(metavar="URL", help="JSONL file on Hugging Face.")]
) -> None:
    """Read a dataset and report what is wrong with it, line by line."""
    found = session.api.post("/api/datasets/huggingface/check", {"dataset_url": url}, repeatable=True)
    session.answer(found, lambda: render.dataset_report(found))
    if not found["ok"]:
        from gero.cli.client import fault_lines

        faults = found.get("error_count") or len(found.get("errors") or [])
        raise Failure(
            f"the dataset has {formats.counted(faults, 'fault')}", FAILED, fault_lines(found.get("errors") or [])
        )
