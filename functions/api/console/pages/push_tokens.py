"""Push tokens and the webhook for notifications, on the Detail tab: their secrets are shown in one answer only."""

from fastapi import Request, Response
from pydantic import ValidationError

from functions.api.console import boards
from functions.api.console.page_router import page_router
from functions.api.console.pages.detail import address_of, detail_page
from functions.api.console.rendering import goes_to
from functions.api.console.security import Form
from functions.api.console.submitted import faults, status_of, validated
from functions.api.console.visitor import Visiting
from functions.api.routes import notifications, push_tokens
from functions.api.routes.push_tokens import PushTokenInput
from gero.kit import GeroError
from gero.leaderboards import webhooks

router = page_router()


@router.get("/leaderboards/{leaderboard_id}/push-tokens")
@router.get("/leaderboards/{leaderboard_id}/webhook")
def show(request: Request, visitor: Visiting, leaderboard_id: str) -> Response:
    """Where both are: for who loads the answer to one of their forms again."""
    board = boards.find(request, visitor, leaderboard_id)
    section = "push" if request.url.path.endswith("/push-tokens") else "notifications"
    return goes_to(request, address_of(board.stored, section))


@router.post("/leaderboards/{leaderboard_id}/push-tokens")
def create(request: Request, visitor: Visiting, form: Form, leaderboard_id: str) -> Response:
    """Make a push token; its secret is on this page and nowhere else."""
    visitor.principal.require("leaderboards:write")
    board = boards.find(request, visitor, leaderboard_id)
    fields = {"name": form.text("token_name"), "expires_in": form.optional("expires_in")}
    try:
        made = push_tokens.create_push_token(
            request, visitor.principal, leaderboard_id, validated(PushTokenInput, fields)
        )
    except (ValidationError, GeroError) as error:
        wrong = {"token_name" if name == "name" else name: told for name, told in faults(error).items()}
        typed = {"token_name": form.text("token_name"), "expires_in": form.text("expires_in")}
        return detail_page(request, visitor, board, status=status_of(error), faults=wrong, typed=typed)
    return detail_page(request, visitor, board, made_token=made)


@router.post("/leaderboards/{leaderboard_id}/push-tokens/{token_id}/revoke")
def revoke(request: Request, visitor: Visiting, form: Form, leaderboard_id: str, token_id: str) -> Response:
    """Disable a push token at once."""
    visitor.principal.require("leaderboards:write")
    board = boards.find(request, visitor, leaderboard_id)
    found = push_tokens.revoke_push_token(request, visitor.principal, leaderboard_id, token_id)
    return goes_to(request, address_of(board.stored, "push"), f"The push token {found.name} is revoked.")


@router.post("/leaderboards/{leaderboard_id}/webhook")
def set_webhook(request: Request, visitor: Visiting, form: Form, leaderboard_id: str) -> Response:
    """Tell events to a URL; a new secret is on this page and nowhere else."""
    visitor.principal.require("leaderboards:write")
    board = boards.find(request, visitor, leaderboard_id)
    fields = {"url": form.text("url"), "events": form.every("events"), "new_secret": form.flag("new_secret")}
    try:
        told = notifications.set_webhook(visitor.principal, leaderboard_id, validated(webhooks.WebhookInput, fields))
    except (ValidationError, GeroError) as error:
        return detail_page(request, visitor, board, status=status_of(error), faults=faults(error), typed=fields)
    secret = told.webhook.secret if told.webhook else None
    if secret:
        return detail_page(request, visitor, board, made_secret=secret)
    return goes_to(request, address_of(board.stored, "notifications"), "The webhook is set.")


@router.post("/leaderboards/{leaderboard_id}/webhook/test")
def test_webhook(request: Request, visitor: Visiting, form: Form, leaderboard_id: str) -> Response:
    """Send a test event now."""
    visitor.principal.require("leaderboards:write")
    board = boards.find(request, visitor, leaderboard_id)
    came = notifications.test_webhook(visitor.principal, leaderboard_id)
    told, kind = ("The test event arrived.", "done") if came.delivered else (str(came.error), "failed")
    return goes_to(request, address_of(board.stored, "notifications"), told, kind)


@router.post("/leaderboards/{leaderboard_id}/webhook/remove")
def remove_webhook(request: Request, visitor: Visiting, form: Form, leaderboard_id: str) -> Response:
    """Take the webhook away."""
    visitor.principal.require("leaderboards:write")
    board = boards.find(request, visitor, leaderboard_id)
    notifications.delete_webhook(visitor.principal, leaderboard_id)
    return goes_to(request, address_of(board.stored, "notifications"), "The webhook is taken away.")
