from datetime import datetime, timedelta

import pytest

from gero import datasets
from gero.datasets import Row, pending
from gero.kit import Invalid, clock
from tests.gero.faults import Faults

pytestmark = pytest.mark.usefixtures("cloud")


@pytest.fixture(autouse=True)
def _ticking(monkeypatch: pytest.MonkeyPatch) -> None:
    moments = [clock.now()]

    def tick() -> datetime:
        moments.append(moments[-1] + timedelta(milliseconds=1))
        return moments[-1]

    monkeypatch.setattr(clock, "now", tick)


def push(*names: str, text: str = "") -> list[bool]:
    return [datasets.accept("w", "l", Row(name, text or name), "batch") for name in names]


def consolidated(max_rows: int = 100) -> list[str]:
    version = datasets.consolidate("w", "l", max_rows)
    assert version is not None
    return [f"{row.id}={row.input}" for row in map(datasets.decode, datasets.read(version))]


def waiting() -> int:
    return len(list(pending.waiting("w", "l")))


def test_a_row_that_waits_already_is_not_taken_again_and_a_newer_one_takes_its_place() -> None:
    assert push("a", "b", "a") == [True, True, False]
    assert push("a", text="new") == [True]
    assert waiting() == 2
    assert consolidated() == ["b=b", "a=new"]


def test_a_row_corrected_while_its_version_is_written_waits_for_the_next(faults: Faults) -> None:
    push("a", "b")

    def correct(_: object) -> None:
        push("a", text="new")

    faults.meanwhile("s3", "PutObject", correct)
    assert consolidated() == ["a=a", "b=b"]
    assert consolidated() == ["b=b", "a=new"]


def test_pushed_rows_become_a_version_in_the_order_of_their_arrival_and_wait_no_more() -> None:
    push("c", "a", "b")
    assert consolidated() == ["c=c", "a=a", "b=b"]
    assert waiting() == 0


def test_nothing_pushed_is_the_latest_version_and_nothing_at_all_is_none() -> None:
    assert datasets.consolidate("w", "l", 100) is None
    push("a")
    first = datasets.consolidate("w", "l", 100)
    assert datasets.consolidate("w", "l", 100) == first


def test_a_row_pushed_again_later_replaces_the_older_one_and_becomes_the_newest() -> None:
    push("a", "b")
    consolidated()
    push("a", text="new")
    assert consolidated() == ["b=b", "a=new"]


def test_only_the_newest_rows_are_kept() -> None:
    push("d", "c", "b")
    assert consolidated(max_rows=2) == ["c=c", "b=b"]
    push("a")
    assert consolidated(max_rows=2) == ["b=b", "a=a"]


def test_a_crash_between_the_version_and_the_deletion_loses_and_repeats_nothing(faults: Faults) -> None:
    push("a", "b")
    consolidated()
    push("c", "b", text="new")
    faults.fail("dynamodb", "DeleteItem", 100, "ValidationException")
    with pytest.raises(Exception, match="ValidationException"):
        datasets.consolidate("w", "l", 3)
    faults.close()
    assert waiting() == 2
    written = datasets.latest_version("w", "l")
    assert datasets.consolidate("w", "l", 3) == written
    assert waiting() == 0
    assert consolidated() == ["a=a", "c=new", "b=new"]


def test_a_row_too_large_for_the_table_is_refused_by_its_field() -> None:
    push("a", text="x" * 379_000)
    with pytest.raises(Invalid, match=r"^input: ") as refused:
        push("b", text="ö" * 200_000)
    assert refused.value.details == {"field": "input"}
    assert waiting() == 1


def test_the_longest_id_fits_the_key_of_the_table() -> None:
    row = datasets.parse({"id": "ö" * 256, "input": "a"})
    assert datasets.accept("w", "l", row, "batch")
