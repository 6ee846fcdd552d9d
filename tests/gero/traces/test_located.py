import pytest

from gero import traces
from gero.traces import Source, located
from tests.gero.faults import Faults
from tests.gero.traces import made

pytestmark = pytest.mark.usefixtures("cloud")


def identifier(minute: float) -> str:
    return made.trace(minute).trace_id


def record(*minutes: float, source: Source = "inference", after: float | None = None) -> None:
    """A batch of traces, named after the newest of them or of a later minute."""
    name = identifier(minutes[-1] if after is None else after)
    made.record(*(made.trace(minute, source) for minute in minutes), batch=f"{name}-x{minutes[0]}")


def by_ids(*minutes: float) -> list[str]:
    found = traces.by_ids("w", "l", map(identifier, minutes)).values()
    return sorted(one.input.removeprefix("asked at ") for one in found)


def test_traces_are_found_by_their_ids_in_whatever_batches_they_are() -> None:
    record(1, 3, source="run")  # a batch is written after the newest of its traces
    record(2, 4)
    record(5)
    assert by_ids(1, 4, 5) == ["1", "4", "5"]
    assert by_ids(2) == ["2"]
    assert by_ids(2, 77) == ["2"]
    assert by_ids() == []
    for owner in (("w", "m"), ("v", "l")):
        assert traces.by_ids(*owner, [identifier(1)]) == {}


def test_it_is_told_where_a_trace_lies() -> None:
    record(1, 2)
    found = traces.locate("w", "l", [identifier(1)])[identifier(1)]
    assert found.trace == made.trace(1)
    assert found.key.startswith("w/l/traces/")
    assert found.expires_at is None


def test_what_is_no_id_is_nowhere_and_hides_no_other() -> None:
    record(1)
    assert list(traces.by_ids("w", "l", ["", "0", "zzz", identifier(1)])) == [identifier(1)]


def test_the_search_by_ids_begins_at_the_oldest_and_ends_with_the_last(faults: Faults) -> None:
    for minute in range(6):
        record(minute)
    seen = faults.answer("s3", "GetObject", 0, lambda _: {})
    assert by_ids(2, 3) == ["2", "3"]
    assert len(seen) == 2, "neither the batches before nor those after"


def test_batches_that_began_after_a_trace_are_not_read_for_it(faults: Faults) -> None:
    traces.record_all("w", "l", "inference", [made.trace(minute) for minute in range(3)])
    for minute in range(5, 30):
        traces.record_all("w", "l", "inference", [made.trace(minute)])
    seen = faults.answer("s3", "GetObject", 0, lambda _: {})
    assert by_ids(1) == ["1"]
    assert by_ids(4) == []
    assert len(seen) == 1


def test_the_search_by_ids_reads_no_more_batches_than_its_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    for minute in range(6):
        record(minute)
    monkeypatch.setattr(located, "_BATCHES_AFTER", 2)
    assert by_ids(0, 5) == ["0", "5"], "each is looked for from its own time on"
    record(3.5, after=5.5)
    assert by_ids(3.5) == []
    monkeypatch.setattr(located, "_BATCHES_READ", 2)
    assert by_ids(1, 2, 3) == ["1", "2"]
