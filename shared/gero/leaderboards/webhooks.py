"""The webhook of a leaderboard: where its notifications go, and a call of it. Its secret is sealed at rest."""

import asyncio
import time
from collections.abc import Mapping
from typing import Any

import msgspec
from pydantic import Field, field_validator

from gero import providers
from gero.kit import Conflict, Invalid, NotFound, address, clock, conditions, log, secrets, table
from gero.kit.table import Changes
from gero.leaderboards import signatures
from gero.models import Input
from gero.providers import CallFailed

EVENTS = (
    "production.changed",
    "production.held",
    "run.completed",
    "run.failed",
    "run.paused",
    "run.reviewing",
)
SECONDS = 10  # a receiver that takes longer has not received
_MAX_URL = 2000
_SK = "WEBHOOK"


class WebhookInput(Input):
    """The body that sets a webhook. Without `events` it is told everything."""

    url: str = Field(min_length=1, max_length=_MAX_URL)
    events: list[str] | None = Field(None, min_length=1, description=f"Some of {', '.join(EVENTS)}")
    new_secret: bool = Field(False, description="Sign with a new secret from now on")

    @field_validator("events")
    @classmethod
    def _are_known(cls, events: list[str] | None) -> list[str] | None:
        for name in events or ():
            if name not in EVENTS:
                raise ValueError(f"{name!r} is no event; use some of {', '.join(EVENTS)}")
        return sorted(set(events)) if events else None


class Webhook(msgspec.Struct, frozen=True, omit_defaults=True):
    """A webhook as stored."""

    url: str
    events: tuple[str, ...]
    sealed_secret: str
    created_at: str
    updated_at: str

    def takes(self, event: str) -> bool:
        """Whether it is to be told of events of that name."""
        return event in self.events


class Message(msgspec.Struct, frozen=True):
    """What is sent: an id that stays the same however often it is tried, and a JSON text."""

    id: str
    body: str


def put(workspace_id: str, leaderboard_id: str, wanted: WebhookInput) -> tuple[Webhook, str | None]:
    """Set the webhook; with its secret where that is new. Invalid when the URL may not be called."""
    address.check_url(wanted.url, "url")
    stored, now = table.get(_partition(workspace_id, leaderboard_id), _SK, consistent=True), clock.iso()
    before = msgspec.json.decode(stored["doc"], type=Webhook) if stored else None
    secret = signatures.new_secret() if before is None or wanted.new_secret else None
    sealed = (
        secrets.seal(secret, _context(workspace_id, leaderboard_id)) if secret else str(before and before.sealed_secret)
    )
    created_at = before.created_at if before else now
    webhook = Webhook(wanted.url, tuple(wanted.events or EVENTS), sealed, created_at, now)
    item = {"pk": _partition(workspace_id, leaderboard_id), "sk": _SK, "doc": msgspec.json.encode(webhook).decode()}
    unchanged = conditions.equals("doc", stored["doc"]) if stored else conditions.absent()
    try:
        table.put(item, unchanged)
    except Conflict as error:
        raise Conflict("the webhook was set by somebody else at the same time; read it again") from error
    return webhook, secret


def find(workspace_id: str, leaderboard_id: str) -> Webhook | None:
    """The webhook, if there is one."""
    item = table.get(_partition(workspace_id, leaderboard_id), _SK, consistent=True)
    return msgspec.json.decode(item["doc"], type=Webhook) if item else None


def get(workspace_id: str, leaderboard_id: str) -> Webhook:
    """The webhook. NotFound when there is none."""
    webhook = find(workspace_id, leaderboard_id)
    if webhook is None:
        raise NotFound("this leaderboard has no webhook; set one first")
    return webhook


def remove(workspace_id: str, leaderboard_id: str) -> None:
    """Take the webhook away; what was not delivered is not sent any more."""
    table.delete(_partition(workspace_id, leaderboard_id), _SK)


def outcome(workspace_id: str, leaderboard_id: str) -> dict[str, str]:
    """When it was called last, and how it failed if it did: `called_at`, `error`."""
    item = table.get(_partition(workspace_id, leaderboard_id), _SK, consistent=True) or {}
    return {name: item[name] for name in ("called_at", "error") if name in item}


def note_outcome(workspace_id: str, leaderboard_id: str, error: str | None) -> None:
    """Keep what came of the latest call."""
    told = Changes(set={"called_at": clock.iso(), "error": error or ""})
    try:
        table.update(_partition(workspace_id, leaderboard_id), _SK, told, conditions.present())
    except Conflict:
        return  # taken away meanwhile


def opened(workspace_id: str, leaderboard_id: str, webhook: Webhook) -> str:
    """The secret of a webhook. Blocking: it may call KMS."""
    return secrets.unseal(webhook.sealed_secret, _context(workspace_id, leaderboard_id))


def call_all(calls: Mapping[str, tuple[Webhook, str, Message]]) -> dict[str, str | None]:
    """Call webhooks (key -> webhook, secret, message), all at once: for each, what went wrong, or None.

    Ends within seconds, whatever the receivers do. Their answers are not read, redirects are not followed, and only
    addresses are connected to that this deployment may call.
    """
    return asyncio.run(_call_all(calls)) if calls else {}


async def _call_all(calls: Mapping[str, tuple[Webhook, str, Message]]) -> dict[str, str | None]:
    async with providers.new_session(max_in_flight=len(calls)) as session:
        told = await asyncio.gather(*(_call(session, *call) for call in calls.values()), return_exceptions=True)
    # Whatever a receiver answers must not keep the others from being called.
    texts = [_unexpected(one) if isinstance(one, BaseException) else one for one in told]
    return dict(zip(calls, texts, strict=True))


def _unexpected(error: BaseException) -> str:
    log.failure("webhook.failed", error)
    return f"it could not be called ({type(error).__name__})"


async def _call(session: Any, webhook: Webhook, secret: str, message: Message) -> str | None:
    import aiohttp

    headers = signatures.headers(secret, message.id, int(time.time()), message.body)
    timeout = aiohttp.ClientTimeout(total=SECONDS)
    try:
        address.check_url(webhook.url, "url")
        async with session.post(
            webhook.url, data=message.body.encode(), headers=headers, timeout=timeout, allow_redirects=False
        ) as answer:
            return None if 200 <= answer.status < 300 else f"it answered {answer.status}"
    except TimeoutError:
        return f"it did not answer within {SECONDS} seconds"
    except (CallFailed, Invalid) as error:
        return error.message
    except (aiohttp.ClientError, OSError, ValueError) as error:
        return f"it could not be called ({type(error).__name__})"


def _context(workspace_id: str, leaderboard_id: str) -> dict[str, str]:
    return {"workspace_id": workspace_id, "webhook_of": leaderboard_id}


def _partition(workspace_id: str, leaderboard_id: str) -> str:
    return f"WS#{workspace_id}#LB#{leaderboard_id}"
