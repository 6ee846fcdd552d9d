"""`gero token`: API tokens of the workspace, and their budgets."""

from typing import Annotated, Any, Final, Literal

import typer

from gero.cli import lookup, render
from gero.cli.command import Yes, command, new_group
from gero.cli.failure import USAGE, Failure
from gero.cli.options import Expiry, number_or_none
from gero.cli.render import formats
from gero.cli.session import Session

group = new_group("Create, change, rotate and revoke API tokens of the workspace.")

_LONGEST_GRACE_SECONDS: Final = 604_800
_SCOPES: Final = "leaderboards:read|write|run|inference, models:read|write|fine-tune, leaderboards:*, …; repeat."
TokenArgument = Annotated[str, typer.Argument(metavar="TOKEN", help="Name or id of the token.")]
Budget = Annotated[
    str | None,
    typer.Option(
        metavar="USD|none", help="What its inference may cost in all, or in each --reset.", show_default=False
    ),
]
Reset = Annotated[
    Literal["none", "daily", "weekly", "monthly"] | None,
    typer.Option(help="When the budget begins anew, in UTC.", show_default=False),
]


@command(
    group,
    "create",
    "gero token create --name web --scope leaderboards:inference --expires-in 90d --budget 25 --reset monthly",
    "export GERO_API_TOKEN=$(gero token create --name ci --scope leaderboards:run --scope leaderboards:read)",
)
def create(
    session: Session,
    name: Annotated[str, typer.Option(help="What it is for.")],
    scope: Annotated[list[str], typer.Option(help=_SCOPES)],
    expires: Annotated[Expiry, typer.Option("--expires-in", "--expires", help="How long it is valid.")] = "none",
    budget: Budget = None,
    reset: Reset = None,
) -> None:
    """Create a token; its secret is printed once and cannot be shown again."""
    fields = {"name": name, "scopes": scope, "expires_in": expires, **_budget(budget, reset)}
    created = session.api.post("/api/tokens", fields)
    session.answer(created, lambda: created["secret"])
    session.note(f"Token {created['name']} ({created['id']}): store it now, it is not shown again")


@command(group, "list", "gero token list", "gero token list --json | jq '.tokens[].budget'")
def list_tokens(session: Session, limit: Annotated[int, typer.Option(min=1, help="How many at most.")] = 200) -> None:
    """List the tokens, when each was last used, and what it spent of its budget."""
    found = list(session.api.every("/api/tokens", "tokens", limit))
    session.answer({"tokens": found, "count": len(found)}, lambda: render.token_table(found))


@command(group, "show", "gero token show ci")
def show(session: Session, name_or_id: TokenArgument) -> None:
    """Show a token and how its budget stands, without its secret."""
    found = session.api.get(f"/api/tokens/{_id(session, name_or_id)}")
    session.answer(found, lambda: render.token_card(found))


@command(
    group,
    "update",
    "gero token update web --budget 50",
    "gero token update web --name shop --scope leaderboards:inference --budget none",
)
def update(
    session: Session,
    name_or_id: TokenArgument,
    name: Annotated[str | None, typer.Option(help="A new name.")] = None,
    scope: Annotated[list[str] | None, typer.Option(help=f"In the place of its scopes: {_SCOPES}")] = None,
    budget: Budget = None,
    reset: Reset = None,
) -> None:
    """Change what is given; what is spent of a budget stays spent until it begins anew."""
    given = {"name": name, "scopes": scope or None}
    fields = {field: value for field, value in given.items() if value is not None} | _budget(budget, reset)
    if not fields:
        raise Failure("say what to change, such as --budget; `gero token update --help` lists it", USAGE)
    changed = session.api.patch(f"/api/tokens/{_id(session, name_or_id)}", fields)
    session.answer(changed, lambda: render.token_card(changed))


@command(group, "rotate", "gero token rotate web", "gero token rotate web --grace 3600")
def rotate(
    session: Session,
    name_or_id: TokenArgument,
    grace: Annotated[
        int,
        typer.Option(
            min=0, max=_LONGEST_GRACE_SECONDS, metavar="SECONDS", help="How long the old secret stays valid beside it."
        ),
    ] = 0,
) -> None:
    """Give a token a new secret, which is printed once."""
    found = lookup.token(session.api, name_or_id)
    rotated = session.api.post(f"/api/tokens/{found['id']}/rotate", {"grace_seconds": grace})
    session.answer(rotated, lambda: rotated["secret"])
    old = f"is valid for another {formats.duration(grace)}" if grace else "is refused from now on"
    session.note(f"Token {found['name']}: store the new secret now, the old one {old}")


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


def _budget(budget: str | None, reset: str | None) -> dict[str, Any]:
    limit = {} if budget is None else {"budget_limit": number_or_none("--budget", budget)}
    return limit | ({} if reset is None else {"budget_reset_interval": reset})


def _id(session: Session, name_or_id: str) -> str:
    return name_or_id if lookup.is_id(name_or_id) else str(lookup.token(session.api, name_or_id)["id"])
