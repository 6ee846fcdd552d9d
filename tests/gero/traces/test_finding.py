from typing import Any

import pytest

from gero import traces
from gero.kit import Invalid, clock, table
from gero.traces import Feedback, Page, Trace, feedback, times
from tests.gero.faults import Faults
from tests.gero.traces import made
from tests.gero.traces.made import inputs, moment

pytestmark = pytest.mark.usefixtures("cloud")


def record(*minutes: float, **fields: Any) -> list[Trace]:
    found = [made.trace(minute, **fields) for minute in minutes]
    traces.record_all("w", "l", found[0].source, found)
    return found


def find(**wanted: Any) -> Page:
    defaults: dict[str, Any] = {"limit": 100, "offset": 0, "batch_limit": 25}
    return traces.find("w", "l", **{**defaults, **wanted})


def walked(limit: int, **wanted: Any) -> list[list[str]]:
    """All pages, each from the cursor of the one before."""
    pages, cursor = [], None
    for _ in range(50):
        page = find(limit=limit, cursor=cursor, **wanted)
        pages.append(inputs(page))
        cursor = page.cursor(len(page.traces))
        if cursor is None:
            return pages
    raise AssertionError("the pages do not end")


def test_cursors_lead_through_everything_once_whatever_the_size_of_a_page() -> None:
    for start in range(0, 12, 3):
        record(start, start + 1, start + 2)
    everything = [str(minute) for minute in range(11, -1, -1)]
    for limit in (1, 2, 3, 5, 12, 100):
        pages = walked(limit)
        assert [one for page in pages for one in page] == everything
        assert all(len(page) == limit for page in pages[:-1])
    assert find(limit=12).cursor(12) is None, "there is nothing behind the last"


def test_a_cursor_stays_where_it_is_while_new_traces_arrive() -> None:
    record(0, 1, 2, 3)
    page = find(limit=2)
    record(4, 5)
    assert inputs(find(limit=2, cursor=page.cursor(2))) == ["1", "0"]
    assert inputs(find(limit=2, cursor=page.cursor(1))) == ["2", "1"], "an answer may have ended early"


def test_a_cursor_goes_on_where_the_batches_of_an_answer_ended() -> None:
    for minute in range(6):
        record(minute, model_id="rare" if minute == 0 else "frequent")
    page = find(model_id="rare", batch_limit=4)
    assert (page.traces, page.batch_count, page.scanned_rows) == ([], 4, 4)
    rest = find(model_id="rare", batch_limit=4, cursor=page.cursor(0))
    assert (inputs(rest), rest.cursor(1)) == (["0"], None)


@pytest.mark.parametrize("cursor", ["x", "AAAA", "WyJPVEhFUiMiLDBd", "WyJUUkFDRVMjIiwtMV0", "é", "null", "W10"])
def test_what_is_no_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(Invalid, match="cursor: ") as refused:
        find(cursor=cursor)
    assert refused.value.details["field"] == "cursor"


def test_a_range_of_time_includes_its_beginning_and_not_its_end() -> None:
    record(0, 1, 2)
    record(3, 4)
    since, until = clock.iso(moment(1)), clock.iso(moment(4))
    assert inputs(find(since=since, until=until)) == ["3", "2", "1"]
    assert inputs(find(since=since)) == ["4", "3", "2", "1"]
    assert inputs(find(until=until, limit=2)) == ["3", "2"]
    assert walked(1, since=since, until=until) == [["3"], ["2"], ["1"]]
    assert inputs(find(since=since, until=until, offset=1)) == ["2", "1"]


def test_a_range_of_time_reads_and_lists_only_what_is_near_it(faults: Faults) -> None:
    day = 24 * 60
    for number in range(20):
        record(number * day, number * day + 1)
    reads = faults.answer("s3", "GetObject", 0, lambda _: {})
    listed: list[str] = []
    query = table.query

    def noted(*arguments: Any, **named: Any) -> Any:
        for item in query(*arguments, **named):
            listed.append(item["sk"])
            yield item

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(table, "query", noted)
        found = find(since=clock.iso(moment(10 * day)), until=clock.iso(moment(11 * day)))
    assert inputs(found) == [str(10 * day + 1), str(10 * day)]
    assert (len(reads), found.batch_count) == (1, 1)
    assert len(listed) <= 3


def test_a_challengers_trace_is_found_by_its_own_time_although_its_id_is_productions() -> None:
    late = made.trace(0, created_at=clock.iso(moment(14)))
    traces.record_all("w", "l", "inference", [late])
    assert inputs(find(since=clock.iso(moment(10)))) == ["0"]


def test_models_errors_sources_and_runs_can_be_asked_for() -> None:
    run = times.id_of(moment(4), "run")
    record(0, model_id="a")
    record(1, 2, model_id="b", error="timed out")
    record(3, source="manual", model_id="b")
    (own,) = record(5, source="run", run_id=run, model_id="a")
    item = traces.index_item("w", "l", key="w/l/run.jsonl.gz", source="run", count=1, run_id=run)
    table.put(item | {"key": next(table.query("WS#w#LB#l", "TRACES#", newest_first=True))["key"]})
    assert inputs(find(model_id="b")) == ["3", "2", "1"]
    assert inputs(find(errors_only=True)) == ["2", "1"]
    assert inputs(find(errors_only=True, model_id="a")) == []
    assert inputs(find(source="manual")) == ["3"]
    assert [one.trace_id for one in find(run_id=run).traces] == [own.trace_id]


def rate(found: Trace) -> None:
    located = traces.locate("w", "l", [found.trace_id])[found.trace_id]
    feedback.put("w", "l", located, Feedback(score=1))


def test_rated_and_unrated_traces_can_be_asked_for() -> None:
    found = [*record(0, 1, 2, model_id="a"), *record(3, 4, model_id="b")]
    for one in (found[0], found[1], found[4]):
        rate(one)
    assert inputs(find(has_feedback=True)) == ["4", "1", "0"]
    assert inputs(find(has_feedback=True, model_id="a")) == ["1", "0"]
    assert inputs(find(has_feedback=True, until=clock.iso(moment(4)), offset=1)) == ["0"]
    assert inputs(find(has_feedback=False)) == ["3", "2"]
    assert walked(1, has_feedback=True) == [["4"], ["1"], ["0"]]
    assert walked(1, has_feedback=False)[:2] == [["3"], ["2"]]
    assert walked(2, has_feedback=True, batch_limit=1) == [["4"], ["1", "0"]]
    with pytest.raises(Invalid, match="other filters"):
        find(has_feedback=True, cursor=find(limit=1).cursor(1))
