"""What is stored when a review opens, with others at work at the same moment; and waking runs."""

import threading
import weakref
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from gero import reviews
from gero.kit import table, workflows
from gero.kit.table import Changes
from gero.reviews import items, labelling, pool
from gero.reviews import queue as queues
from gero.reviews.items import Item, Place, Vote
from gero.reviews.queue import Lane
from gero.traces import Trace
from tests.gero.reviews.answered import answered, now, opened
from tests.gero.reviews.test_labelling import judge, judged, review


def said(outcome: Any) -> Item:
    return Item().voted("ann", Vote(outcome, "2026-11-01T00:00:00.000Z", "2026-11-01T00:10:00.000Z"))


def test_a_vote_that_is_undone_while_a_review_opens_stays_undone(cloud: None, monkeypatch: pytest.MonkeyPatch) -> None:
    first = judged(rows=1)
    opened(first, token=None)
    review(first, "a", 1)
    listed = labelling._items

    def undone_meanwhile(*board: str) -> Any:
        found = list(listed(*board))
        table.delete_many([(one["pk"], one["sk"]) for one in found])
        return found

    other = judge("other")
    with monkeypatch.context() as patched:
        patched.setattr(labelling, "_items", undone_meanwhile)
        queue = opened(judged(rows=1, by=other), token=None)
    assert queue.counts == {}
    assert reviews.labels("w", "l", other.identity).total.n == 0


def test_items_that_an_earlier_try_stored_count_as_they_are_now(cloud: None) -> None:
    queue = opened(answered(rows=2, names=("a", "b")))
    stored, new = Place(Lane(0, 1), 0), Place(Lane(0, 1), 1)
    items.put_known(queue, {stored: said("second")})
    counts = items.put_known(queue, {stored: said("first"), new: said("tie")})
    assert counts == {"n_votes": 2, "n_0_1_second": 1, "n_0_1_tie": 1}


def test_known_items_and_labels_are_written_at_the_same_time(cloud: None, monkeypatch: pytest.MonkeyPatch) -> None:
    first = judged(rows=4)
    opened(first, token=None)
    review(first, "a", 8)
    together, put = threading.Barrier(8), table.put

    def meeting(*arguments: Any) -> None:
        together.wait(timeout=10)  # broken when they come one after the other
        put(*arguments)

    plan = judged(rows=4, by=judge("other"))
    monkeypatch.setattr(table, "put", meeting)
    reviews.open_pool(plan, reviews.ReviewSettings())
    assert now(plan).counts["n_votes"] == 8
    assert reviews.labels("w", "l", judge("other").identity).total.n == 8


def test_the_pool_holds_the_traces_of_no_more_than_one_batch(cloud: None, monkeypatch: pytest.MonkeyPatch) -> None:
    class Watched(Trace, frozen=True, weakref=True):
        pass

    seen: list[weakref.ref[Trace]] = []
    alive = []
    read = pool._answers

    def decoded(line: bytes) -> Trace:
        found = msgspec.json.decode(line, type=Watched)
        seen.append(weakref.ref(found))
        return found

    def answers(*arguments: Any) -> Any:
        alive.append(sum(one() is not None for one in seen))
        return read(*arguments)

    plan = answered(rows=6)
    monkeypatch.setattr("gero.reviews.pool.traces.decode", decoded)
    monkeypatch.setattr(pool, "_answers", answers)
    assert len(pool.gather(plan, 5).rows) == 5
    assert alive == [0] * 6
    assert len(seen) == 18


def test_a_run_that_waits_under_a_newer_token_is_told_too(
    cloud: None, woken: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    queue = opened(answered(rows=2, names=("a", "b")))

    def succeed(token: str) -> None:
        if not woken:  # OpenReview is repeated at this moment
            queues.change(queue, Changes(set={"task_token": "newer"}))
        woken.append(token)

    monkeypatch.setattr(workflows, "succeed_task", succeed)
    assert reviews.close(queue, "closed").task_token is None
    assert woken == ["token", "newer"]
    found = queues.stored("w", queue.run_id)
    assert found
    assert found.task_token is None


def test_whoever_looks_at_a_closed_review_tells_a_run_that_was_not_told(cloud: None, woken: list[str]) -> None:
    looks: tuple[Callable[[str], object], ...] = (
        lambda run_id: reviews.current("w", "l"),
        lambda run_id: reviews.find("w", run_id),
        lambda run_id: reviews.wake_closed("w", run_id),
    )
    for look in looks:
        queue = opened(answered(rows=2, names=("a", "b")))
        queues.shut(queue, "closed")
        assert woken == []
        look(queue.run_id)
        look(queue.run_id)
        assert woken == ["token"]
        woken.clear()


def test_a_review_in_which_nothing_is_left_is_ended_for_the_run_that_waits(cloud: None, woken: list[str]) -> None:
    queue = opened(answered(rows=1, names=("a", "b")))
    reviews.wake_closed("w", queue.run_id)
    reviews.wake_closed("w", "no such run")
    assert woken == []
    queues.change(queue, Changes(add={"n_0_1_first": 1}))  # whoever voted last did not live to end it
    reviews.wake_closed("w", queue.run_id)
    assert woken == ["token"]
