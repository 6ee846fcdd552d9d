from datetime import timedelta

import pytest

from gero import traces
from gero.kit import aws, blobs, clock, new_id, table
from gero.leaderboards.serving_settings import TraceSettings
from gero.traces import Source, Trace, store
from infra.data_stack import RETENTION_TAG, TRACE_RETENTIONS
from tests.cloud import BUCKET
from tests.gero.traces import made

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


def test_a_trace_is_shown_in_dollars_and_scores_of_zero_to_one() -> None:
    shown = Trace("t", "run", "now", score=500_000, cost_nanos=2_500_000).public("l")
    assert (shown["score"], shown["cost_usd"], shown["leaderboard_id"]) == (0.5, 0.0025, "l")
    assert "cost_nanos" not in shown
    assert trace("t").public("l")["score"] is None


def test_a_batch_whose_object_is_gone_hides_no_other() -> None:
    record("1", batch="b1")
    table.put(traces.index_item("w", "l", key="w/l/traces/gone.jsonl.gz", source="run", count=1))
    assert found() == ["1"]


def test_traces_are_batched_by_number_size_and_time_and_stored_again_in_the_same_places() -> None:
    few = [made.trace(minute) for minute in range(5)]
    assert [len(batch) for batch in store.batches(few, 2)] == [2, 2, 1]
    long = [made.trace(minute, output="x" * 1_500_000) for minute in range(5)]
    assert [len(batch) for batch in store.batches(long)] == [2, 2, 1]
    day = 24 * 60
    apart = [made.trace(minute) for minute in (0, 1, day + 0.5, day + 2, 3 * day)]
    assert [len(batch) for batch in store.batches(apart)] == [2, 2, 1]
    for _ in range(2):
        traces.record_all("w", "l", "dataset", iter(apart))
    assert len(list(blobs.keys("w/l/traces/"))) == 3
    assert traces.find("w", "l", limit=10, offset=0, batch_limit=9).scanned_rows == 5


def test_traces_with_a_retention_are_tagged_and_not_shown_once_it_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    made.record(made.trace(1), batch="b1", retention_days=30)
    made.record(made.trace(2), batch="b2")
    item = next(table.query("WS#w#LB#l", "TRACES#b1"))
    tags = aws.client("s3").get_object_tagging(Bucket=BUCKET, Key=item["key"])["TagSet"]
    assert tags == [{"Key": "gero-retention", "Value": "30"}]
    assert "expires_at" not in next(table.query("WS#w#LB#l", "TRACES#b2"))
    for days, shown in ((29.9, ["2", "1"]), (30.1, ["2"])):
        later = clock.now() + timedelta(days=days)
        with monkeypatch.context() as time:
            time.setattr(clock, "now", lambda later=later: later)
            assert made.inputs(traces.find("w", "l", limit=9, offset=0, batch_limit=9)) == shown
            assert len(traces.by_ids("w", "l", [made.trace(1).trace_id])) == len(shown) - 1


def test_the_bucket_forgets_what_a_leaderboard_may_ask_it_to_forget() -> None:
    allowed = TraceSettings.model_json_schema()["properties"]["retention_days"]["anyOf"][0]["enum"]
    assert tuple(allowed) == TRACE_RETENTIONS
    assert store.RETENTION_TAG == RETENTION_TAG
