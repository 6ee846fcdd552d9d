import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest

from gero import leaderboards, runs
from gero.kit import aws, clock, events, table, workflows
from gero.leaderboards import Leaderboard, notifications, webhooks
from gero.leaderboards.webhooks import WebhookInput
from tests.gero.leaderboards.boards import add, board
from tests.gero.leaderboards.decided import complete, pin
from tests.webhook_server import WebhookServer, webhook_server


@pytest.fixture
def receiver() -> Iterator[WebhookServer]:
    with webhook_server() as server:
        yield server


@pytest.fixture
def made(cloud: None, monkeypatch: pytest.MonkeyPatch) -> Leaderboard:
    """A leaderboard of two models, "a" and "b"."""
    monkeypatch.setattr(workflows, "succeed_task", lambda _: None)
    made = board()
    for name in ("a", "b"):
        add(made, name)
    return made


def hook(made: Leaderboard, receiver: WebhookServer, **fields: Any) -> str:
    secret = webhooks.put("w", made.id, WebhookInput.model_validate({"url": receiver.url, **fields}))[1]
    return str(secret)


def outbox(made: Leaderboard) -> list[table.Item]:
    return list(table.query(f"WS#w#LB#{made.id}", "OUTBOX#"))


def fail_run(made: Leaderboard, error: str = "the dataset is gone") -> None:
    """A run that fails, as `finish_run` ends it."""
    run = leaderboards.start_run(leaderboards.get("w", made.id), "manual")
    assert runs.finish(run, "failed", error=error, also=[notifications.of_run(run, "run.failed", error=error)])


@pytest.fixture
def time_passes(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A clock that is put forward."""
    ahead, now = [timedelta()], clock.now

    def moved() -> datetime:
        return now() + ahead[0]

    def forward(**by: float) -> None:
        ahead[0] += timedelta(**by)

    monkeypatch.setattr(clock, "now", moved)
    return forward


@pytest.fixture
def bus(cloud: None) -> Any:
    """What comes to a queue by a rule for Gero's events."""
    sqs, eventbridge = aws.client("sqs"), aws.client("events")
    url = sqs.create_queue(QueueName="listener")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    eventbridge.put_rule(Name="gero", EventPattern='{"source": ["gero"]}')
    eventbridge.put_targets(Rule="gero", Targets=[{"Id": "q", "Arn": arn}])

    def received() -> list[dict[str, Any]]:
        found = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
        return sorted((msgspec.json.decode(one["Body"]) for one in found), key=lambda one: str(one["detail-type"]))

    return received


def test_a_promotion_is_told_to_the_webhook_and_the_bus(made: Leaderboard, receiver: WebhookServer, bus: Any) -> None:
    secret = hook(made, receiver)
    complete(made, {"a": 3, "b": 1})
    assert receiver.events == ["production.changed", "run.completed"]
    assert all(one.is_signed_by(secret) for one in receiver.received)
    changed, completed = bus()
    assert (changed["source"], changed["detail-type"]) == ("gero", "production.changed")
    told = changed["detail"]["data"]
    assert (told["model"], told["previous_model"], told["workspace_id"]) == ("a", None, "w")
    assert told["reason"].endswith("becomes the first production model.")
    assert completed["detail"]["data"]["action"] == "first"
    assert outbox(made) == []  # what was taken is not kept


def test_a_challenger_held_back_is_told_and_nothing_when_nothing_is_new(
    made: Leaderboard, receiver: WebhookServer
) -> None:
    complete(made, {"a": 3, "b": 1})
    hook(made, receiver)
    complete(made, {"a": 2, "b": 3})
    assert receiver.events == ["production.held", "run.completed"]
    receiver.received.clear()
    complete(made, {"a": 3, "b": 1})
    assert receiver.events == ["run.completed"]


def test_only_the_events_that_were_asked_for_are_sent(made: Leaderboard, receiver: WebhookServer, bus: Any) -> None:
    hook(made, receiver, events=["production.changed"])
    complete(made, {"a": 3, "b": 1})
    assert receiver.events == ["production.changed"]
    assert [one["detail-type"] for one in bus()] == ["production.changed", "run.completed"]
    assert outbox(made) == []


def test_nothing_secret_is_told(made: Leaderboard, receiver: WebhookServer, bus: Any) -> None:
    add(made, "c", auth_method="bearer", auth_token="its-secret")
    hook(made, receiver)
    complete(made, {"a": 1, "b": 1, "c": 3})
    told = str([one.body for one in receiver.received]) + str(bus())
    assert "its-secret" not in told
    assert "Say {input}" not in told


def test_a_person_s_selection_is_told_by_the_next_tick(made: Leaderboard, receiver: WebhookServer) -> None:
    hook(made, receiver)
    complete(made, {"a": 3, "b": 1})
    receiver.received.clear()
    b = next(one for one in leaderboards.candidates.listed("w", made.id) if one.name == "b")
    pin(made, b.id)
    assert notifications.send_due() == 1
    assert receiver.events == ["production.changed"]
    assert receiver.received[0].event["data"]["action"] == "pin"


def test_a_receiver_that_fails_is_tried_again_with_growing_pauses_and_then_given_up(
    made: Leaderboard, receiver: WebhookServer, time_passes: Any, bus: Any
) -> None:
    hook(made, receiver)
    receiver.status = 503
    fail_run(made)
    notifications.send_now("w", made.id)
    notifications.send_now("w", made.id)  # it was tried, the next try has its time
    assert len(receiver.received) == 1
    for tried, pause in enumerate(notifications.PAUSES, start=1):
        time_passes(seconds=pause.total_seconds() - 5)
        assert notifications.send_due() == 0
        time_passes(seconds=10)
        assert notifications.send_due() == 1
        assert len(receiver.received) == tried + 1
    time_passes(days=10)
    assert notifications.send_due() == 0
    assert len({one.headers["webhook-id"] for one in receiver.received}) == 1
    assert len(bus()) == 1  # the bus took it at once
    (given_up,) = notifications.waiting("w", made.id)
    assert (given_up.event, given_up.tries, given_up.next_try_at) == ("run.failed", 7, None)
    assert given_up.error == "the webhook was called in vain: it answered 503"
    assert outbox(made)[0]["expires_at"] > clock.now().timestamp()


def test_a_receiver_that_comes_back_is_told_what_it_missed(
    made: Leaderboard, receiver: WebhookServer, time_passes: Any
) -> None:
    hook(made, receiver)
    receiver.status = 500
    fail_run(made)
    notifications.send_now("w", made.id)
    receiver.status = 200
    time_passes(minutes=2)
    assert notifications.send_due() == 1
    assert receiver.events == ["run.failed", "run.failed"]
    assert outbox(made) == []
    assert receiver.received[0].body == receiver.received[1].body


def test_a_bus_that_fails_is_tried_again_and_the_webhook_is_called_once(
    made: Leaderboard, receiver: WebhookServer, time_passes: Any, bus: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    hook(made, receiver)
    with monkeypatch.context() as patched:
        patched.setattr(events, "put", lambda found: [False] * len(found))
        complete(made, {"a": 3, "b": 1})
    assert len(receiver.received) == 2
    assert {one.error for one in notifications.waiting("w", made.id)} == {"the event bus did not take it"}
    time_passes(minutes=2)
    assert notifications.send_due() == 2
    assert (len(receiver.received), len(bus()), outbox(made)) == (2, 2, [])


def test_a_run_completes_although_nothing_can_be_sent(
    made: Leaderboard, receiver: WebhookServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise RuntimeError("no network")

    hook(made, receiver)
    monkeypatch.setattr(webhooks, "call_all", broken)
    assert complete(made, {"a": 3, "b": 1}) is not None
    assert len(outbox(made)) == 2


def test_a_secret_that_cannot_be_opened_does_not_keep_others_waiting(
    made: Leaderboard, receiver: WebhookServer
) -> None:
    broken = board()
    for name in ("a", "b"):
        add(broken, name)
    hook(broken, receiver)
    table.put(
        (table.get(f"WS#w#LB#{broken.id}", "WEBHOOK", consistent=True) or {})
        | {
            "doc": msgspec.json.encode(
                webhooks.Webhook(receiver.url, webhooks.EVENTS, "bm90IHNlYWxlZA==", "", "")
            ).decode()
        }
    )
    fail_run(broken)
    hook(made, receiver)
    fail_run(made)
    assert notifications.send_due() == 2
    assert receiver.events == ["run.failed"]
    assert outbox(made) == []
    assert notifications.waiting("w", broken.id)[0].error is not None


def test_two_ticks_at_once_send_each_event_once(made: Leaderboard, receiver: WebhookServer, atomic_cloud: None) -> None:
    hook(made, receiver)
    for _ in range(3):
        fail_run(made)
    threads = [threading.Thread(target=notifications.send_due) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert receiver.events == ["run.failed"] * 3


def test_without_a_webhook_the_bus_is_told(made: Leaderboard, bus: Any) -> None:
    complete(made, {"a": 3, "b": 1})
    assert len(bus()) == 2
    assert outbox(made) == []


def test_events_of_a_deleted_leaderboard_are_not_sent(made: Leaderboard, receiver: WebhookServer) -> None:
    hook(made, receiver)
    fail_run(made)
    found = outbox(made)
    leaderboards.delete("w", made.id)
    leaderboards.sweep("w", made.id)
    assert notifications._send(found) == 0
    assert receiver.received == []
