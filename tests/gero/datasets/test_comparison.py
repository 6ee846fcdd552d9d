from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gero import datasets
from gero.datasets import Comparison, DatasetVersion, Row
from gero.kit import TooLarge, new_id

pytestmark = pytest.mark.usefixtures("cloud")

ROW = Row("a", "asked", ["yes"], rubric="be kind", metadata={"n": 1}, tags=["t"], origin={"line": 1})


def frozen(rows: list[Row], leaderboard_id: str = "l") -> DatasetVersion:
    return datasets.freeze("w", leaderboard_id, rows, {"kind": "test"})


def rows(*names: str) -> list[Row]:
    """Rows written as "id" or "id=input"."""
    parts = [name.partition("=") for name in names]
    return [Row(row_id, text or row_id) for row_id, _, text in parts]


def compared(before: list[Row], after: list[Row], examples: int = 20) -> Comparison:
    return datasets.compare(frozen(before), frozen(after), examples)


def counts(found: Comparison) -> tuple[int, int, int, int]:
    return found.added, found.removed, found.changed, found.unchanged


def test_rows_are_told_apart_by_their_ids_wherever_they_stand() -> None:
    found = compared(rows("a", "b", "c", "d"), rows("new", "d", "b=changed", "a"))
    assert counts(found) == (1, 1, 1, 2)
    assert found.examples_added == rows("new")
    assert found.examples_removed == rows("c")
    (change,) = found.examples_changed
    assert (change.id, change.fields, [change.before], [change.after]) == ("b", ["input"], rows("b"), rows("b=changed"))


def test_a_version_is_equal_to_itself() -> None:
    version = frozen(rows("a", "b"))
    assert datasets.compare(version, version, 5) == Comparison(unchanged=2)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("input", "other"),
        ("expected", ["yes", "no"]),
        ("rubric", None),
        ("metadata", {"n": 2}),
        ("metadata", {"n": True}),  # equal to 1 for Python
        ("tags", []),
    ],
)
def test_a_change_names_the_field_that_differs(field: str, value: Any) -> None:
    found = compared([ROW], [msgspec.structs.replace(ROW, **{field: value})])
    assert [change.fields for change in found.examples_changed] == [[field]]
    assert counts(found) == (0, 0, 1, 0)


def test_a_change_names_all_fields_that_differ() -> None:
    found = compared([ROW], [Row("a", "asked")])
    assert found.examples_changed[0].fields == ["expected", "rubric", "metadata", "tags"]


def test_where_a_row_came_from_and_the_order_of_its_metadata_are_no_change() -> None:
    first = msgspec.structs.replace(ROW, metadata={"a": 1, "b": {"c": 2, "d": 3}})
    again = msgspec.structs.replace(ROW, metadata={"b": {"d": 3, "c": 2}, "a": 1}, origin={"batch_id": "x"})
    assert counts(compared([first], [again])) == (0, 0, 0, 1)


def test_there_are_no_more_examples_than_asked_for_and_they_are_the_first() -> None:
    before = rows(*(f"{kind}{number}" for number in range(5) for kind in "rc"))
    after = rows(*(name for number in range(5) for name in (f"n{number}", f"c{number}=new")))
    found = compared(before, after, 2)
    assert counts(found) == (5, 5, 5, 0)
    assert [one.id for one in found.examples_added] == ["n0", "n1"]
    assert [one.id for one in found.examples_removed] == ["r0", "r1"]
    assert [one.id for one in found.examples_changed] == ["c0", "c1"]
    none = compared(before, after, 0)
    assert counts(none) == (5, 5, 5, 0)
    assert [*none.examples_added, *none.examples_removed, *none.examples_changed] == []


def test_versions_too_large_to_compare_are_refused_with_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    before, after = frozen(rows("a", "b")), frozen(rows("a", "b", "c"))
    monkeypatch.setattr("gero.datasets.comparison.MAX_ROWS", 5)
    datasets.compare(before, after, 1)
    monkeypatch.setattr("gero.datasets.comparison.MAX_ROWS", 4)
    with pytest.raises(TooLarge, match=r"at most 4 rows .* have 5; export both") as refused:
        datasets.compare(before, after, 1)
    assert refused.value.details == {"limit": 4}


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(*(st.dictionaries(st.integers(0, 8), st.integers(0, 1), min_size=1) for _ in range(2)))
def test_every_row_is_counted_once(before: dict[int, int], after: dict[int, int]) -> None:
    leaderboard = new_id()
    old, new = (
        frozen([Row(str(key), str(value)) for key, value in found.items()], leaderboard) for found in (before, after)
    )
    found = datasets.compare(old, new, 3)
    both = before.keys() & after.keys()
    same = sum(before[key] == after[key] for key in both)
    assert counts(found) == (len(after) - len(both), len(before) - len(both), len(both) - same, same)
    assert len(found.examples_changed) == min(3, found.changed)
