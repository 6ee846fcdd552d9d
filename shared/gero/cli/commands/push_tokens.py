"""`gero push-token`: secrets that may push rows to one leaderboard and do nothing else."""

from typing import Annotated, Any, Final

import typer

from gero.cli import lookup, render
from gero.cli.command import Leaderboard, LeaderboardOption, Yes, command, new_group
from gero.cli.options import NONE, Expires
from gero.cli.render import formats
from gero.cli.session import Session

group = new_group("Create, rotate and revoke tokens that may only push rows, and only to one leaderboard.")

_LONGEST_GRACE_SECONDS: Final = 604_800
PushToken = Annotated[str, typer.Argument(metavar="TOKEN", help="Name or id of the push token.")]


@command(
    group,
    "create",
    'gero push-token create "Support triage" --name web --expires 90d',
    "export GERO_PUSH_TOKEN=$(gero push-token create --name web)",
)
def create(
    session: Session,
    name: Annotated[str, typer.Option(help="What it is for.")],
    leaderboard: Leaderboard = None,
    expires: Expires = "none",
) -> None:
    """Create a push token; its secret is printed once and cannot be shown again."""
    leaderboard_id = session.leaderboard_id(leaderboard)
    body = {"name": name, **({} if expires == NONE else {"expires_in": expires})}
    created = session.api.post(f"/api/leaderboards/{leaderboard_id}/dataset/token", body)
    session.answer(created, lambda: created["secret"])
    session.note(f"Push token {created['name']} ({created['id']}): store it now, it is not shown again")
    session.note(f"Push with it: gero push FILE -l {leaderboard_id}, with GERO_PUSH_TOKEN set, or\n{_curl(created)}")


@command(group, "list", "gero push-token list", 'gero push-token list "Support triage"')
def list_tokens(session: Session, leaderboard: Leaderboard = None) -> None:
    """List the push tokens of a leaderboard, without their secrets."""
    found = session.api.get(f"/api/leaderboards/{session.leaderboard_id(leaderboard)}/dataset/tokens")
    session.answer(found, lambda: render.push_token_table(found["tokens"]))


@command(group, "rotate", "gero push-token rotate web", 'gero push-token rotate web -l "Support triage" --grace 3600')
def rotate(
    session: Session,
    name_or_id: PushToken,
    leaderboard: LeaderboardOption = None,
    grace: Annotated[
        int,
        typer.Option(
            min=0, max=_LONGEST_GRACE_SECONDS, metavar="SECONDS", help="How long the old secret stays valid beside it."
        ),
    ] = 0,
) -> None:
    """Give a push token a new secret, which is printed once."""
    path, found = _find(session, leaderboard, name_or_id)
    rotated = session.api.post(f"{path}/rotate", {"grace_seconds": grace})
    session.answer(rotated, lambda: rotated["secret"])
    old = f"is valid for another {formats.duration(grace)}" if grace else "is refused from now on"
    session.note(f"Push token {found['name']}: store the new secret now, the old one {old}")


@command(group, "revoke", "gero push-token revoke web")
def revoke(session: Session, name_or_id: PushToken, leaderboard: LeaderboardOption = None) -> None:
    """Disable a push token at once; it stays in the list."""
    path, found = _find(session, leaderboard, name_or_id)
    revoked = session.api.post(f"{path}/revoke", repeatable=True)
    session.answer(revoked or {"id": found["id"], "revoked": True}, lambda: f"Revoked push token {found['name']}")


@command(group, "delete", "gero push-token delete web --yes")
def delete(session: Session, name_or_id: PushToken, leaderboard: LeaderboardOption = None, yes: Yes = False) -> None:
    """Delete a push token; whoever uses it is refused from now on."""
    path, found = _find(session, leaderboard, name_or_id)
    session.confirm(f"Delete push token {found['name']}?", yes=yes)
    session.api.delete(path)
    session.answer({"id": found["id"], "deleted": True}, lambda: f"Deleted push token {found['name']}")


def _find(session: Session, leaderboard: str | None, name_or_id: str) -> tuple[str, dict[str, Any]]:
    leaderboard_id = session.leaderboard_id(leaderboard)
    found = lookup.push_token(session.api, leaderboard_id, name_or_id)
    return f"/api/leaderboards/{leaderboard_id}/dataset/tokens/{found['id']}", found


def _curl(created: dict[str, Any]) -> str:
    # Not with the secret itself: what a script writes on stderr is often kept in a log.
    row = """{"input": "My parcel is late", "output": "Delivery"}"""
    headers = """-H "X-Dr.Gero-Push-Token: $GERO_PUSH_TOKEN" -H "Content-Type: application/json\""""
    return f"curl {created['push_url']} {headers} -d '{row}'"
