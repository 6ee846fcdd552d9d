"""The matrix of a run: what each model answered on each row."""

from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from functions.api.app import create_app
from gero import access, leaderboards
from gero.kit import aws
from gero.leaderboards import LeaderboardPatch
from tests.functions.conftest import Ready
from tests.functions.workflow import dispatched, evaluated, finished, started
from tests.seeded import seed


@pytest.fixture
def api(ready: Ready) -> Iterator[TestClient]:
    with TestClient(create_app(), headers={"Authorization": f"Bearer {ready.token}"}) as client:
        yield client


def of(ready: Ready, run_id: str, end: str) -> str:
    return f"/api/leaderboards/{ready.leaderboard.id}/runs/{run_id}/{end}"


def verdicts(page: dict[str, Any]) -> dict[str, list[str]]:
    return {row["row_id"]: [cell["verdict"] for cell in row["cells"]] for row in page["rows"]}


def test_the_matrix_tells_which_model_was_right_on_which_row(api: TestClient, ready: Ready) -> None:
    page = api.get(of(ready, finished(ready).id, "matrix")).json()
    assert [one["name"] for one in page["models"]] == ["good", "bad"]
    assert verdicts(page) == {"a": ["right", "wrong"], "b": ["right", "right"], "c": ["right", "wrong"]}
    assert (page["count"], page["next"]) == (3, None)


def test_it_is_filtered_to_failures_and_disagreements(api: TestClient, ready: Ready) -> None:
    run = finished(ready)
    for show in ("failures", "disagreements"):
        page = api.get(of(ready, run.id, f"matrix?show={show}")).json()
        assert set(verdicts(page)) == {"a", "c"}
        assert page["scanned"] == 3
    assert api.get(of(ready, run.id, f"matrix?show=failures&model_id={ready.good}")).json()["rows"] == []
    of_bad = api.get(of(ready, run.id, f"matrix?show=failures&model_id={ready.bad}")).json()
    assert set(verdicts(of_bad)) == {"a", "c"}
    assert api.get(of(ready, run.id, "matrix?model_id=nobody")).status_code == 404


def test_pages_follow_each_other_without_a_gap(api: TestClient, ready: Ready) -> None:
    run, seen, after = finished(ready), [], ""
    for _ in range(4):
        page = api.get(of(ready, run.id, f"matrix?limit=1{after}")).json()
        seen += [row["row_id"] for row in page["rows"]]
        if not page["next"]:
            break
        after = f"&after={page['next']}"
    assert sorted(seen) == ["a", "b", "c"]
    assert api.get(of(ready, run.id, "matrix?after=x")).status_code == 404


def test_a_failed_call_is_told_apart_from_a_wrong_answer(api: TestClient, ready: Ready) -> None:
    def answer(model: str, prompt: str) -> str:
        if model == "bad" and "parcel" in prompt:
            raise RuntimeError("no")
        return "billing"

    ready.models.answer = answer
    page = api.get(of(ready, finished(ready).id, "matrix")).json()
    assert verdicts(page)["a"] == ["wrong", "error"]


def test_a_cell_tells_what_was_asked_and_answered_and_why_it_was_wrong(api: TestClient, ready: Ready) -> None:
    run = finished(ready)
    page = api.get(of(ready, run.id, "matrix?show=failures")).json()
    row = next(one for one in page["rows"] if one["row_id"] == "a")
    cell = api.get(of(ready, run.id, f"matrix/{row['place']}/{ready.bad}")).json()
    assert (cell["model"], cell["output"], cell["expected"], cell["score"]) == ("bad", "billing", ["shipping"], 0)
    assert "Where is my parcel?" in cell["input"]
    assert cell["reason"]
    assert cell["latency_ms"] > 0
    assert api.get(of(ready, run.id, f"matrix/9-9/{ready.bad}")).status_code == 404


def test_a_cell_respects_what_the_leaderboard_keeps_of_texts(api: TestClient, ready: Ready) -> None:
    leaderboards.patch(
        ready.workspace, ready.leaderboard.id, LeaderboardPatch.model_validate({"traces": {"redact": ["parcel"]}})
    )
    run = finished(ready)
    page = api.get(of(ready, run.id, "matrix")).json()
    row = next(one for one in page["rows"] if one["row_id"] == "a")
    cell = api.get(of(ready, run.id, f"matrix/{row['place']}/{ready.good}")).json()
    assert "parcel" not in cell["input"]


def test_an_active_run_shows_what_there_is(api: TestClient, ready: Ready) -> None:
    run = dispatched(ready)
    assert api.get(of(ready, run.id, "matrix")).json()["rows"] == []
    api.post(of(ready, run.id, "cancel"))
    assert len(api.get(of(ready, evaluated(ready).id, "matrix")).json()["rows"]) == 3


def test_a_page_of_fifty_models_takes_three_reads(cloud: None) -> None:
    workspace, token = access.workspaces.create("test")
    found = seed(workspace.id, models=50, runs=1, rows=120)
    path = f"/api/leaderboards/{found.leaderboard.id}/runs/{found.runs[0].id}/matrix"
    calls: list[str] = []

    def called(model: Any, **_: Any) -> None:
        calls.append(model.name)

    with TestClient(create_app(), headers={"Authorization": f"Bearer {token}"}) as client:
        first = client.get(path).json()  # reads the plan, which never changes
        clients = [aws.client("dynamodb"), aws.client("s3")]
        for one in clients:
            one.meta.events.register("before-call", called)
        second = client.get(f"{path}?after={first['next']}").json()
        for one in clients:
            one.meta.events.unregister("before-call", called)
    assert [len(page["rows"]) for page in (first, second)] == [25, 25]
    assert {len(row["cells"]) for row in second["rows"]} == {50}
    calls.remove("GetItem")  # that of the token
    assert sorted(calls) == ["GetItem", "GetObject", "Query"]


def test_of_a_reviewed_run_it_shows_the_answers_that_nobody_scored(api: TestClient, ready: Ready) -> None:
    leaderboards.patch(ready.workspace, ready.leaderboard.id, LeaderboardPatch(eval_type="human"))
    run = evaluated(ready)
    page = api.get(of(ready, run.id, "matrix")).json()
    assert {verdict for row in verdicts(page).values() for verdict in row} == {"unscored"}
    cell = api.get(of(ready, run.id, f"matrix/{page['rows'][0]['place']}/{ready.bad}")).json()
    assert (cell["output"], cell["score"]) == ("billing", None)


def test_before_it_is_planned_a_run_has_no_rows(api: TestClient, ready: Ready) -> None:
    answer = api.get(of(ready, started(ready).id, "matrix"))
    assert answer.status_code == 409
    assert "not planned" in answer.json()["error"]


def test_another_workspace_sees_nothing_of_it(api: TestClient, ready: Ready) -> None:
    run = finished(ready)
    _, token = access.workspaces.create("other")
    headers = {"Authorization": f"Bearer {token}"}
    assert api.get(of(ready, run.id, "matrix"), headers=headers).status_code == 404
    assert api.get(of(ready, run.id, f"matrix/0-0/{ready.good}"), headers=headers).status_code == 404
