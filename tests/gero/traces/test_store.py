import pytest

from gero import traces
from gero.kit import new_id, table
from gero.traces import Source, Trace
from tests.gero.faults import Faults

pytestmark = pytest.mark.usefixtures("cloud")


def trace(name: str, source: Source = "inference") -> Trace:
    return Trace(name, source, "2026-01-01T00:00:00.000Z", input=f"input of {name}")


def record(*names: str, batch: str | None = None, source: Source = "inference") -> None:
    lines = [traces.encode(trace(name, source)) for name in names]
    traces.record("w", "l", batch or new_id(), source, lines)


def found(limit: int = 100, offset: int = 0, batch_limit: int = 25, **wanted: str) -> list[str]:
    page = traces.find("w", "l", limit=limit, offset=offset, batch_limit=batch_limit, **wanted)  # type: ignore[arg-type]
    return [one.trace_id for one in page.traces]


def test_traces_come_newest_first_across_batches() -> None:
    record("1", "2", batch="b1")
    record("3", "4", batch="b2")
    assert found() == ["4", "3", "2", "1"]


def test_pages_follow_each_other_without_gaps_or_repeats() -> None:
    for batch in range(4):
        record(*(f"{batch}{number}" for number in range(3)), batch=f"b{batch}")
    pages = [found(limit=5, offset=offset) for offset in (0, 5, 10, 15)]
    assert [len(page) for page in pages] == [5, 5, 2, 0]
    every = sorted((f"{batch}{number}" for batch in range(4) for number in range(3)), reverse=True)
    assert [name for page in pages for name in page] == every


def test_a_trace_that_was_stored_twice_appears_once() -> None:
    record("1", "2", batch="b1")
    record("2", "3", batch="b2")
    record("1", "2", batch="b1")
    assert found() == ["3", "2", "1"]


def test_no_more_batches_are_read_than_wanted_or_needed() -> None:
    for batch in range(4):
        record(f"{batch}", batch=f"b{batch}")
    page = traces.find("w", "l", limit=100, offset=0, batch_limit=2)
    assert ([one.trace_id for one in page.traces], page.batch_count, page.scanned_rows) == (["3", "2"], 2, 2)
    assert traces.find("w", "l", limit=1, offset=0, batch_limit=25).batch_count == 1


def test_a_source_and_a_run_can_be_asked_for() -> None:
    record("1", batch="b1")
    record("2", batch="b2", source="run")
    item = traces.index_item("w", "l", key="w/l/traces/b2.jsonl.gz", source="run", count=1, run_id="r")
    table.put(item)
    assert found(source="inference") == ["1"]
    assert found(source="run") == ["2"]
    assert found(run_id="r") == ["2"]
    assert found(run_id="other") == []
    assert found(source="manual") == []


def test_another_leaderboard_and_another_workspace_see_nothing() -> None:
    record("1")
    for owner in (("w", "m"), ("v", "l")):
        assert traces.find(*owner, limit=10, offset=0, batch_limit=10).traces == []


def by_ids(*names: str) -> list[str]:
    return sorted(traces.by_ids("w", "l", names))


def test_traces_are_found_by_their_ids_in_whatever_batches_they_are() -> None:
    record("1", "3", batch="3-x", source="run")  # a batch is written after the newest of its traces
    record("2", "4", batch="4-x")
    record("5", batch="5-x")
    assert by_ids("1", "4", "5") == ["1", "4", "5"]
    assert by_ids("2") == ["2"]
    assert by_ids("2", "nobody") == ["2"]
    assert traces.by_ids("w", "l", ["3"])["3"] == trace("3", "run")
    assert by_ids() == []
    for owner in (("w", "m"), ("v", "l")):
        assert traces.by_ids(*owner, ["1"]) == {}


def test_the_search_by_ids_begins_at_the_oldest_and_ends_with_the_last(faults: Faults) -> None:
    for number in range(6):
        record(f"{number}", batch=f"{number}-x")
    seen = faults.answer("s3", "GetObject", 0, lambda _: {})
    assert by_ids("2", "3") == ["2", "3"]
    assert len(seen) == 2, "neither the batches before nor those after"


def test_the_search_by_ids_reads_no_more_batches_than_its_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(6):
        record(f"{number}", batch=f"{number}-x")
    monkeypatch.setattr("gero.traces.store._BATCHES_AFTER", 2)
    assert by_ids("0", "5") == ["0", "5"], "each is looked for from its own time on"
    record("3-late", batch="5-y")
    assert by_ids("3-late") == []
    monkeypatch.setattr("gero.traces.store._BATCHES_READ", 2)
    assert by_ids("1", "2", "3") == ["1", "2"]


def test_a_trace_is_shown_in_dollars_and_scores_of_zero_to_one() -> None:
    shown = Trace("t", "run", "now", score=500_000, cost_nanos=2_500_000).public("l")
    assert (shown["score"], shown["cost_usd"], shown["leaderboard_id"]) == (0.5, 0.0025, "l")
    assert "cost_nanos" not in shown
    assert trace("t").public("l")["score"] is None


def test_a_batch_whose_object_is_gone_hides_no_other() -> None:
    record("1", batch="b1")
    table.put(traces.index_item("w", "l", key="w/l/traces/gone.jsonl.gz", source="run", count=1))
    assert found() == ["1"]
