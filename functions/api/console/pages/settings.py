"""Settings: the way to the first section, the plan, and the security of the person's account."""

from fastapi import Request, Response

from functions.api.console import identity
from functions.api.console.page_router import page_router
from functions.api.console.plan_locks import plan_of
from functions.api.console.rendering import goes_to
from functions.api.console.security import Form
from functions.api.console.settings_frame import sections_of, settings_page
from functions.api.console.visitor import Visiting
from gero import access, leaderboards
from gero.access import plans, sessions

router = page_router()


@router.get("/settings")
def settings(request: Request, visitor: Visiting) -> Response:
    """The first section that the visitor may see."""
    return goes_to(request, f"/settings/{sections_of(visitor)[0][0]}")


@router.get("/settings/plan")
def plan(request: Request, visitor: Visiting) -> Response:
    """The workspace's plan, how much of it is used, and how the plans compare."""
    visitor.principal.require("workspace:admin")
    used = leaderboards.count(visitor.workspace_id)
    own, offered = plan_of(visitor), list(plans.PLANS.values())
    return settings_page(request, "settings_plan.html", visitor, "plan", own=own, plans=offered, leaderboards=used)


@router.post("/settings/plan")
def rename(request: Request, visitor: Visiting, form: Form) -> Response:
    """Give the workspace another name."""
    visitor.principal.require("workspace:admin")
    renamed = access.workspaces.rename(visitor.workspace_id, form.text("name"))
    return goes_to(request, "/settings/plan", f"The workspace is called {renamed.name} now.")


@router.get("/settings/security")
def security(request: Request, visitor: Visiting) -> Response:
    """How the visitor signed in, where the password is changed, and the way out of every browser."""
    callback = f"{str(request.base_url).rstrip('/')}/sign-in/callback"
    password = identity.password_url(callback) if visitor.person_id and identity.configured() else None
    return settings_page(request, "settings_security.html", visitor, "security", password=password)


@router.post("/settings/security/sign-out-everywhere")
def sign_out_everywhere(request: Request, visitor: Visiting, form: Form) -> Response:
    """End all sessions of the person; this one too."""
    if visitor.person_id:
        sessions.close_all(visitor.person_id)
    sessions.close(visitor.session.id)
    return goes_to(request, "/sign-in")


@router.post("/settings/leave")
def leave(request: Request, visitor: Visiting, form: Form) -> Response:
    """End one's own membership."""
    if visitor.person_id:
        access.members.leave(visitor.workspace_id, visitor.person_id)
    return goes_to(request, "/workspaces", f"You have left {visitor.workspace.name}.")
