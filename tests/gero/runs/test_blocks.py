import pytest

from gero import datasets, evaluation
from gero.datasets import DatasetVersion, Row
from gero.evaluation import EvaluationPlan
from gero.kit import Invalid, blobs
from gero.runs import blocks
from tests.gero.plans import some_rows, stored_plan

pytestmark = pytest.mark.usefixtures("cloud")


def frozen(count: int) -> DatasetVersion:
    return datasets.freeze("w", "l", some_rows(count), {"kind": "push"})


def written(version: DatasetVersion, seed: str = "s", limit: int | None = None) -> list[list[Row]]:
    plan: EvaluationPlan = stored_plan(rows=1, rows_per_block=4)
    prefix = evaluation.plan.run_prefix("w", "l", plan.run_id)
    blobs.delete_all(f"{prefix}/rows/")
    count = blocks.write(version, prefix, seed=seed, rows_per_block=4, limit=limit)
    found = [evaluation.plan.load_block(plan, block) for block in range(-(-count // 4))]
    assert len(list(blobs.keys(f"{prefix}/rows/"))) == len(found)
    assert sum(map(len, found)) == count
    return found


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


def test_a_row_without_an_expected_answer_is_refused_by_its_id() -> None:
    version = datasets.freeze("w", "l", [*some_rows(2), Row("lonely", "input")], {"kind": "push"})
    with pytest.raises(Invalid, match="'lonely' has no expected answer") as refused:
        written(version)
    assert refused.value.code == "no_expected_answer"
