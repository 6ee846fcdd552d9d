"""People of the workspace: members with their roles, and invitations."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from functions.api.business import Here, OfWorkspace, check_workspace
from functions.api.caller import SCHEMES
from gero.access import Invitation, Member, Principal, invitations, members, roles, tokens
from gero.models import Input

router = APIRouter(prefix="/api", tags=["members"], dependencies=SCHEMES)


class InviteInput(OfWorkspace):
    """Whom to invite, and as what. Only owners invite another owner."""

    email: Annotated[str, Field(min_length=3, max_length=254)]
    role: Literal["owner", "admin", "member", "reviewer"] = "member"
    redirect_to: Annotated[str | None, Field(description="Taken and not used: the link leads to the console")] = None


class RoleInput(Input):
    """A member's new role. Only owners give and take the role of an owner."""

    role: Literal["owner", "admin", "member", "reviewer"]


class MemberView(BaseModel):
    """A member; `id` is the person's."""

    id: str
    email: str
    role: str
    joined_at: str


class InvitationView(BaseModel):
    """An open invitation. Its link is shown once, in the answer that made it."""

    id: str
    email: str
    role: str
    invited_by: str
    created_at: str
    expires_at: str
    link: str | None = None


class People(BaseModel):
    """The members, first those who joined first, and the open invitations, oldest first."""

    members: list[MemberView]
    invitations: list[InvitationView]


@router.get("/invite-user")
def list_people(caller: Here) -> People:
    """The workspace's members and its open invitations."""
    return People(
        members=[_member(one) for one in members.listed(caller.workspace_id)],
        invitations=[_invitation(one) for one in invitations.listed(caller.workspace_id)],
    )


@router.post("/invite-user", status_code=201)
def invite(request: Request, caller: Here, wanted: InviteInput) -> InvitationView:
    """Invite an e-mail address. Hand its owner the link, which is in this answer and nowhere else: no mail is sent.

    Whoever signs in with that address joins, once, within 14 days. An earlier invitation of the address ends.
    """
    check_workspace(caller, wanted.business_id)
    _check_may_give(caller, wanted.role)
    made, secret = invitations.create(
        caller.workspace_id, wanted.email, wanted.role, by=_name(caller), held_role=caller.acting_role
    )
    return _invitation(made, _invitation_link(request, secret))


@router.delete("/invite-user/{invitation_id}", status_code=204)
def revoke_invitation(caller: Here, invitation_id: str) -> Response:
    """End an open invitation: its link works no more."""
    invitations.revoke(caller.workspace_id, invitation_id, caller.acting_role)
    return Response(status_code=204)


@router.patch("/members/{person_id}")
def change_role(caller: Here, person_id: str, wanted: RoleInput) -> MemberView:
    """Give a member another role, from their next request on."""
    _check_may_give(caller, wanted.role)
    role, held = wanted.role, caller.acting_role
    return _member(members.change_role(caller.workspace_id, person_id, role, by=caller.token_id, held_role=held))


@router.delete("/members/{person_id}", status_code=204)
def remove_member(caller: Here, person_id: str) -> Response:
    """End a membership, from the person's next request on. What they made stays, their API tokens too."""
    members.remove(caller.workspace_id, person_id, by=caller.token_id, held_role=caller.acting_role)
    return Response(status_code=204)


def _name(caller: Principal) -> str:
    """Who invites, in words that mean something to whoever is invited."""
    return caller.token_id if caller.role else f"API token {tokens.get(caller.workspace_id, caller.token_id).name}"


def _invitation_link(request: Request, secret: str) -> str:
    """The address that takes an invitation up. The secret is in its query, which no access log keeps."""
    return f"{str(request.base_url).rstrip('/')}/invitation?code={secret}"


def _check_may_give(caller: Principal, role: str) -> None:
    caller.require_no_budget("lets nobody in")  # they could spend without one
    if caller.role or role == roles.OWNER:  # of people their role decides, and owners are made by owners only
        return
    given = roles.SCOPES[role]
    told = f"role: a token gives no role that may do more than itself; {role} includes {', '.join(given)}"
    caller.require_all_of(given, told)


def _member(one: Member) -> MemberView:
    return MemberView(id=one.person_id, email=one.email, role=one.role, joined_at=one.joined_at)


def _invitation(one: Invitation, link: str | None = None) -> InvitationView:
    shown: dict[str, Any] = {name: getattr(one, name) for name in InvitationView.model_fields if name != "link"}
    return InvitationView(**shown, link=link)
