"""Messages of the shadow queue, as the inference endpoint would send them for a leaderboard that is ready."""

from typing import Any

from msgspec.structs import replace

from gero.kit import clock, new_id
from gero.providers import serving
from gero.shadows import ShadowRequest
from tests.functions.conftest import Ready


def shadow_event(ready: Ready, **changed: Any) -> dict[str, Any]:
    """The payload of `events/`, asked just now and for the model that is next in the ranking."""
    event = ready.event("shadow_requests", "two_requests", candidate=ready.good)
    served = serving.of_leaderboard(ready.workspace, ready.leaderboard.id)
    assert isinstance(served, serving.Serving)
    fields = {"challenger": served.others[0], "asked_at": clock.iso()} | changed
    for record in event["Records"]:
        request = replace(ShadowRequest.decode(record["body"]), trace_id=new_id(), **fields)
        record |= {"messageId": new_id(), "body": request.encode()}
    return event


def requests_of(event: dict[str, Any]) -> list[ShadowRequest]:
    """What an event asks for."""
    return [ShadowRequest.decode(record["body"]) for record in event["Records"]]
