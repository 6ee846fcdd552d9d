"""Rows by hand: taken out of a dataset, and made of traces."""

from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from functions.api.app import create_app
from gero import traces
from gero.kit import clock, new_id
from gero.leaderboards import MAX_PUSHED_ROWS
from gero.traces import Trace
from tests.functions.pushing import Pushing, asked, consolidated


@pytest.fixture
def api(pushing: Pushing) -> Iterator[TestClient]:
    with TestClient(create_app(), headers={"Authorization": f"Bearer {pushing.token}"}) as client:
        yield client


def of(pushing: Pushing, path: str = "") -> str:
    return f"/api/leaderboards/{pushing.leaderboard.id}/dataset{path}"


def traced(pushing: Pushing, **fields: Any) -> str:
    """The id of a trace of this leaderboard."""
    trace = Trace(new_id(), "inference", clock.iso(), **({"input": "asked", "output": "told"} | fields))
    owner = pushing.workspace, pushing.leaderboard.id
    traces.record(*owner, f"{trace.trace_id}-x", trace.source, [traces.encode(trace)])
    return trace.trace_id


def shown(api: TestClient, pushing: Pushing) -> list[str]:
    """The ids of the rows of the newest version."""
    page = api.get(of(pushing, "/versions/latest/rows")).json()
    return [row["id"] for row in page["rows"]]


def test_a_row_is_taken_out_and_older_versions_keep_it(api: TestClient, pushing: Pushing) -> None:
    pushing.push("a", "b/ü c", "d")
    answer = api.delete(of(pushing, "/rows/b/%C3%BC%20c"))
    assert (answer.status_code, answer.json()) == (202, {"status": "queued", "pending_events": 3})
    consolidated()
    assert shown(api, pushing) == ["a", "d"]
    assert api.delete(of(pushing, "/rows/a")).status_code == 202
    assert api.get(of(pushing)).json()["consolidation"]["due_at"], "a removal waits as well"
    consolidated()
    assert shown(api, pushing) == ["d"]
    older = api.get(of(pushing, "/versions/1/rows")).json()["rows"]
    assert [row["id"] for row in older] == ["a", "d"]
    assert api.get(of(pushing)).json()["consolidation"]["due_at"] is None
    assert pushing.push("a")["accepted_rows"] == 1, "it may be pushed again"


def test_removing_what_is_not_there_makes_no_version(api: TestClient, pushing: Pushing) -> None:
    pushing.push("a")
    api.post(of(pushing, "/consolidate"))
    consolidated()
    assert api.delete(of(pushing, "/rows/nobody")).status_code == 202
    consolidated()
    assert api.get(of(pushing)).json()["latest_version"]["version"] == 1
    for no_id in ("", "x" * 257):
        answer = api.delete(of(pushing, f"/rows/{no_id}"))
        assert (answer.status_code, answer.json()["error"].partition(":")[0]) == (400, "row_id")
    assert asked() == []


def test_traces_become_rows_and_those_that_do_not_are_told(api: TestClient, pushing: Pushing) -> None:
    first, second, third = traced(pushing), traced(pushing, expected=["right"]), traced(pushing, output=None)
    nobody = new_id()
    wanted = [
        {"trace_id": first, "expected": "better"},
        {"traceId": second},
        {"trace_id": nobody},
        {"trace_id": third},
        {"trace_id": first, "expected": ["better"]},
        {"trace_id": "😀"},
    ]
    answer = api.post(of(pushing, "/from-traces"), json={"traces": wanted})
    assert answer.status_code == 202, answer.text
    told = answer.json()
    assert (told["accepted_rows"], told["duplicate_rows"], told["rejected_rows"]) == (2, 1, 1)
    assert [(one["index"], one["field"]) for one in told["rejections"]] == [(3, "expected")]
    assert told["not_found"] == [nobody, "😀"]
    assert (told["status"], told["pending_events"], told["limits"]["daily_accepted"]) == ("accepted", 2, 2)
    api.post(of(pushing, "/consolidate"))
    consolidated()
    rows = {row["id"]: row for row in api.get(of(pushing, "/versions/1/rows")).json()["rows"]}
    assert {row_id: row["expected"] for row_id, row in rows.items()} == {first: ["better"], second: ["right"]}
    assert rows[first]["origin"] == {"batch_id": told["batch_id"], "trace_id": first}
    again = api.post(of(pushing, "/from-traces"), json={"traces": [{"trace_id": second}]}).json()
    assert (again["accepted_rows"], again["duplicate_rows"]) == (0, 1)


@pytest.mark.parametrize(
    "body",
    [
        {"traces": []},
        {"traces": [{"trace_id": ""}]},
        {"traces": [{"expected": "x"}]},
        {"traces": [{"trace_id": "x", "expected": 3}]},
        {"traces": [{"trace_id": "x"}] * (MAX_PUSHED_ROWS + 1)},
        {},
    ],
    ids=["none", "empty id", "no id", "a number", "too many", "nothing"],
)
def test_what_names_no_traces_is_refused(api: TestClient, pushing: Pushing, body: Any) -> None:
    answer = api.post(of(pushing, "/from-traces"), json=body)
    assert answer.status_code == 400
    assert "traces" in answer.json()["error"]
