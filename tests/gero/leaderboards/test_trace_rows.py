from typing import Any

import pytest

from gero import datasets, traces
from gero.datasets import Row
from gero.kit import Conflict, NotFound, new_id
from gero.leaderboards import Leaderboard, delete, trace_rows
from gero.traces import Trace
from tests.gero.leaderboards.boards import URL, board

pytestmark = pytest.mark.usefixtures("cloud")


def traced(made: Leaderboard, **fields: Any) -> str:
    """The id of a stored trace."""
    trace = Trace(new_id(), "inference", "2026-01-01T00:00:00.000Z", **({"input": "asked", "output": "told"} | fields))
    traces.record("w", made.id, f"{trace.trace_id}-x", trace.source, [traces.encode(trace)])
    return trace.trace_id


def added(made: Leaderboard, *wanted: tuple[str, list[str] | None]) -> trace_rows.FromTraces:
    return trace_rows.add(made, wanted, new_id())


def stored(made: Leaderboard) -> list[Row]:
    version = datasets.consolidate("w", made.id, made.rules())
    return [datasets.decode(line) for line in datasets.read(version)] if version else []


def test_what_was_asked_and_answered_becomes_a_row_that_names_its_trace() -> None:
    made = board()
    one = traced(made)
    told = trace_rows.add(made, [(one, None)], "batch-1")
    assert (told.pushed.accepted, told.missing) == (1, [])
    assert stored(made) == [Row(one, "asked", ["told"], origin={"batch_id": "batch-1", "trace_id": one})]


def test_given_answers_count_before_those_of_the_row_and_those_before_the_models() -> None:
    made = board()
    ids = [traced(made, expected=["from the row"]), traced(made, expected=["from the row"]), traced(made)]
    added(made, (ids[0], ["given", "too"]), (ids[1], None), (ids[2], []))
    assert [row.expected for row in stored(made)] == [["given", "too"], ["from the row"], ["told"]]


def test_a_conversation_alone_becomes_one_text() -> None:
    made = board()
    messages = [{"role": "user", "content": "hi"}, {"role": "user", "content": "where?"}]
    added(made, (traced(made, input="", messages=messages), None))
    assert [row.input for row in stored(made)] == ["user: hi\nuser: where?"]


def test_a_trace_without_any_answer_needs_one() -> None:
    made = board()
    failed = traced(made, output=None, error="timed out")
    (rejection,) = added(made, (traced(made), None), (failed, None)).pushed.rejections
    assert (rejection.index, rejection.field, rejection.code) == (1, "expected", "invalid_request")
    assert "give one" in rejection.error
    assert added(made, (failed, ["right"])).pushed.accepted == 1


def test_traces_that_are_nowhere_are_named_once_and_hide_no_others() -> None:
    made, other = board(), board()
    ids = [traced(made), traced(made)]
    stranger, nobody = traced(other), new_id()
    wanted = ["", "0", stranger, ids[0], "😀", nobody, ids[1], nobody]
    told = added(made, *((one, None) for one in wanted))
    assert told.pushed.accepted == 2
    assert told.missing == ["", "0", stranger, "😀", nobody]


def test_what_is_no_id_does_not_misplace_the_search(monkeypatch: pytest.MonkeyPatch) -> None:
    made = board()
    ids = [traced(made) for _ in range(3)]
    monkeypatch.setattr("gero.traces.located._BATCHES_READ", 1)
    told = added(made, ("0", None), (ids[2], None))
    assert (told.pushed.accepted, told.missing) == (1, ["0"])


def test_a_trace_is_taken_once_and_an_answer_corrected_later_replaces_it() -> None:
    made = board()
    one, two = traced(made), traced(made)
    told = added(made, (one, None), (one, None), (two, None))
    assert (told.pushed.accepted, told.pushed.duplicates) == (2, 1)
    assert added(made, (one, None)).pushed.duplicates == 1
    assert added(made, (one, ["right"])).pushed.accepted == 1
    assert {row.id: row.expected for row in stored(made)} == {one: ["right"], two: ["told"]}


def test_a_rejection_has_the_place_of_its_trace_in_the_request() -> None:
    made = board(daily_event_limit=1)
    one, failed, two = traced(made), traced(made, output=None), traced(made)
    told = added(made, (one, None), (one, None), (new_id(), None), (failed, None), (two, None))
    assert sorted((rejection.index, rejection.code) for rejection in told.pushed.rejections) == [
        (3, "invalid_request"),
        (4, "daily_limit"),
    ]


def test_a_dataset_of_a_url_takes_none() -> None:
    made = board(dataset_type="GET", dataset_url=URL)
    with pytest.raises(Conflict, match="only PUSH leaderboards take rows"):
        added(made, (traced(made), None))


def test_a_deleted_leaderboard_takes_none() -> None:
    made = board()
    one = traced(made)
    delete("w", made.id)
    with pytest.raises(NotFound):
        added(made, (one, None))


def test_a_trace_whose_question_was_not_kept_becomes_no_row() -> None:
    made = board()
    bare = traced(made, input="", output=None, content="left out")
    (rejection,) = added(made, (bare, ["right"])).pushed.rejections
    assert (rejection.code, rejection.field) == ("content_not_kept", "trace_id")


def test_a_trace_that_was_found_already_is_not_looked_for_again() -> None:
    made = board()
    trace = Trace(new_id(), "inference", "2026-01-01T00:00:00.000Z", input="asked", output="told")
    assert trace_rows.add_one(made, trace, ["right"], "b").accepted == 1
    assert trace_rows.add_one(made, trace, ["right"], "b").duplicates == 1
    (rejection,) = trace_rows.add_one(made, traces.captured(trace, content=False, redact=[]), ["x"], "b").rejections
    assert rejection.code == "content_not_kept"
    assert [row.expected for row in stored(made)] == [["right"]]
