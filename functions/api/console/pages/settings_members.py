"""Settings, Members: who is in the workspace, in which role, and who is invited."""

from fastapi import Request, Response
from pydantic import ValidationError

from functions.api.console.page_router import page_router
from functions.api.console.rendering import goes_to
from functions.api.console.security import Form
from functions.api.console.settings_frame import settings_page
from functions.api.console.submitted import faults, status_of, validated
from functions.api.console.visitor import Visiting, Visitor
from functions.api.console.wording import sentence
from functions.api.routes import members as api
from functions.api.routes.members import InvitationView, InviteInput, RoleInput
from gero.access import invitations, members, roles
from gero.kit import GeroError

router = page_router("workspace:admin")
_PAGE = "/settings/members"
ROLES = (
    ("owner", "Owner", "Everything, and who else owns the workspace."),
    ("admin", "Admin", "Everything but the owners."),
    ("member", "Member", "Leaderboards, models and traces; no settings of the workspace."),
    ("reviewer", "Reviewer", "Reviews answers, and sees nothing else."),
)


@router.get(_PAGE)
def list_members(request: Request, visitor: Visiting) -> Response:
    """The members and the open invitations."""
    return _page(request, visitor)


@router.post(_PAGE)
def invite(request: Request, visitor: Visiting, form: Form) -> Response:
    """Invite somebody. The link is on this page and nowhere else; nobody sends it for you."""
    email, role = form.text("email"), form.text("role", roles.MEMBER)
    try:
        made = api.invite(request, visitor.principal, validated(InviteInput, {"email": email, "role": role}))
    except (ValidationError, GeroError) as error:
        return _page(request, visitor, faults(error), status_of(error), email=email, role=role)
    return _page(request, visitor, made=made)


@router.post(f"{_PAGE}/invitations/{{invitation_id}}/revoke")
def revoke(request: Request, visitor: Visiting, form: Form, invitation_id: str) -> Response:
    """End an open invitation."""
    api.revoke_invitation(visitor.principal, invitation_id)
    return goes_to(request, _PAGE, "The invitation is revoked; its link says so.")


@router.post(f"{_PAGE}/{{person_id}}")
def change_role(request: Request, visitor: Visiting, form: Form, person_id: str) -> Response:
    """Give a member another role."""
    try:
        changed = api.change_role(visitor.principal, person_id, validated(RoleInput, {"role": form.text("role")}))
    except (ValidationError, GeroError) as error:
        return goes_to(request, _PAGE, sentence(next(iter(faults(error).values()))), "failed")
    return goes_to(request, _PAGE, f"{changed.email} is {changed.role} now.")


@router.post(f"{_PAGE}/{{person_id}}/remove")
def remove(request: Request, visitor: Visiting, form: Form, person_id: str) -> Response:
    """End somebody's membership."""
    api.remove_member(visitor.principal, person_id)
    return goes_to(request, _PAGE, "They are out of the workspace.")


def _page(
    request: Request,
    visitor: Visitor,
    wrong: dict[str, str] | None = None,
    status: int = 200,
    *,
    email: str = "",
    role: str = roles.MEMBER,
    made: InvitationView | None = None,
) -> Response:
    given = [one for one in ROLES if one[0] != roles.OWNER or visitor.principal.acting_role == roles.OWNER]
    return settings_page(
        request,
        "settings_members.html",
        visitor,
        "members",
        status=status,
        found=list(members.listed(visitor.workspace_id)),
        invited=list(invitations.listed(visitor.workspace_id)),
        roles=given,
        held=visitor.principal.acting_role,
        email=email,
        role=role,
        made=made,
        faults=wrong or {},
    )
