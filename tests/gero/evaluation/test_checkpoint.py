import asyncio
import tempfile
from pathlib import Path

import pytest

from gero import traces
from gero.evaluation import BatchJob, results
from gero.evaluation.checkpoint import Checkpoint
from gero.kit import blobs
from gero.traces import Trace
from tests.gero.faults import Faults
from tests.gero.plans import some_rows

JOB = BatchJob("w", "l", "run", 1, 0, "a")


@pytest.fixture(autouse=True)
def disk(cloud: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def opened(*, redelivered: bool = False) -> Checkpoint:
    return Checkpoint(JOB, redelivered=redelivered)


def answer(checkpoint: Checkpoint, *names: str) -> None:
    for name in names:
        checkpoint.add(Trace(f"t-{name}", "run", "now", row_id=name, output=f"answer of {name}"))


def journal(disk: Path) -> Path:
    return next(path for path in disk.rglob("*") if path.is_file())


def test_a_process_that_died_left_every_answer_on_its_disk() -> None:
    died = opened()
    answer(died, "r0", "r1")  # never closed, nothing brought to S3
    after = opened()
    assert {name: one.output for name, one in after.answered.items()} == {"r0": "answer of r0", "r1": "answer of r1"}


@pytest.mark.parametrize("torn", [b'{"trace_id": "t-r9", "sou', b"\x00\x00", b'{"trace_id": "t-r9"'])
def test_a_line_torn_by_death_is_dropped_and_the_next_one_is_whole(disk: Path, torn: bytes) -> None:
    answer(opened(), "r0")
    with journal(disk).open("ab") as file:
        file.write(torn)
    after = opened()
    assert list(after.answered) == ["r0"]
    answer(after, "r1")
    assert sorted(opened().answered) == ["r0", "r1"]


def test_a_journal_that_holds_only_a_torn_line_is_empty(disk: Path) -> None:
    opened().close(forget=False)
    journal(disk).write_bytes(b'{"torn')
    after = opened()
    assert after.answered == {}
    answer(after, "r1")
    assert list(opened().answered) == ["r1"]


def test_a_damaged_line_in_the_middle_costs_that_line_alone(disk: Path) -> None:
    answer(opened(), "r0")
    with journal(disk).open("ab") as file:
        file.write(b"\x00garbage\n")
    answer(opened(), "r1")
    assert sorted(opened().answered) == ["r0", "r1"]


async def test_another_machine_finds_what_was_brought_to_s3(disk: Path) -> None:
    first = opened()
    answer(first, "r0", "r1")
    await first.save_part()
    answer(first, "r2")
    await first.save_part()
    journal(disk).unlink()
    assert sorted(opened(redelivered=True).answered) == ["r0", "r1", "r2"]


async def test_parts_and_the_local_file_add_up(disk: Path) -> None:
    elsewhere = opened()
    answer(elsewhere, "r0")
    await elsewhere.save_part()
    journal(disk).unlink()
    here = opened()
    answer(here, "r1")
    again = opened(redelivered=True)
    assert sorted(again.answered) == ["r0", "r1"]
    await again.save_part()  # what only this disk knew
    journal(disk).unlink()
    assert sorted(opened(redelivered=True).answered) == ["r0", "r1"]


async def test_a_first_delivery_does_not_ask_s3(faults: Faults) -> None:
    asked = faults.answer("s3", "ListObjectsV2", 0, lambda _: {})
    opened()
    assert asked == []
    opened(redelivered=True)
    assert asked


async def test_a_part_that_could_not_be_stored_is_stored_with_the_next(disk: Path, faults: Faults) -> None:
    checkpoint = opened()
    answer(checkpoint, "r0")
    faults.fail("s3", "PutObject", 1, "AccessDenied")
    with pytest.raises(Exception, match="AccessDenied"):
        await checkpoint.save_part()
    answer(checkpoint, "r1")
    await checkpoint.save_part()
    journal(disk).unlink()
    assert sorted(opened(redelivered=True).answered) == ["r0", "r1"]


async def test_nothing_new_is_no_part() -> None:
    checkpoint = opened()
    answer(checkpoint, "r0")
    await asyncio.gather(checkpoint.save_part(), checkpoint.save_part())
    await checkpoint.save_part()
    assert len(list(blobs.keys("w/l/runs/run/parts/"))) == 1


def test_a_finished_batch_leaves_no_file_and_an_unfinished_one_keeps_it(disk: Path) -> None:
    checkpoint = opened()
    answer(checkpoint, "r0")
    checkpoint.close(forget=False)
    assert journal(disk).stat().st_size > 0
    opened().close(forget=True)
    assert [path for path in disk.rglob("*") if path.is_file()] == []


def test_results_that_were_stored_but_never_counted_are_not_asked_again() -> None:
    checkpoint = opened()
    answer(checkpoint, "r0", "r1")
    results.save(JOB, some_rows(2), checkpoint.answered)
    checkpoint.close(forget=True)  # and then the process dies, before the batch is counted
    assert sorted(opened(redelivered=True).answered) == ["r0", "r1"]


def test_the_journal_is_readable_by_its_owner_only(disk: Path) -> None:
    answer(opened(), "r0")
    assert journal(disk).stat().st_mode & 0o077 == 0
    assert traces.decode(journal(disk).read_bytes().strip()).row_id == "r0"
