from typing import Any

import pytest

from gero import datasets, leaderboards, traces
from gero.datasets import Row
from gero.kit import blobs, table
from gero.leaderboards import Leaderboard, dataset_traces
from gero.traces import Trace
from tests.gero.leaderboards.boards import board, push

pytestmark = pytest.mark.usefixtures("cloud")


def recorded(made: Leaderboard) -> list[Trace]:
    page = traces.find("w", made.id, limit=1000, offset=0, batch_limit=100, source="dataset")
    return page.traces[::-1]


def consolidated(made: Leaderboard) -> None:
    assert leaderboards.consolidate(made, made.rules())


def row(name: str, **fields: Any) -> Row:
    return Row(name, f"asked {name}", ["yes"], **fields)


def test_each_pushed_row_that_enters_a_version_is_a_trace_once() -> None:
    made = board()
    push(made, [row("a", metadata={"n": 1}), row("b")])
    consolidated(made)
    push(made, [row("c")])
    consolidated(made)
    consolidated(made)
    found = recorded(made)
    assert sorted(one.row_id or "" for one in found) == ["a", "b", "c"]
    (first,) = (one for one in found if one.row_id == "a")
    assert (first.input, first.expected, first.metadata, first.run_id) == ("asked a", ["yes"], {"n": 1}, None)
    assert traces.by_ids("w", made.id, [first.trace_id]) == {first.trace_id: first}


def test_rows_that_did_not_enter_are_no_traces() -> None:
    made = board(max_samples_to_gather=500)
    push(made, [row(f"r{number:03}") for number in range(510)])
    push(made, [Row("r509", "again", ["yes"])])
    consolidated(made)
    ids = [one.row_id for one in recorded(made)]
    assert len(ids) == 500
    assert "r000" not in ids
    assert ids.count("r509") == 1


def test_a_consolidation_that_dies_before_its_version_is_there_leaves_the_same_traces(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = board()
    push(made, [row("a"), row("b")])
    with monkeypatch.context() as crash:
        crash.setattr(table, "transact", lambda _: pytest.fail("crashed"))
        with pytest.raises(pytest.fail.Exception):
            consolidated(made)
    before, keys = recorded(made), list(blobs.keys(f"w/{made.id}/traces/"))
    assert len(before) == 2
    consolidated(made)
    assert recorded(made) == before
    assert list(blobs.keys(f"w/{made.id}/traces/")) == keys
    assert len(list(table.query(f"WS#w#LB#{made.id}", "TRACES#"))) == 1


def test_what_traces_may_hold_goes_for_rows_too(monkeypatch: pytest.MonkeyPatch) -> None:
    made = board(traces={"redact": ["email"], "retention_days": 7})
    push(made, [Row("a", "ask ann@x.io", ["bo@x.io"])])
    consolidated(made)
    (found,) = recorded(made)
    assert (found.input, found.expected, found.content) == ("ask [email]", ["[email]"], "redacted")
    assert "expires_at" in next(table.query(f"WS#w#LB#{made.id}", "TRACES#"))
    version = datasets.latest_version("w", made.id)
    assert version
    assert datasets.decode(next(datasets.read(version))).input == "ask ann@x.io", "the dataset itself is whole"
    monkeypatch.setattr(dataset_traces, "_SEARCH_SECONDS", -1)
    push(made, [Row("b", "ask ann@x.io", ["no"])])
    consolidated(made)
    assert {one.content for one in recorded(made)} == {"redacted", "left out"}
