"""Queues with many items, contenders, or names."""

from collections.abc import Sequence
from typing import Any

import pytest

from gero import reviews
from gero.kit import table
from gero.kit.table import Write
from gero.reviews import items
from gero.reviews import queue as queues
from gero.reviews.queue import Queue
from tests.gero.reviews.answered import Person, answered, now, opened


def test_many_equal_answers_need_one_look_and_few_transactions(
    cloud: None, woken: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = answered(rows=150, names=("a", "b"), answer=lambda model, row: "alike", rows_per_block=150)
    opened(plan, rows=150)
    sizes, transact = [], table.transact

    def counted(writes: Sequence[Write]) -> None:
        sizes.append(len(writes))
        transact(writes)

    monkeypatch.setattr(table, "transact", counted)
    assert "everything was reviewed" in str(reviews.next_item(now(plan), "ann").why)
    assert now(plan).counts == {"n_automatic": 150, "n_0_1_tie": 150}
    assert sizes == [91, 91, 91, 31], "so that the hundred looks of a call are enough for thousands"
    assert woken == ["token"]


def test_equal_answers_are_noted_no_further_than_the_next_item_for_people(cloud: None) -> None:
    def answer(model: str, row_id: str) -> str:
        return f"{model} on {row_id}" if row_id in ("r50", "r60") else "alike"

    plan = answered(rows=70, names=("a", "b"), answer=answer, rows_per_block=70)
    opened(plan, token=None, rows=70)
    assert Person(plan).item().input == "input 50"
    assert now(plan).counts["n_automatic"] == 50


def test_progress_looks_at_the_lanes_of_many_contenders_once(monkeypatch: pytest.MonkeyPatch) -> None:
    names = tuple(f"m{number}" for number in range(50))
    queue = Queue("w", "l", "r", "pairwise", 10, 1, names, b"secret", "2026-11-01T00:00:00.000Z")
    made, lanes = [], queues._lanes

    def counted(*arguments: Any) -> Any:
        made.append(arguments)
        return lanes(*arguments)

    monkeypatch.setattr(queues, "_lanes", counted)
    assert reviews.progress(queue) == (0, 12_250)
    assert len(made) == 2


def test_made_up_names_do_not_let_an_item_grow(cloud: None) -> None:
    plan = answered(rows=1, names=("a", "b"))
    opened(plan)
    for number in range(30):
        shown = Person(plan, f"name {number}").item()
        Person(plan, f"name {number}").say(shown.item_id, "skip")
    ((_, item),) = items.listed(now(plan))
    assert item.skips == tuple(f"name {number}" for number in range(10, 30))
    assert now(plan).counts["n_skips"] == 20
    assert Person(plan, "name 0").next(), "the oldest skips are forgotten"
    assert Person(plan, "name 29").next() is None
