"""What a leaderboard tells of itself: to its webhook, and as events on the account's bus.

An event is written (`OUTBOX#id`) in the transaction of what it tells, so none is lost and none tells what did not
happen. It is sent at once, and again with growing pauses until it was taken; then it is removed. Each try is claimed by
a conditional write that sets the time of the next one, so two senders never try at once, and one that dies is followed
by another. A receiver may see an event twice and knows it by its id.
"""

from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any, Final

import msgspec

from gero import runs
from gero.kit import Conflict, clock, events, log, money, new_id, table
from gero.kit import conditions as when
from gero.kit.table import Changes, Item, Write
from gero.leaderboards import webhooks
from gero.leaderboards.leaderboard import Leaderboard
from gero.leaderboards.promotions import Promotion
from gero.leaderboards.webhooks import Message, Webhook
from gero.runs import Run

DUE: Final = "notification"  # the partition of the index of due work in which events wait to be sent
PAUSES: Final = (
    *(timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30)),
    *(timedelta(hours=2), timedelta(hours=8), timedelta(hours=24)),
)
_KEPT = timedelta(days=30)  # what was given up, to be shown
_SHOWN = 20


class Waiting(msgspec.Struct, frozen=True):
    """An event that was not taken yet. Times are ISO texts; without `next_try_at` it was given up."""

    id: str
    event: str
    at: str
    tries: int
    next_try_at: str | None
    error: str | None


def of_run(run: Run, event: str, **told: Any) -> Write:
    """The write that makes an event of a run heard, for the transaction that makes it happen."""
    return _write(run.workspace_id, run.leaderboard_id, event, {"run_id": run.id, **told})


def tell_waiting(run: Run) -> None:
    """Tell that a run waits for a person."""
    write = of_run(run, f"run.{run.status}", spent_usd=money.to_usd(runs.progress(run).cost_nanos))
    table.transact([write])


def of_promotion(leaderboard: Leaderboard, record: Promotion) -> list[Write]:
    """The writes that tell of a decision on production: that it changed, or that a challenger was held back."""
    if not record.changed and record.action != "hold":
        return []
    event = "production.changed" if record.changed else "production.held"
    told = {
        "leaderboard": leaderboard.name,
        "promotion_id": record.id,
        "action": record.action,
        "model_id": record.model_id,
        "model": record.name,
        "previous_model_id": record.previous_id,
        "previous_model": record.previous_name,
        "policy": record.policy,
        "reason": record.reason,
        "run_id": record.run_id,
        "rows_needed": record.rows_needed,
    }
    return [_write(leaderboard.workspace_id, leaderboard.id, event, told)]


def send_now(workspace_id: str, leaderboard_id: str) -> None:
    """Send what a leaderboard has to tell and was not tried yet. Never fails: what is not sent now is sent later."""
    try:
        found = table.query(_partition(workspace_id, leaderboard_id), "OUTBOX#")
        _send([item for item in found if not item["tries"]])
    except Exception as error:  # noqa: BLE001  what is told has happened, and a later tick tells it
        log.failure("notification.not_sent", error, leaderboard_id=leaderboard_id)


def send_due(limit: int = 50) -> int:
    """Send, or try again, what is due; returns how much was tried. Harmless when done twice at once."""
    return _send(table.query_due(DUE, clock.iso(), limit))


def waiting(workspace_id: str, leaderboard_id: str) -> list[Waiting]:
    """The newest events that were not taken yet, or were given up, newest first."""
    found = table.query(_partition(workspace_id, leaderboard_id), "OUTBOX#", newest_first=True, limit=_SHOWN)
    return [
        Waiting(one["id"], one["event"], one["at"], one["tries"], one.get("due_at"), one.get("error")) for one in found
    ]


def send_test(workspace_id: str, leaderboard_id: str) -> str | None:
    """Send an event `notification.test` to the webhook: what went wrong, or None. NotFound when there is none."""
    webhook = webhooks.get(workspace_id, leaderboard_id)
    secret = webhooks.opened(workspace_id, leaderboard_id, webhook)
    message = Message(*_event("notification.test", {"workspace_id": workspace_id, "leaderboard_id": leaderboard_id}))
    error = webhooks.call_all({message.id: (webhook, secret, message)})[message.id]
    webhooks.note_outcome(workspace_id, leaderboard_id, error)
    return error


def _write(workspace_id: str, leaderboard_id: str, event: str, told: dict[str, Any]) -> Write:
    of = {"workspace_id": workspace_id, "leaderboard_id": leaderboard_id}
    event_id, body = _event(event, of | told)
    now = clock.iso()
    item = {
        "pk": _partition(workspace_id, leaderboard_id),
        "sk": f"OUTBOX#{event_id}",
        "id": event_id,
        "event": event,
        "body": body,
        "at": now,
        "tries": 0,
        "due_kind": DUE,
        "due_at": now,
        **of,
    }
    return Write(item)


def _event(event: str, data: dict[str, Any]) -> tuple[str, str]:
    """Its id, and its body by the Standard Webhooks specification."""
    return new_id(), msgspec.json.encode({"type": event, "timestamp": clock.iso(), "data": data}).decode()


def _send(found: Iterable[Item]) -> int:
    claimed = list(_claimed(found))
    to_bus = [one for one in claimed if not one.get("on_bus")]
    on_bus = {item["id"] for item, taken in zip(to_bus, _put(to_bus), strict=True) if taken}
    told = _called(claimed)
    for item in claimed:
        if item["id"] in told:
            webhooks.note_outcome(item["workspace_id"], item["leaderboard_id"], told[item["id"]])
        _settle(item, bool(item.get("on_bus")) or item["id"] in on_bus, told.get(item["id"]))
    return len(claimed)


def _called(claimed: list[Item]) -> dict[str, str | None]:
    """Of each item that goes to a webhook, by its id, what went wrong there."""
    calls, failed = {}, {}
    for item in claimed:
        try:
            call = _call_of(item)
        except Exception as error:  # noqa: BLE001  one webhook's trouble must not keep the others waiting
            log.failure("notification.not_sent", error, leaderboard_id=item["leaderboard_id"])
            failed[item["id"]] = "its secret could not be opened"
            continue
        if call:
            calls[item["id"]] = call
    return webhooks.call_all(calls) | failed


def _claimed(found: Iterable[Item]) -> Iterator[Item]:
    """Of the items, those that are ours to try: the time of the next try is set, or none is left."""
    for item in found:
        tries = item["tries"]
        if tries < len(PAUSES):
            changes = Changes(set={"tries": tries + 1, "due_at": clock.iso(clock.now() + PAUSES[tries])})
        else:
            kept_until = int((clock.now() + _KEPT).timestamp())
            changes = Changes(set={"tries": tries + 1, "expires_at": kept_until}, remove=("due_kind", "due_at"))
        try:
            yield table.update(item["pk"], item["sk"], changes, when.equals("tries", tries))
        except Conflict:
            continue  # somebody else has it, or has sent it


def _put(claimed: list[Item]) -> list[bool]:
    try:
        return events.put([events.BusEvent(one["event"], one["body"]) for one in claimed])
    except Exception as error:  # noqa: BLE001  the webhooks are still called, and the bus is tried again
        log.failure("notification.not_on_bus", error)
        return [False] * len(claimed)


def _call_of(item: Item) -> tuple[Webhook, str, Message] | None:
    if item.get("called"):
        return None
    owner = item["workspace_id"], item["leaderboard_id"]
    webhook = webhooks.find(*owner)
    if webhook is None or not webhook.takes(item["event"]):
        return None
    return webhook, webhooks.opened(*owner, webhook), Message(item["id"], item["body"])


def _settle(item: Item, on_bus: bool, error: str | None) -> None:
    if on_bus and error is None:
        table.delete(item["pk"], item["sk"])
        return
    told = "the event bus did not take it" if error is None else f"the webhook was called in vain: {error}"
    changes = Changes(set={"on_bus": on_bus, "called": error is None, "error": told})
    try:
        table.update(item["pk"], item["sk"], changes, when.present())
    except Conflict:
        return  # the leaderboard was deleted meanwhile
    log.warning("notification.not_taken", leaderboard_id=item["leaderboard_id"], event_name=item["event"], error=told)


def _partition(workspace_id: str, leaderboard_id: str) -> str:
    return f"WS#{workspace_id}#LB#{leaderboard_id}"
