"""What the inference app is put together from: its memory of the table, its way to queues, its worst case."""

import asyncio
import threading
from typing import Any

import boto3
import pytest

from functions.serve_inference import recent
from functions.serve_inference.asked import read
from functions.serve_inference.exchange import Exchange
from functions.serve_inference.finding import Served
from functions.serve_inference.outbox import Outbox
from functions.serve_inference.recent import Recent
from functions.serve_inference.worst_case import DEFAULT_OUTPUT_TOKENS, worst_case
from gero.access import Principal
from gero.kit import settings
from gero.providers import Endpoint
from gero.providers.serving import Serving, ServingSettings
from gero.providers.target import Target


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now


class Source:
    """A table that counts its reads, and that can be slow."""

    def __init__(self) -> None:
        self.reads = 0
        self.open = threading.Event()
        self.open.set()

    def load(self) -> int:
        self.reads += 1
        assert self.open.wait(5)
        return self.reads


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    monkeypatch.setattr(recent, "time", found)
    return found


async def test_what_was_just_read_is_not_read_again_and_what_is_old_is(clock: Clock) -> None:
    source, kept = Source(), Recent[int]()
    assert [await kept.get("a", source.load) for _ in range(3)] == [1, 1, 1]
    clock.now += recent.USABLE_SECONDS
    assert await kept.get("a", source.load) == 2


async def test_before_it_is_old_it_is_read_again_without_anybody_waiting(clock: Clock) -> None:
    source, kept = Source(), Recent[int]()
    await kept.get("a", source.load)
    clock.now += recent.FRESH_SECONDS
    source.open.clear()
    assert [await kept.get("a", source.load) for _ in range(3)] == [1, 1, 1]
    source.open.set()
    await asyncio.wait_for(kept._loading["a"][1], 5)
    assert await kept.get("a", source.load) == source.reads == 2


async def test_many_who_ask_at_once_make_one_read(clock: Clock) -> None:
    source, kept = Source(), Recent[int]()
    assert await asyncio.gather(*(kept.get("a", source.load) for _ in range(50))) == [1] * 50


async def test_a_failure_is_told_to_all_who_wait_and_not_remembered(clock: Clock) -> None:
    kept = Recent[int]()

    def fail() -> int:
        raise LookupError

    for _ in range(2):
        found = await asyncio.gather(*(kept.get("a", fail) for _ in range(3)), return_exceptions=True)
        assert all(isinstance(one, LookupError) for one in found)
    assert await kept.get("a", Source().load) == 1


async def test_what_does_not_last_is_told_and_not_remembered(clock: Clock) -> None:
    source, kept = Source(), Recent[int](lambda found: found > 1)
    assert [await kept.get("a", source.load) for _ in range(3)] == [1, 2, 2]


async def test_a_failed_refresh_does_not_prolong_what_was_known(clock: Clock) -> None:
    kept = Recent[int]()
    await kept.get("a", Source().load)
    clock.now += recent.FRESH_SECONDS

    def revoked() -> int:
        raise LookupError

    assert await kept.get("a", revoked) == 1
    await asyncio.wait([kept._loading["a"][1]])
    with pytest.raises(LookupError):
        await kept.get("a", revoked)


async def test_a_read_that_was_frozen_midway_is_neither_waited_for_nor_taken_for_new(clock: Clock) -> None:
    source, kept = Source(), Recent[int]()
    await kept.get("a", source.load)
    clock.now += recent.FRESH_SECONDS
    source.open.clear()
    await kept.get("a", source.load)  # begins to read again; the process freezes
    frozen = kept._loading["a"][1]
    while source.reads == 1:
        await asyncio.to_thread(lambda: None)
    clock.now += 3600
    source.open.set()
    assert await kept.get("a", source.load) == 3, "what is read now, not what was being read an hour ago"
    await asyncio.wait([frozen])
    clock.now += recent.FRESH_SECONDS - 1
    assert await kept.get("a", source.load) == 3


async def test_messages_that_gather_meanwhile_are_sent_together_and_large_ones_apart(cloud: None) -> None:
    url = settings.required("GERO_TRACE_QUEUE_URL")
    box = Outbox(url)
    calls: list[int] = []
    client = boto3.client("sqs")
    client.meta.events.register("before-call.sqs.SendMessageBatch", lambda **_: calls.append(1))
    large = ["x" * 500_000] * 3
    await asyncio.gather(*(box.send(f"{number}") for number in range(25)), *(box.send(body) for body in large))
    found: list[str] = []
    while messages := client.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", []):
        found += [message["Body"] for message in messages]
        for message in messages:
            client.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    assert sorted(found) == sorted([*map(str, range(25)), *large])


async def test_a_queue_that_is_gone_loses_the_message_and_holds_up_nobody(cloud: None) -> None:
    box = Outbox("https://sqs.eu-west-1.amazonaws.com/1/gone")
    await asyncio.wait_for(box.send("lost"), 10)
    await asyncio.wait_for(box.send("lost too"), 10)


def exchange(body: bytes, **changed: Any) -> Exchange:
    dear = Endpoint("custom", "https://a", input_nanos_per_million=10**9, output_nanos_per_million=4 * 10**9)
    cheap = Endpoint("custom", "https://b", input_nanos_per_million=10**8, output_nanos_per_million=10**8)
    targets = [Target(name, name, "{input}", endpoint) for name, endpoint in (("cheap", cheap), ("dear", dear))]
    serving = Serving(targets[0], (targets[1],), ServingSettings(**changed))
    return Exchange(Principal("w", "t", ("*",)), read(body), Served("w", "leaderboard", "l", serving))


def test_the_worst_case_is_that_of_the_dearest_that_may_be_asked() -> None:
    asked = b'{"input": "hello", "max_tokens": 100}'
    with_fallback, alone = worst_case(exchange(asked)), worst_case(exchange(asked, fallbacks=0))
    assert 400_000 < with_fallback < 500_000
    assert 10_000 < alone < 20_000
    assert worst_case(exchange(asked, hedge_after_ms=50)) == with_fallback + alone


def test_several_answers_and_no_limit_cost_more_and_an_image_not_by_its_length() -> None:
    one = worst_case(exchange(b'{"input": "x", "max_completion_tokens": 100}'))
    assert worst_case(exchange(b'{"input": "x", "max_completion_tokens": 100, "n": 3}')) > 2.5 * one
    assert worst_case(exchange(b'{"input": "x"}')) > DEFAULT_OUTPUT_TOKENS * 4_000
    image = b'{"type": "image_url", "image_url": {"url": "data:image/png;base64,' + b"A" * 1_000_000 + b'"}}'
    with_image = exchange(b'{"max_tokens": 1, "messages": [{"role": "user", "content": [' + image + b"]}]}")
    assert worst_case(with_image) < 3_000_000
