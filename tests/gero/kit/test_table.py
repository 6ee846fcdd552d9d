import pytest

from gero.kit import Conflict, conditions, table
from gero.kit.table import Changes, Write

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
