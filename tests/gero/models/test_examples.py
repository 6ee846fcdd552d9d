import pytest

from gero.datasets import Row
from gero.kit import Conflict
from gero.models import DrawnExamples, Example, ExamplesFrom, examples
from tests.gero.models.made import frozen, rows

pytestmark = pytest.mark.usefixtures("cloud")


def drawn(count: int, **fields: int) -> tuple[tuple[Example, ...], ExamplesFrom]:
    return examples.drawn("w", DrawnExamples(leaderboard_id="lb", count=count, **fields))


def test_the_same_seed_draws_the_same_rows_and_another_one_others() -> None:
    frozen(rows(200))
    first, drawn_from = drawn(8, seed=1)
    assert drawn(8, seed=1) == (first, drawn_from)
    assert drawn(8, seed=2)[0] != first
    assert drawn_from == ExamplesFrom("lb", 1, 8, 1)
    places = [int(str(one.row_id).removeprefix("r")) for one in first]
    assert places == sorted(places)
    assert [(one.input, one.output) for one in first] == [(f"question {n}", f"answer {n}") for n in places]


def test_every_row_is_as_likely_as_any_other() -> None:
    frozen(rows(20))
    counts = {row.id: 0 for row in rows(20)}
    for seed in range(400):
        for one in drawn(5, seed=seed)[0]:
            counts[str(one.row_id)] += 1
    # 100 times each is expected; 400 draws at 1 in 4 have a standard deviation of 8.7.
    assert 60 < min(counts.values()) <= max(counts.values()) < 140


def test_only_rows_with_a_short_enough_answer_are_drawn() -> None:
    frozen(
        [
            Row("unknown", "asked"),
            Row("empty", "asked twice", [""]),
            Row("long", "x" * 30_000, ["y"]),
            Row("longer", "x", ["y" * 50_000]),
            *rows(2),
        ]
    )
    found, drawn_from = drawn(50)
    assert [one.row_id for one in found] == ["r0", "r1"]
    assert drawn_from.count == 2


def test_the_newest_version_is_drawn_from_unless_another_is_named() -> None:
    frozen(rows(3))
    frozen(rows(3, start=100))
    assert {one.row_id for one in drawn(3)[0]} == {"r100", "r101", "r102"}
    found, drawn_from = drawn(3, dataset_version=1)
    assert {one.row_id for one in found} == {"r0", "r1", "r2"}
    assert drawn_from.dataset_version == 1


def test_without_rows_to_show_there_are_no_examples() -> None:
    with pytest.raises(Conflict, match="no version yet"):
        drawn(1)
    frozen([Row("a", "b")])
    with pytest.raises(Conflict, match="add rows with answers"):
        drawn(1)
