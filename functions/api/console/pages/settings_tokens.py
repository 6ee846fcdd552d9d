"""Settings, Tokens: make, change, rotate, revoke and delete the workspace's API tokens."""

from typing import Any

from fastapi import Request, Response
from pydantic import ValidationError

from functions.api.console.page_router import page_router
from functions.api.console.plan_locks import plan_of
from functions.api.console.rendering import goes_to
from functions.api.console.security import Form
from functions.api.console.settings_frame import settings_page
from functions.api.console.submitted import Submitted, faults, status_of, validated
from functions.api.console.visitor import Visiting, Visitor
from functions.api.routes import tokens as api
from functions.api.routes.tokens import RotationInput, TokenInput, TokenPatch
from functions.api.views import TokenView
from gero import access
from gero.kit import GeroError

router = page_router("workspace:admin")
_PAGE = "/settings/tokens"
LIFETIMES = (
    ("none", "None"),
    ("1h", "1 hour"),
    ("1d", "1 day"),
    ("7d", "7 days"),
    ("30d", "30 days"),
    ("90d", "90 days"),
    ("180d", "180 days"),
    ("1y", "1 year"),
)
RESETS = (("none", "None"), ("daily", "Daily"), ("weekly", "Weekly"), ("monthly", "Monthly"))
SCOPES = (
    ("leaderboards:inference", "call inference"),
    ("leaderboards:read", "read leaderboards, runs, traces and datasets"),
    ("leaderboards:write", "create, change and delete leaderboards, add models, push rows"),
    ("leaderboards:run", "start, resume and cancel runs"),
    ("leaderboards:review", "review answers, without seeing whose they are"),
    ("models:read", "read Dr.Gero models and base models"),
    ("models:write", "create, change and delete Dr.Gero models"),
    ("models:fine-tune", "fine-tune Dr.Gero models"),
    ("workspace:admin", "tokens, integrations and members"),
    ("*", "everything"),
)
GRACES = ((0, "at once"), (3600, "after 1 hour"), (86_400, "after 1 day"), (604_800, "after 7 days"))


@router.get(_PAGE)
def list_tokens(request: Request, visitor: Visiting, scope: str = "", offset: int = 0) -> Response:
    """The workspace's tokens, and the form for another; `scope`: what that is to be for."""
    return _page(request, visitor, offset=max(0, offset), form=_wanted(scope), opened=bool(scope))


@router.post(_PAGE)
def create_token(request: Request, visitor: Visiting, form: Form) -> Response:
    """Make a token. Its secret is on this page and nowhere else."""
    fields = {
        "name": form.text("name"),
        "scopes": form.every("scopes"),
        "expires_in": form.optional("expires_in"),
        "budget_limit": form.digits("budget_limit") or None,
        "budget_reset_interval": form.optional("budget_reset_interval"),
    }
    try:
        made = api.create_token(visitor.principal, validated(TokenInput, fields))
    except (ValidationError, GeroError) as error:
        return _page(request, visitor, faults(error), status_of(error), form=_typed(form), opened=True)
    return _page(request, visitor, made=made)


@router.get(f"{_PAGE}/{{token_id}}")
def read_token(request: Request, visitor: Visiting, token_id: str) -> Response:
    """One token, to change it."""
    found = api.read_token(visitor.principal, token_id)
    return _one(request, visitor, found, _of_token(found))


@router.post(f"{_PAGE}/{{token_id}}")
def change_token(request: Request, visitor: Visiting, form: Form, token_id: str) -> Response:
    """Change a token's name, scopes and budget."""
    found = api.read_token(visitor.principal, token_id)
    offered = {scope for scope, _ in _choices(visitor)["scopes"]}
    fields = {
        "name": form.text("name"),
        # What has no box on the page stays: categories, and what the visitor may not give.
        "scopes": [*form.every("scopes"), *(one for one in found.scopes if one not in offered)],
        "budget_limit": form.digits("budget_limit") or None,
        "budget_reset_interval": form.text("budget_reset_interval", "none"),
    }
    known = _of_token(found) | {"budget_limit": _of_token(found)["budget_limit"] or None}
    fields = {name: value for name, value in fields.items() if _differs(value, known[name])}
    try:
        api.change_token(visitor.principal, token_id, TokenPatch.model_validate(fields))
    except (ValidationError, GeroError) as error:
        return _one(request, visitor, found, _typed(form), faults(error), status_of(error))
    return goes_to(request, _PAGE, f"Token {form.text('name')} was changed.")


@router.post(f"{_PAGE}/{{token_id}}/rotate")
def rotate_token(request: Request, visitor: Visiting, form: Form, token_id: str) -> Response:
    """A new secret for a token, shown on this page and nowhere else."""
    try:
        wanted = validated(RotationInput, {"grace_seconds": form.integer("grace_seconds")})
        made = api.rotate_token(visitor.principal, token_id, wanted)
    except (ValidationError, GeroError) as error:
        return _page(request, visitor, faults(error), status_of(error))
    return _page(request, visitor, made=made)


@router.post(f"{_PAGE}/{{token_id}}/revoke")
def revoke_token(request: Request, visitor: Visiting, form: Form, token_id: str) -> Response:
    """Disable a token."""
    revoked = api.revoke_token(visitor.principal, token_id)
    return goes_to(request, _PAGE, f"Token {revoked.name} is revoked. Inference forgets it within five seconds.")


@router.post(f"{_PAGE}/{{token_id}}/delete")
def delete_token(request: Request, visitor: Visiting, form: Form, token_id: str) -> Response:
    """Drop a token's record."""
    api.delete_token(visitor.principal, token_id)
    return goes_to(request, _PAGE, "The token is deleted.")


def _page(
    request: Request,
    visitor: Visitor,
    wrong: dict[str, str] | None = None,
    status: int = 200,
    *,
    offset: int = 0,
    **context: Any,
) -> Response:
    found = api.list_tokens(visitor.principal, limit=50, offset=offset)
    shown = {"form": _wanted(""), "opened": False, "made": None} | context
    return settings_page(
        request,
        "settings_tokens.html",
        visitor,
        "tokens",
        status=status,
        found=found,
        faults=wrong or {},
        **_choices(visitor),
        **shown,
    )


def _one(
    request: Request,
    visitor: Visitor,
    found: TokenView,
    form: dict[str, Any],
    wrong: dict[str, str] | None = None,
    status: int = 200,
) -> Response:
    return settings_page(
        request,
        "settings_token.html",
        visitor,
        "tokens",
        status=status,
        token=found,
        form=form,
        faults=wrong or {},
        **_choices(visitor),
    )


def _choices(visitor: Visitor) -> dict[str, Any]:
    """What may be chosen: nobody hands out more than they have."""
    scopes = [one for one in SCOPES if access.scopes.narrower([one[0]], visitor.principal.scopes)]
    return {
        "lifetimes": LIFETIMES,
        "resets": RESETS,
        "scopes": scopes,
        "graces": GRACES,
        "plan": plan_of(visitor),
    }


def _wanted(scope: str) -> dict[str, Any]:
    known = [scope] if scope in dict(SCOPES) else []
    return {"name": "", "scopes": known, "expires_in": "none", "budget_limit": "", "budget_reset_interval": "none"}


def _typed(form: Submitted) -> dict[str, Any]:
    texts = ("name", "expires_in", "budget_limit", "budget_reset_interval")
    return {name: form.text(name) for name in texts} | {"scopes": form.every("scopes")}


def _differs(typed: Any, known: Any) -> bool:
    return bool(set(typed) != set(known) if isinstance(known, list) else typed != known)


def _of_token(found: TokenView) -> dict[str, Any]:
    limit = "" if found.budget_limit is None else f"{found.budget_limit:.10f}".rstrip("0").rstrip(".")
    return {
        "name": found.name,
        "scopes": found.scopes,
        "budget_limit": limit,
        "budget_reset_interval": found.budget_reset_interval,
    }
