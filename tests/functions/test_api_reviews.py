from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from functions.api.app import create_app
from functions.open_review.handler import handler as open_review
from gero import access, leaderboards
from gero.leaderboards import LeaderboardPatch
from tests.functions.conftest import Ready
from tests.functions.context import Context
from tests.functions.workflow import ranked

pytestmark = pytest.mark.usefixtures("woken")


@pytest.fixture
def api(ready: Ready, context: Context) -> Iterator[TestClient]:
    """The API as the owner of a leaderboard whose run waits for people."""
    ready.models.answer = lambda model, prompt: f"{'one' if model == 'good' else 'two'} {prompt[-9:]}"
    leaderboards.patch(ready.workspace, ready.leaderboard.id, LeaderboardPatch(eval_type="human"))
    with TestClient(create_app(), headers={"Authorization": f"Bearer {ready.token}"}) as client:
        assert client.get(of(ready)).status_code == 404, "nothing to review before a run"
        run = ranked(ready)
        open_review(ready.event("open_review", "last_round", run=run.id), context)
        yield client


@pytest.fixture
def reviewer(ready: Ready, api: TestClient) -> dict[str, str]:
    """The headers of somebody who may review and nothing else."""
    _, secret = access.tokens.create(ready.workspace, "reviewer", ["leaderboards:review"])
    return {"Authorization": f"Bearer {secret}"}


def of(ready: Ready, path: str = "") -> str:
    return f"/api/leaderboards/{ready.leaderboard.id}/reviews{path}"


def test_a_reviewer_sees_questions_and_answers_and_not_whose_they_are(
    api: TestClient, ready: Ready, reviewer: dict[str, str]
) -> None:
    answer = api.get(of(ready, "/next"), headers=reviewer)
    item = answer.json()["item"]
    assert {item["a"].split()[0], item["b"].split()[0]} == {"one", "two"}
    assert item["expected"]
    assert item["answer"] is None
    assert item["progress"] == {"reviewed": 0, "total": 3}
    for secret in (ready.good, ready.bad, "good", "bad", "score"):
        assert secret not in answer.text


def test_a_reviewer_may_do_nothing_else(api: TestClient, ready: Ready, reviewer: dict[str, str]) -> None:
    board = f"/api/leaderboards/{ready.leaderboard.id}"
    for path in ("", "/models", "/runs", "/ranking", "/traces", "/reviews", "/dataset"):
        assert api.get(board + path, headers=reviewer).status_code == 403, path
    assert api.get("/api/leaderboards", headers=reviewer).status_code == 403
    assert api.post(of(ready, "/close"), headers=reviewer).status_code == 403
    assert api.post(f"{board}/run", headers=reviewer).status_code == 403


def test_who_may_only_read_a_leaderboard_does_not_review(api: TestClient, ready: Ready) -> None:
    _, secret = access.tokens.create(ready.workspace, "reader", ["leaderboards:read"])
    reader = {"Authorization": f"Bearer {secret}"}
    assert api.get(of(ready), headers=reader).status_code == 200
    for refused in (api.get(of(ready, "/next"), headers=reader), api.post(of(ready, "/x"), headers=reader, json={})):
        assert (refused.status_code, refused.json()["details"]["needed"]) == (403, "leaderboards:review")


def test_people_who_share_a_token_review_under_their_names(api: TestClient, ready: Ready) -> None:
    ann = api.get(of(ready, "/next?reviewer=ann")).json()["item"]
    bob = api.get(of(ready, "/next?reviewer=bob")).json()["item"]
    assert ann["item_id"] != bob["item_id"]
    taken = api.post(of(ready, f"/{bob['item_id']}?reviewer=ann"), json={"verdict": "a"})
    assert (taken.status_code, taken.json()["code"]) == (409, "not_reserved")
    for body, query in (({"verdict": "a"}, "?reviewer=ann"), ({"verdict": "a", "reviewer": "ann"}, "")):
        noted = api.post(of(ready, f"/{ann['item_id']}{query}"), json=body)
        assert noted.json()["progress"] == {"reviewed": 1, "total": 3}
    assert list(api.get(of(ready)).json()["reviewers"].values()) == [1]


def test_a_verdict_can_be_undone_and_the_item_comes_back(
    api: TestClient, ready: Ready, reviewer: dict[str, str]
) -> None:
    item = api.get(of(ready, "/next"), headers=reviewer).json()["item"]
    path = of(ready, f"/{item['item_id']}")
    assert api.post(path, headers=reviewer, json={"verdict": "b", "comment": "clearer"}).status_code == 200
    again = api.delete(path, headers=reviewer).json()
    assert (again["item_id"], again["a"]) == (item["item_id"], item["a"])
    assert again["progress"]["reviewed"] == 0
    assert api.get(of(ready)).json()["votes"] == 0


def test_reviewing_to_the_end_lets_the_run_go_on_and_is_told_whole(
    api: TestClient, ready: Ready, reviewer: dict[str, str], woken: list[str]
) -> None:
    for _ in range(3):
        item = api.get(of(ready, "/next"), headers=reviewer).json()["item"]
        winner = "a" if item["a"].startswith("two") else "b"
        noted = api.post(of(ready, f"/{item['item_id']}"), headers=reviewer, json={"verdict": winner})
    assert noted.json()["status"] == "closed"
    assert woken == ["REVIEW-TOKEN"]
    left = api.get(of(ready, "/next"), headers=reviewer).json()
    assert left == {"item": None, "why": "this review is closed: everything was reviewed"}
    found = api.get(of(ready)).json()
    assert (found["status"], found["end"], found["votes"], found["run_waits"]) == ("closed", "reviewed", 3, False)
    assert [(one["model_id"], one["wins"], one["losses"]) for one in found["standing"]] == [
        (ready.bad, 3, 0),
        (ready.good, 0, 3),
    ]
    assert {one["preferred_model_id"] for one in found["latest_votes"]} == {ready.bad}
    assert found["agreement"] == {"pairs": 0, "share": None, "kappa": None}


def test_a_person_closes_a_review(api: TestClient, ready: Ready, woken: list[str]) -> None:
    assert api.post(of(ready, "/close")).json()["end"] == "closed"
    assert api.post(of(ready, "/close")).json()["end"] == "closed"
    assert woken == ["REVIEW-TOKEN"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "verdict"),
        ({"verdict": "c"}, "verdict"),
        ({"rating": 0.5}, "verdict"),
        ({"rating": 2}, "rating"),
        ({"verdict": "a", "stars": 5}, "stars"),
        ({"verdict": "a", "comment": "x" * 3000}, "comment"),
    ],
)
def test_a_faulty_verdict_is_refused_by_its_field(api: TestClient, ready: Ready, body: Any, field: str) -> None:
    item = api.get(of(ready, "/next")).json()["item"]
    answer = api.post(of(ready, f"/{item['item_id']}"), json=body)
    assert answer.status_code == 400
    assert answer.json()["error"].startswith(f"{field}: ")


def test_a_review_is_closed_to_other_workspaces(api: TestClient, ready: Ready) -> None:
    item = api.get(of(ready, "/next")).json()["item"]
    _, stranger = access.workspaces.create("other")
    theirs = {"Authorization": f"Bearer {stranger}"}
    for path in ("", "/next"):
        assert api.get(of(ready, path), headers=theirs).status_code == 404
    for path in ("/close", f"/{item['item_id']}"):
        assert api.post(of(ready, path), headers=theirs, json={"verdict": "a"}).status_code == 404
    assert api.get(of(ready)).json()["votes"] == 0


def test_who_may_run_and_not_read_closes_a_review_and_learns_nothing_of_models(
    api: TestClient, ready: Ready, woken: list[str]
) -> None:
    item = api.get(of(ready, "/next")).json()["item"]
    api.post(of(ready, f"/{item['item_id']}"), json={"verdict": "a", "comment": "well put"})
    _, secret = access.tokens.create(ready.workspace, "runner", ["leaderboards:run"])
    closed = api.post(of(ready, "/close"), headers={"Authorization": f"Bearer {secret}"})
    told = closed.json()
    assert told.keys() == {"run_id", "status", "end", "progress"}
    assert (told["status"], told["end"], told["progress"]) == ("closed", "closed", {"reviewed": 1, "total": 3})
    assert woken == ["REVIEW-TOKEN"]
    assert api.post(of(ready, "/close")).json()["votes"] == 1
