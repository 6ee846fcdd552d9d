from collections.abc import Iterator

import pytest
from pydantic import ValidationError

from gero.kit import Invalid, NotFound, table
from gero.leaderboards import Leaderboard, notifications, signatures, webhooks
from gero.leaderboards.webhooks import EVENTS, Message, Webhook, WebhookInput
from tests.webhook_server import WebhookServer, raw_server, webhook_server


@pytest.fixture
def receiver() -> Iterator[WebhookServer]:
    with webhook_server() as server:
        yield server


def hook(made: Leaderboard, url: str, **fields: object) -> str | None:
    """Set the webhook; its secret where that is new."""
    return webhooks.put("w", made.id, WebhookInput.model_validate({"url": url, **fields}))[1]


def test_signatures_are_those_of_the_specification() -> None:
    # The worked example of the reference implementations of Standard Webhooks.
    headers = signatures.headers(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        1614265330,
        '{"test": 2432232314}',
    )
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert (headers["webhook-id"], headers["webhook-timestamp"]) == ("msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330")


def test_a_secret_is_told_once_and_sealed_at_rest(made: Leaderboard) -> None:
    secret = hook(made, "https://hooks.example.com/x")
    assert secret is not None
    assert secret.startswith("whsec_")
    item = table.get(f"WS#w#LB#{made.id}", "WEBHOOK", consistent=True)
    assert secret not in str(item)
    webhook = webhooks.get("w", made.id)
    assert webhooks.opened("w", made.id, webhook) == secret
    assert webhook.events == EVENTS
    assert hook(made, "https://hooks.example.com/y", events=["run.failed"]) is None
    changed = webhooks.get("w", made.id)
    assert (changed.url, changed.events) == ("https://hooks.example.com/y", ("run.failed",))
    assert webhooks.opened("w", made.id, changed) == secret
    another = hook(made, "https://hooks.example.com/y", new_secret=True)
    assert another not in (None, secret)


def test_a_secret_copied_to_another_leaderboard_opens_nothing(made: Leaderboard) -> None:
    hook(made, "https://hooks.example.com/x")
    with pytest.raises(Exception, match="InvalidCiphertext"):
        webhooks.opened("w", "another", webhooks.get("w", made.id))


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("http://hooks.example.com/x", "url: use https"),
        ("https://10.0.0.1/x", "url: this address is private"),
        ("https://169.254.169.254/latest", "url: this address is private"),
        ("https://me:pw@hooks.example.com/", "without user name"),
        ("hooks", "url: give an https URL"),
    ],
)
def test_addresses_that_gero_does_not_call_are_refused(
    made: Leaderboard, monkeypatch: pytest.MonkeyPatch, url: str, sentence: str
) -> None:
    monkeypatch.setenv("GERO_PRIVATE_NETWORKS", "")
    with pytest.raises(Invalid, match=sentence):
        hook(made, url)
    assert webhooks.find("w", made.id) is None


def test_unknown_events_are_refused_by_name() -> None:
    with pytest.raises(ValidationError, match=r"'run\.started' is no event"):
        WebhookInput(url="https://hooks.example.com", events=["run.started"])


def test_a_test_event_arrives_signed(made: Leaderboard, receiver: WebhookServer) -> None:
    secret = hook(made, receiver.url)
    assert notifications.send_test("w", made.id) is None
    (got,) = receiver.received
    assert secret is not None
    assert got.is_signed_by(secret)
    assert not got.is_signed_by(signatures.new_secret())
    assert (got.event["type"], got.event["data"]["leaderboard_id"]) == ("notification.test", made.id)
    assert webhooks.outcome("w", made.id)["error"] == ""


def test_a_test_without_a_webhook_says_so(made: Leaderboard) -> None:
    with pytest.raises(NotFound, match="set one first"):
        notifications.send_test("w", made.id)


@pytest.mark.parametrize(("status", "told"), [(500, "it answered 500"), (302, "it answered 302")])
def test_only_a_success_counts_and_redirects_are_not_followed(
    made: Leaderboard, receiver: WebhookServer, status: int, told: str
) -> None:
    hook(made, receiver.url)
    receiver.status = status
    assert notifications.send_test("w", made.id) == told
    assert [one.path for one in receiver.received] == ["/hook"]
    assert webhooks.outcome("w", made.id)["error"] == told


def test_a_receiver_that_does_not_answer_is_not_waited_for(
    made: Leaderboard, receiver: WebhookServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "SECONDS", 0.2)
    hook(made, receiver.url)
    receiver.seconds = 1
    assert notifications.send_test("w", made.id) == "it did not answer within 0.2 seconds"


def test_an_address_that_became_private_is_not_called(
    made: Leaderboard, receiver: WebhookServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    hook(made, receiver.url)
    monkeypatch.setenv("GERO_PRIVATE_NETWORKS", "")
    assert str(notifications.send_test("w", made.id)).startswith("url: use https")
    monkeypatch.setenv("GERO_PRIVATE_NETWORKS", "10.0.0.0/8")
    hook(made, receiver.url.replace("http://127.0.0.1", "https://localhost.example.com"))
    monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: [(2, 1, 6, "", ("127.0.0.1", 443))])
    assert "leads to a private address" in str(notifications.send_test("w", made.id))
    assert receiver.received == []


def test_a_receiver_that_is_not_there_is_told(made: Leaderboard) -> None:
    hook(made, "http://127.0.0.1:9/")
    assert notifications.send_test("w", made.id) == "it could not be called (ClientConnectorError)"


@pytest.mark.parametrize(
    "hostile",
    [
        b"no HTTP at all\r\n\r\n",
        b"HTTP/1.1 999999 X\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"a" * 100_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
        b"",
    ],
)
def test_what_one_receiver_sends_keeps_no_other_from_being_called(
    made: Leaderboard, receiver: WebhookServer, hostile: bytes
) -> None:
    secret = signatures.new_secret()
    message = Message("m", "{}")
    with raw_server(hostile) as url:
        calls = {
            name: (Webhook(address, EVENTS, "", "", ""), secret, message)
            for name, address in (("bad", url), ("good", receiver.url))
        }
        told = webhooks.call_all(calls)
    assert told["good"] is None
    assert str(told["bad"]).startswith("it could not be called")
    assert len(receiver.received) == 1


def test_an_endless_answer_is_not_read(made: Leaderboard) -> None:
    with raw_server(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n" + b"x" * 1000) as url:
        hook(made, url)
        assert notifications.send_test("w", made.id) is None
