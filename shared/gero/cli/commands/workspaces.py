"""`gero workspace`: the workspace that a token belongs to, and what its plan allows."""

from gero.cli import render
from gero.cli.command import command, new_group
from gero.cli.root import ACCOUNT
from gero.cli.session import Session

group = new_group()


@command(group, "workspace", "gero workspace", "gero workspace --json | jq '.limits[].allowed'", panel=ACCOUNT)
def workspace(session: Session) -> None:
    """Show the workspace, its plan, and what of the plan's limits is used."""
    found = session.api.get("/api/workspace")
    session.answer(found, lambda: render.workspace_report(found))
