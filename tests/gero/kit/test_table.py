import json
import time
from typing import Any

import pytest

from gero.kit import Conflict, Unavailable, conditions, table
from gero.kit.table import Changes, Write
from tests.cloud import TABLE
from tests.gero.faults import Faults

pytestmark = pytest.mark.usefixtures("cloud")


def fill(pk: str, count: int) -> None:
    for number in range(count):
        table.put({"pk": pk, "sk": f"ROW#{number:03}", "n": number})


def numbers(found: object) -> list[int]:
    return [item["n"] for item in found]  # type: ignore[attr-defined]


def test_an_item_comes_back_as_it_was_written() -> None:
    item = {
        "pk": "p",
        "sk": "s",
        "text": "größe 😀",
        "zero": 0,
        "large": 10**37,
        "yes": True,
        "none": None,
        "bytes": b"\x00\xff",
        "nested": {"list": [1, "a", {"deep": 2}], "empty": {}},
    }
    table.put(item)
    found = table.get("p", "s", consistent=True)
    assert found == item
    assert type(found["zero"]) is int
    assert type(found["nested"]["list"][0]) is int


def test_what_is_not_there_is_none_and_can_be_deleted() -> None:
    assert table.get("p", "s") is None
    table.delete("p", "s")


def test_an_update_makes_the_item_and_returns_it_whole() -> None:
    table.update("p", "s", Changes(set={"name": "x", "old": 1}, add={"count": 2}))
    assert table.update("p", "s", Changes(add={"count": 3}, remove=("old",))) == {
        "pk": "p",
        "sk": "s",
        "name": "x",
        "count": 5,
    }


def test_a_default_is_set_where_there_is_nothing_and_changes_nothing_else() -> None:
    changes = Changes(set={"name": "x"}, add={"count": 1}, default={"due": "first", "zero": 1})
    table.put({"pk": "p", "sk": "s", "zero": 0})
    assert table.update("p", "s", changes) == {"pk": "p", "sk": "s", "name": "x", "count": 1, "due": "first", "zero": 0}
    table.transact([Write(key=("p", "s"), changes=Changes(add={"count": 1}, default={"due": "second", "late": "x"}))])
    found = table.get("p", "s")
    assert found is not None
    assert (found["due"], found["late"], found["count"]) == ("first", "x", 2)
    assert table.update("p", "new", Changes(default={"due": "x"})) == {"pk": "p", "sk": "new", "due": "x"}


def test_a_delete_under_a_condition_that_fails_removes_nothing() -> None:
    table.put({"pk": "p", "sk": "s", "owner": "me"})
    with pytest.raises(Conflict):
        table.delete("p", "s", conditions.equals("owner", "you"))
    assert table.get("p", "s") is not None


def test_a_query_keeps_to_its_partition_and_prefix_in_order_of_sk() -> None:
    fill("p", 12)
    fill("other", 3)
    table.put({"pk": "p", "sk": "META", "n": 99})
    assert numbers(table.query("p", "ROW#")) == list(range(12))
    assert numbers(table.query("p")) == [99, *range(12)]
    assert numbers(table.query("p", "ROW#", newest_first=True, limit=3)) == [11, 10, 9]
    assert numbers(table.query("p", "ROW#", limit=0)) == []


def test_a_query_may_begin_within_its_prefix() -> None:
    fill("p", 12)
    table.put({"pk": "p", "sk": "META", "n": 99})
    table.put({"pk": "p", "sk": "ROX", "n": 98})
    assert numbers(table.query("p", "ROW#", first="ROW#009")) == [9, 10, 11]
    assert numbers(table.query("p", "ROW#", first="ROW#0085")) == [9, 10, 11], "what is not there itself is passed"
    assert numbers(table.query("p", "ROW#", first="ROW#")) == list(range(12))
    assert numbers(table.query("p", "ROW#", first="ROW#003", limit=2)) == [3, 4]
    assert numbers(table.query("p", "ROW#", first="ROW#010", newest_first=True)) == [11, 10]
    assert numbers(table.query("p", "ROW#", first="ROW#1")) == []


def test_a_query_reads_on_behind_the_first_megabyte() -> None:
    for number in range(5):
        table.put({"pk": "p", "sk": f"ROW#{number}", "n": number, "text": "x" * 390_000})
    assert numbers(table.query("p", "ROW#")) == [0, 1, 2, 3, 4]
    assert numbers(table.query("p", "ROW#", limit=4)) == [0, 1, 2, 3]


def test_due_work_comes_oldest_first_and_never_early() -> None:
    for number, day in enumerate(("03", "01", "02", "09")):
        table.put({"pk": "p", "sk": f"{number}", "n": int(day), "due_kind": "run", "due_at": f"2026-01-{day}"})
    table.put({"pk": "p", "sk": "x", "n": 0, "due_kind": "schedule", "due_at": "2026-01-01"})
    table.put({"pk": "p", "sk": "y", "n": 0})
    assert numbers(table.query_due("run", "2026-01-03", 10)) == [1, 2, 3]
    assert numbers(table.query_due("run", "2026-01-03", 2)) == [1, 2]


def test_a_transaction_writes_all_or_nothing() -> None:
    table.put({"pk": "p", "sk": "lock"})
    writes = [
        Write({"pk": "p", "sk": "new"}),
        Write(key=("p", "counter"), changes=Changes(add={"count": 1})),
        Write({"pk": "p", "sk": "lock"}, condition=conditions.absent()),
    ]
    with pytest.raises(Conflict):
        table.transact(writes)
    assert table.get("p", "new") is None
    assert table.get("p", "counter") is None
    table.transact([*writes[:2], Write(key=("p", "lock"))])
    assert table.get("p", "new") == {"pk": "p", "sk": "new"}
    assert table.get("p", "counter") == {"pk": "p", "sk": "counter", "count": 1}
    assert table.get("p", "lock") is None


def test_more_items_than_one_batch_takes_are_removed() -> None:
    fill("p", 60)
    table.delete_many(("p", f"ROW#{number:03}") for number in range(59))
    assert numbers(table.query("p")) == [59]


def test_items_are_read_by_many_keys_and_those_that_are_not_there_left_out() -> None:
    fill("p", 230)
    keys = [("p", f"ROW#{number:03}") for number in range(0, 460, 2)]
    assert sorted(numbers(table.get_many(keys))) == list(range(0, 230, 2))
    assert list(table.get_many([])) == []
    assert list(table.get_many(iter([("p", "nothing")]))) == []


def test_only_some_attributes_are_read_whatever_they_are_called() -> None:
    table.put({"pk": "p", "sk": "s", "status": "running", "source": "manual", "doc": "x" * 1000})
    keys = [("p", "s"), ("p", "nothing")]
    some = [{"status": "running", "source": "manual"}]
    assert list(table.get_many(keys, only=("status", "source", "cost"))) == some
    assert list(table.query("p", "s", newest_first=True, limit=1, only=("status", "source", "cost"))) == some


def test_keys_that_were_not_read_are_asked_for_again(faults: Faults, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("random.uniform", lambda low, high: 0.0)
    fill("p", 150)
    everything = {f"ROW#{number:03}" for number in range(150)}

    def hand_back(request: dict[str, Any]) -> dict[str, Any]:
        asked = json.loads(request["body"])["RequestItems"][TABLE]["Keys"]
        return {"Responses": {TABLE: asked[:40]}, "UnprocessedKeys": {TABLE: {"Keys": asked[40:]}}}

    seen = faults.answer("dynamodb", "BatchGetItem", 2, hand_back)
    found = list(table.get_many(("p", sk) for sk in sorted(everything)))
    assert sorted(item["sk"] for item in found) == sorted(everything), "each once"
    assert len(seen) == 3


def test_keys_that_are_never_read_are_unavailable(faults: Faults, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("random.uniform", lambda low, high: 0.0)
    left = {TABLE: {"Keys": [{"pk": {"S": "p"}, "sk": {"S": "s"}}]}}
    faults.answer("dynamodb", "BatchGetItem", 1000, lambda _: {"Responses": {}, "UnprocessedKeys": left})
    with pytest.raises(Unavailable, match="try again"):
        list(table.get_many([("p", "s")]))


def test_a_partition_is_removed_and_its_neighbours_stay() -> None:
    fill("p", 30)
    fill("p2", 2)
    assert table.delete_partition("p", time.monotonic() + 60)
    assert list(table.query("p")) == []
    assert numbers(table.query("p2")) == [0, 1]
    assert table.delete_partition("p", time.monotonic() + 60), "nothing is left to do"


def test_a_partition_too_large_for_the_time_is_finished_by_later_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "_DELETED_AT_ONCE", 10)
    fill("p", 25)
    past = time.monotonic() - 1
    assert not table.delete_partition("p", past)
    assert len(list(table.query("p"))) == 15, "each call gets on"
    assert not table.delete_partition("p", past)
    assert table.delete_partition("p", past)
    assert list(table.query("p")) == []


def test_nothing_has_a_key_that_is_longer_than_keys_can_be(cloud: None) -> None:
    for pk, sk in (("p" * 2049, "s"), ("p", "s" * 1025), ("é" * 1025, "s")):
        assert table.get(pk, sk) is None
        assert list(table.get_many([(pk, sk)])) == []
        assert list(table.query(pk, sk)) == []
