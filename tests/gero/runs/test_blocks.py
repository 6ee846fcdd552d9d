from collections import Counter

import pytest

from gero import datasets, evaluation
from gero.datasets import Algorithm, DatasetVersion, Row
from gero.evaluation import EvaluationPlan
from gero.kit import Invalid, blobs
from gero.runs import blocks
from tests.gero.plans import some_rows, stored_plan

pytestmark = pytest.mark.usefixtures("cloud")


def frozen(count: int) -> DatasetVersion:
    return datasets.freeze("w", "l", some_rows(count), {"kind": "push"})


def written(
    version: DatasetVersion,
    seed: str = "s",
    limit: int | None = None,
    algorithm: Algorithm = "RANDOM_SHUFFLE",
) -> list[list[Row]]:
    plan: EvaluationPlan = stored_plan(rows=1, rows_per_block=4)
    prefix = evaluation.plan.run_prefix("w", "l", plan.run_id)
    blobs.delete_all(f"{prefix}/rows/")
    stored = blocks.write(version, prefix, in_fours, blocks.Selection(seed, limit, algorithm))
    found = [evaluation.plan.load_block(plan, block) for block in range(len(stored.block_rows))]
    assert len(list(blobs.keys(f"{prefix}/rows/"))) == len(found)
    assert tuple(map(len, found)) == stored.block_rows
    assert stored.starts == tuple(evaluation.plan.place(seed, block[0].input) for block in found)
    return found


def in_fours(rows: int) -> tuple[int, ...]:
    return evaluation.even_layout(rows, 4, 1)[0]


def test_every_row_is_in_exactly_one_block_unchanged() -> None:
    found = written(frozen(10))
    assert [len(block) for block in found] == [4, 4, 2]
    rows = [row for block in found for row in block]
    assert sorted(rows, key=lambda row: int(row.id[1:])) == some_rows(10)
    assert rows != some_rows(10)


def test_the_order_depends_on_the_seed_and_the_row_alone() -> None:
    version = frozen(30)
    assert written(version) == written(version)
    assert written(version) != written(version, seed="another")
    backwards = datasets.freeze("w", "m", reversed(some_rows(30)), {"kind": "push"})
    assert written(backwards) == written(version)


def test_a_limit_takes_the_first_rows_of_that_order() -> None:
    version = frozen(30)
    every = [row for block in written(version) for row in block]
    assert [row for block in written(version, limit=6) for row in block] == every[:6]
    assert [row for block in written(version, limit=99) for row in block] == every


def taken(version: DatasetVersion, algorithm: Algorithm, seed: str, limit: int) -> list[int]:
    """The numbers of the rows that a run takes, in its order."""
    found = written(version, seed, limit, algorithm)
    return [int(row.id[1:]) for block in found for row in block]


def test_last_n_takes_the_newest_in_a_random_order() -> None:
    version = frozen(40)
    newest = taken(version, "LAST_N", "s", 12)
    assert sorted(newest) == list(range(28, 40))
    assert newest != sorted(newest)
    assert newest != taken(version, "LAST_N", "another", 12)


@pytest.mark.parametrize("algorithm", datasets.ALGORITHMS)
def test_the_same_seed_takes_the_same_rows_in_the_order_that_all_rows_have(algorithm: Algorithm) -> None:
    version = frozen(40)
    found = taken(version, algorithm, "s", 12)
    assert found == taken(version, algorithm, "s", 12)
    assert found == [number for number in taken(version, algorithm, "s", 40) if number in found]
    assert len(set(found)) == 12


def test_random_shuffle_takes_each_row_equally_often_and_weighted_shuffle_newer_ones_more_often() -> None:
    rows, limit, times = 10, 3, 60
    version = frozen(rows)

    def counts(algorithm: Algorithm) -> list[int]:
        chosen = Counter(number for seed in range(times) for number in taken(version, algorithm, str(seed), limit))
        return [chosen[number] for number in range(rows)]

    fair = times * limit / rows
    random = counts("RANDOM_SHUFFLE")
    # Of the chi-square distribution with 9 degrees of freedom, 99.9 % are below 27.9; seeds are fixed.
    assert sum((count - fair) ** 2 / fair for count in random) < 27.9
    weighted = counts("WEIGHTED_SHUFFLE")
    assert sum(weighted[7:]) > 3 * sum(weighted[:3])


def test_weighted_shuffle_heeds_the_weight_of_a_row() -> None:
    heavy = [Row(row.id, row.input, row.expected, metadata={"weight": 1000}) for row in some_rows(3)]
    version = datasets.freeze("w", "l", [*heavy, *some_rows(20)[3:]], {"kind": "push"})
    assert {0, 1, 2} <= set(taken(version, "WEIGHTED_SHUFFLE", "s", 6))


def test_rows_that_ask_the_same_are_one_piece_of_evidence() -> None:
    again = [Row(f"again-{row.id}", row.input, ["another"]) for row in some_rows(3)]
    version = datasets.freeze("w", "l", [*some_rows(5), *again], {"kind": "push"})
    assert sorted(row.id for block in written(version) for row in block) == ["r0", "r1", "r2", "r3", "r4"]
    stored = blocks.write(version, "w/l/runs/r", in_fours, blocks.Selection("s"))
    assert (stored.rows, stored.duplicates) == (5, 3)


def test_a_row_without_an_expected_answer_is_refused_by_its_id() -> None:
    version = datasets.freeze("w", "l", [*some_rows(2), Row("lonely", "input")], {"kind": "push"})
    with pytest.raises(Invalid, match="'lonely' has no expected answer") as refused:
        written(version)
    assert refused.value.code == "no_expected_answer"
    assert blocks.write(version, "w/l/runs/r", in_fours, blocks.Selection("s", need_expected=False)).rows == 3
