"""`gero token`: API tokens of the workspace."""

from typing import Annotated

import typer

from gero.cli import lookup, render
from gero.cli.command import Yes, command, new_group
from gero.cli.options import Expires
from gero.cli.session import Session

group = new_group("Create, revoke and delete API tokens of the workspace.")

TokenArgument = Annotated[str, typer.Argument(metavar="TOKEN", help="Name or id of the token.")]


@command(
    group,
    "create",
    "gero token create --name web --scope leaderboards:inference --expires 90d",
    "export GERO_API_TOKEN=$(gero token create --name ci --scope leaderboards:run --scope leaderboards:read)",
)
def create(
    session: Session,
    name: Annotated[str, typer.Option(help="What it is for.")],
    scope: Annotated[
        list[str], typer.Option(help="leaderboards:read|write|run|inference, models:read|write|fine-tune, …; repeat.")
    ],
    expires: Expires = "none",
) -> None:
    """Create a token; its secret is printed once and cannot be shown again."""
    created = session.api.post("/api/tokens", {"name": name, "scopes": scope, "expires_in": expires})
    session.answer(created, lambda: created["secret"])
    session.note(f"Token {created['name']} ({created['id']}): store it now, it is not shown again")


@command(group, "list", "gero token list")
def list_tokens(session: Session) -> None:
    """List the tokens, without their secrets."""
    found = session.api.get("/api/tokens", limit=200)
    session.answer(found, lambda: render.token_table(found["tokens"]))


@command(group, "revoke", "gero token revoke ci")
def revoke(session: Session, name_or_id: TokenArgument) -> None:
    """Disable a token at once; it stays in the list."""
    found = lookup.token(session.api, name_or_id)
    revoked = session.api.post(f"/api/tokens/{found['id']}/revoke", repeatable=True)
    session.answer(revoked or {"id": found["id"], "revoked": True}, lambda: f"Revoked token {found['name']}")


@command(group, "delete", "gero token delete ci --yes")
def delete(session: Session, name_or_id: TokenArgument, yes: Yes = False) -> None:
    """Delete a token; whoever uses it is refused from now on."""
    found = lookup.token(session.api, name_or_id)
    session.confirm(f"Delete token {found['name']}?", yes=yes)
    session.api.delete(f"/api/tokens/{found['id']}")
    session.answer({"id": found["id"], "deleted": True}, lambda: f"Deleted token {found['name']}")
