"""`gero member`: people of the workspace, their roles, and invitations."""

from typing import Annotated, Any, Literal

import typer

from gero.cli import lookup, render
from gero.cli.command import Yes, command, new_group
from gero.cli.session import Session

group = new_group("Invite people to the workspace, change their roles, and remove them.")

_PEOPLE = "/api/invite-user"
Role = Literal["owner", "admin", "member", "reviewer"]
MemberArgument = Annotated[str, typer.Argument(metavar="MEMBER", help="E-mail address or id of the member.")]


@command(group, "list", "gero member list", "gero member list --json | jq -r '.members[].email'")
def list_members(session: Session) -> None:
    """List the members, and the invitations that are open."""
    found = session.api.get(_PEOPLE)
    session.answer(found, lambda: render.people_table(found["members"], found["invitations"]))


@command(group, "invite", "gero member invite anna@example.com", "gero member invite ben@example.com --role reviewer")
def invite(
    session: Session,
    email: Annotated[str, typer.Argument(metavar="EMAIL", help="Whom to invite: who signs in with this address.")],
    role: Annotated[Role, typer.Option(help="What they will be.")] = "member",
) -> None:
    """Invite somebody; the link is printed once, and no mail is sent."""
    made = session.api.post(_PEOPLE, {"email": email, "role": role})
    session.answer(made, lambda: made["link"])
    session.note(f"Send this link to {made['email']}: it is valid for 14 days, works once, and is not shown again")


@command(group, "revoke-invitation", "gero member revoke-invitation anna@example.com")
def revoke_invitation(
    session: Session,
    email_or_id: Annotated[str, typer.Argument(metavar="INVITATION", help="E-mail address or id of the invitation.")],
) -> None:
    """End an open invitation; its link works no more."""
    found = _meant(session, "invitations", email_or_id, "open invitation")
    session.api.delete(f"{_PEOPLE}/{found['id']}")
    session.answer({"id": found["id"], "revoked": True}, lambda: f"Revoked the invitation of {found['email']}")


@command(group, "set-role", "gero member set-role anna@example.com admin")
def set_role(
    session: Session,
    email_or_id: MemberArgument,
    role: Annotated[Role, typer.Argument(metavar="ROLE", help="What they will be.")],
) -> None:
    """Give a member another role: owner, admin, member or reviewer."""
    found = _meant(session, "members", email_or_id, "member")
    changed = session.api.patch(f"/api/members/{found['id']}", {"role": role})
    session.answer(changed, lambda: f"{changed['email']} is {changed['role']} from now on")


@command(group, "remove", "gero member remove anna@example.com --yes")
def remove(session: Session, email_or_id: MemberArgument, yes: Yes = False) -> None:
    """Remove a member; they are out at once, and what they made stays."""
    found = _meant(session, "members", email_or_id, "member")
    session.confirm(f"Remove {found['email']} from the workspace?", yes=yes)
    session.api.delete(f"/api/members/{found['id']}")
    session.answer({"id": found["id"], "removed": True}, lambda: f"Removed {found['email']}")


def _meant(session: Session, kind: str, reference: str, noun: str) -> dict[str, Any]:
    """The member or invitation with this address or id."""
    people = session.api.get(_PEOPLE)[kind]
    return lookup.choose([{**one, "name": one["email"]} for one in people], reference, noun)
