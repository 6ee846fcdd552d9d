"""Whatever meets and wherever a process dies: no accepted row is lost, none is doubled, no older one comes back."""

import contextlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gero import datasets
from gero.datasets import intake, pending
from gero.kit import aws
from tests.gero.datasets.pushes import Pile, contents, names

pytestmark = pytest.mark.usefixtures("cloud")


class Crash(Exception):
    """The process dies here."""


@contextlib.contextmanager
def crashing(after: int) -> Iterator[None]:
    """The process dies at its AWS call number `after`, before or after the service has done it."""
    calls = 0

    def before(**_: Any) -> None:
        nonlocal calls
        calls += 1
        if calls == after and after % 2:
            raise Crash

    def done(**_: Any) -> None:
        if calls == after:
            raise Crash

    hooks = [aws.client(service).meta.events for service in ("dynamodb", "s3")]
    for events in hooks:
        events.register("before-call.*", before)
        events.register("after-call.*", done)
    try:
        with contextlib.suppress(Crash):
            yield
    finally:
        for events in hooks:
            events.unregister("before-call.*", before)
            events.unregister("after-call.*", done)


IDS = st.lists(st.sampled_from("abcde"), min_size=1, max_size=4)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("push"), IDS),
        st.tuples(st.just("remove"), st.sampled_from("abcde")),
        st.tuples(st.just("consolidate"), st.none()),
        st.tuples(st.just("crash"), st.integers(1, 14)),
        st.tuples(st.just("crash while pushing"), st.tuples(st.integers(1, 8), IDS)),
    ),
    max_size=14,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_after_any_pushes_removals_and_crashes_the_dataset_holds_what_was_accepted(
    steps: list[tuple[str, Any]],
) -> None:
    pile = Pile()
    expected: dict[str, str] = {}
    for number, (step, value) in enumerate(steps):
        rows = {}
        if step in ("push", "crash while pushing"):
            rows = {one: f"{one}{number}" for one in (value if step == "push" else value[1])}
        if step == "push":
            pile.push(*(f"{row_id}={text}" for row_id, text in rows.items()))
        elif step == "crash while pushing":
            with crashing(value[0]):
                pile.push(*(f"{row_id}={text}" for row_id, text in rows.items()))
            pile.push(*(f"{row_id}={text}" for row_id, text in rows.items()))  # as a client does that got no answer
        elif step == "remove":
            pile.remove(value)
            expected.pop(value, None)
        elif step == "consolidate":
            datasets.consolidate("w", pile.leaderboard_id, pile.rules)
        else:
            with crashing(value):
                datasets.consolidate("w", pile.leaderboard_id, pile.rules)
        for row_id, text in rows.items():
            expected.pop(row_id, None)
            expected[row_id] = text
    version = datasets.consolidate("w", pile.leaderboard_id, pile.rules)
    found = contents(version) if version else []
    assert found == [f"{row_id}={text}" for row_id, text in expected.items()]
    totals = pile.totals()
    assert (totals.pending_rows, totals.pending_batches, totals.due_at) == (0, 0, None)
    assert totals.gathered_rows == len(expected)
    pile.forget()


@pytest.mark.parametrize("at_once", [1, 99])
def test_wherever_a_consolidation_dies_the_newest_word_on_a_row_stays(
    at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gero.datasets.consolidation._RETIRED_AT_ONCE", at_once)
    for call in range(1, 16):
        pile = Pile()
        for name in ("a=1", "b", "a=2", "a=3"):
            pile.push(name)
        with crashing(call):
            datasets.consolidate("w", pile.leaderboard_id, pile.rules)
        assert pile.consolidate() == ["b", "a=3"], call
        assert pile.totals() == intake.Intake(accepted_rows=4, gathered_rows=2)
        pile.forget()


def test_who_is_overtaken_right_after_looking_brings_no_older_row_back(monkeypatch: pytest.MonkeyPatch) -> None:
    pile = Pile()
    pile.push("a=1")
    look = pending.waiting

    def overtaken(workspace_id: str, leaderboard_id: str, limit: int) -> list[pending.PendingBatch]:
        found = look(workspace_id, leaderboard_id, limit)
        monkeypatch.setattr(pending, "waiting", look)
        pile.consolidate()
        pile.push("a=2")
        pile.consolidate()
        return found

    monkeypatch.setattr(pending, "waiting", overtaken)
    assert pile.consolidate() == ["a=2"]


def test_a_removal_that_another_consolidation_has_not_seen_is_not_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    pile = Pile()
    pile.push("a")
    pile.consolidate()
    pile.push("x")
    look = pending.waiting

    def overtaken(workspace_id: str, leaderboard_id: str, limit: int) -> list[pending.PendingBatch]:
        found = look(workspace_id, leaderboard_id, limit)
        monkeypatch.setattr(pending, "waiting", look)
        pile.remove("x")
        assert pile.consolidate() == ["a"], "what was pushed and what was removed is nothing"
        return found

    monkeypatch.setattr(pending, "waiting", overtaken)
    assert pile.consolidate() == ["a"]


def test_who_finds_nothing_since_another_was_faster_gives_the_version_of_the_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pile = Pile()
    pile.push("a")
    look = pending.waiting

    def overtaken(*owner: Any) -> list[pending.PendingBatch]:
        monkeypatch.setattr(pending, "waiting", look)
        pile.consolidate()
        return look(*owner)

    monkeypatch.setattr(pending, "waiting", overtaken)
    assert pile.consolidate() == ["a"]


@pytest.mark.usefixtures("atomic_cloud")
def test_pushes_and_consolidations_at_the_same_time_lose_and_double_nothing() -> None:
    pile = Pile()
    everything = names(240)
    parts = [everything[start : start + 20] for start in range(0, 240, 20)]
    with ThreadPoolExecutor(6) as pool:
        pushing = [pool.submit(pile.push, *part) for part in parts]
        merging = [pool.submit(datasets.consolidate, "w", pile.leaderboard_id, pile.rules) for _ in range(6)]
        assert sum(one.result().accepted for one in pushing) == 240
        for one in merging:
            one.result()
    assert sorted(pile.consolidate()) == everything
    assert pile.totals() == intake.Intake(accepted_rows=240, gathered_rows=240)
    numbers = [one.number for one in datasets.versions("w", pile.leaderboard_id)]
    assert numbers == list(range(len(numbers), 0, -1))
