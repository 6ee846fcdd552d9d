"""The webhook of a leaderboard: set, read, try, take away."""

from fastapi import APIRouter, Response

from functions.api import production_views
from functions.api.caller import SCHEMES, Writer
from functions.api.production_views import NotificationsView, TestView
from gero import leaderboards
from gero.leaderboards import notifications, webhooks

router = APIRouter(
    prefix="/api/leaderboards/{leaderboard_id}/notifications", tags=["notifications"], dependencies=SCHEMES
)


@router.get("")
def read_notifications(caller: Writer, leaderboard_id: str) -> NotificationsView:
    """Where the leaderboard's events go, and which of them have not arrived. The secret is not shown."""
    return _view(caller, leaderboard_id)


@router.put("")
def set_webhook(caller: Writer, leaderboard_id: str, wanted: webhooks.WebhookInput) -> NotificationsView:
    """Tell events to a URL, signed by the Standard Webhooks specification. A new secret is in this answer only."""
    leaderboards.get(caller.workspace_id, leaderboard_id)
    _, secret = webhooks.put(caller.workspace_id, leaderboard_id, wanted)
    return _view(caller, leaderboard_id, secret)


@router.delete("", status_code=204)
def delete_webhook(caller: Writer, leaderboard_id: str) -> Response:
    """Take the webhook away. Events go on to the event bus."""
    leaderboards.get(caller.workspace_id, leaderboard_id)
    webhooks.remove(caller.workspace_id, leaderboard_id)
    return Response(status_code=204)


@router.post("/test")
def test_webhook(caller: Writer, leaderboard_id: str) -> TestView:
    """Send an event `notification.test` now, and tell what came of it."""
    leaderboards.get(caller.workspace_id, leaderboard_id)
    error = notifications.send_test(caller.workspace_id, leaderboard_id)
    return TestView(delivered=error is None, error=error)


def _view(caller: Writer, leaderboard_id: str, secret: str | None = None) -> NotificationsView:
    leaderboards.get(caller.workspace_id, leaderboard_id)
    return production_views.notified(caller.workspace_id, leaderboard_id, secret)
