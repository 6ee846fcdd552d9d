import msgspec
import pytest

from gero import evaluation
from gero.evaluation import BatchJob
from gero.kit import NotFound
from tests.gero.plans import some_rows, stored_plan


@pytest.mark.usefixtures("cloud")
def test_a_stored_plan_and_its_rows_come_back() -> None:
    plan = stored_plan(rows=7)
    assert evaluation.plan.load("w", "l", plan.run_id) == plan
    found = [row for block in range(plan.blocks) for row in evaluation.plan.load_block(plan, block)]
    assert found == some_rows(7)


@pytest.mark.usefixtures("cloud")
@pytest.mark.parametrize(
    ("rows", "blocks", "rounds"),
    [
        (1, 1, [[0]]),
        (3, 1, [[0]]),
        (4, 2, [[0, 1]]),
        (6, 2, [[0, 1]]),
        (7, 3, [[0, 1], [2]]),
        (13, 5, [[0, 1], [2, 3], [4]]),
    ],
)
def test_every_block_belongs_to_exactly_one_round(rows: int, blocks: int, rounds: list[list[int]]) -> None:
    plan = stored_plan(rows=rows)
    assert (plan.blocks, plan.rounds) == (blocks, len(rounds))
    assert [list(plan.blocks_of_round(number)) for number in range(1, plan.rounds + 1)] == rounds


@pytest.mark.usefixtures("cloud")
def test_what_is_not_stored_is_not_found() -> None:
    plan = stored_plan()
    with pytest.raises(NotFound, match="no plan"):
        evaluation.plan.load("w", "l", "another")
    with pytest.raises(NotFound, match="block 9"):
        evaluation.plan.load_block(plan, 9)
    with pytest.raises(NotFound, match="candidate z"):
        plan.candidate("z")


def test_a_job_travels_as_a_message_and_names_its_batch_in_order() -> None:
    job = BatchJob("w", "l", "r", 2, 31, "c", parts=3)
    assert BatchJob.decode(job.encode()) == job
    names = [BatchJob("w", "l", "r", number, block, "c").name for number in (1, 2, 10) for block in (0, 9, 10, 100)]
    assert names == sorted(names)


@pytest.mark.parametrize("body", ["", "{}", "[]", '{"workspace_id": 1}', "nonsense"])
def test_a_message_that_is_no_job_is_refused(body: str) -> None:
    with pytest.raises(msgspec.DecodeError):
        BatchJob.decode(body)
