"""Push tokens over the API, under both of their paths."""

import shlex
from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from functions.api.app import create_app
from gero import access, leaderboards
from gero.access import push_tokens
from gero.kit import new_id
from tests.functions.pushing import Pushing, row

URL = "https://huggingface.co/datasets/a/b/resolve/main/f.jsonl"


@pytest.fixture(params=["/v1/leaderboard", "/api/leaderboards"])
def base(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def api(pushing: Pushing, base: str) -> Iterator[TestClient]:
    headers = {"Authorization": f"Bearer {pushing.token}"}
    url = f"https://api.test{base}/{pushing.leaderboard.id}/dataset"
    with TestClient(create_app(), base_url=url, headers=headers) as client:
        yield client


def pushes(pushing: Pushing, secret: str) -> bool:
    status, answer = pushing.send([row("a")], {"x-dr.gero-push-token": secret, "authorization": ""})
    assert status in (202, 401), answer
    return status == 202


def test_a_secret_is_told_once_and_never_listed(api: TestClient, pushing: Pushing) -> None:
    answer = api.post("/token", json={"name": "ci", "expires_in": "7d"})
    assert answer.status_code == 201
    made = answer.json()
    assert (made["name"], made["revoked_at"], made["secret"][-4:]) == ("ci", None, made["last_four"])
    assert made["secret"].startswith("hpd_")
    assert made["expires_at"] > made["created_at"]
    assert pushes(pushing, made["secret"])
    listed = api.get("/tokens")
    assert made["secret"] not in listed.text
    (shown,) = listed.json()["tokens"]
    assert shown == made | {"secret": None, "example": None}
    assert listed.json()["count"] == 1
    assert "sha256" not in answer.text + listed.text


def test_the_example_is_a_command_that_pushes_a_row(api: TestClient, pushing: Pushing) -> None:
    made = api.post("/token").json()
    assert made["push_url"] == f"https://api.test/v1/leaderboard/{pushing.leaderboard.id}/dataset/push"
    command, url, *options = shlex.split(made["example"])
    assert (command, url) == ("curl", made["push_url"])
    given = list(zip(options[::2], options[1::2], strict=True))
    headers = dict(value.lower().split(": ", 1) for option, value in given if option == "-H")
    assert set(headers) == {"x-dr.gero-push-token", "content-type"}
    (body,) = [value for option, value in given if option == "-d"]
    headers = {"authorization": "", "x-dr.gero-push-token": made["secret"]}
    assert pushing.send(body, headers)[1]["accepted_rows"] == 1


def test_what_is_not_said_has_a_default(api: TestClient) -> None:
    made = api.post("/token").json()
    assert (made["name"], made["expires_at"], made["rotated_at"]) == ("push token", None, None)
    assert api.post("/token", json={"expiresIn": "none"}).json()["expires_at"] is None


@pytest.mark.parametrize("body", [{"expires_in": "2h"}, {"name": ""}, {"scopes": ["*"]}, {"name": "x" * 201}])
def test_a_faulty_wish_is_refused_with_its_field(api: TestClient, body: dict[str, object]) -> None:
    answer = api.post("/token", json=body)
    assert answer.status_code == 400
    assert answer.json()["error"].startswith(f"{next(iter(body))}:")
    assert api.get("/tokens").json()["count"] == 0


def test_a_rotation_tells_a_new_secret_and_lets_the_old_one_work_on_if_asked(api: TestClient, pushing: Pushing) -> None:
    made = api.post("/token", json={"name": "ci"}).json()
    graced = api.post(f"/tokens/{made['id']}/rotate", json={"grace_seconds": 60}).json()
    assert [pushes(pushing, one["secret"]) for one in (made, graced)] == [True, True]
    assert graced["secret"] in graced["example"]
    at_once = api.post(f"/tokens/{made['id']}/rotate").json()
    assert [pushes(pushing, one["secret"]) for one in (made, graced, at_once)] == [False, False, True]
    (shown,) = api.get("/tokens").json()["tokens"]
    assert shown == at_once | {"secret": None, "example": None}
    assert (shown["id"], shown["name"]) == (made["id"], "ci")
    for seconds in (-1, 604_801):
        refused = api.post(f"/tokens/{made['id']}/rotate", json={"grace_seconds": seconds})
        assert (refused.status_code, refused.json()["error"][:14]) == (400, "grace_seconds:")


def test_a_revoked_token_stays_listed_and_a_deleted_one_does_not(api: TestClient, pushing: Pushing) -> None:
    made = api.post("/token").json()
    revoked = api.post(f"/tokens/{made['id']}/revoke")
    assert (revoked.status_code, revoked.json()["secret"]) == (200, None)
    assert revoked.json()["revoked_at"]
    assert not pushes(pushing, made["secret"])
    assert api.get("/tokens").json()["tokens"] == [revoked.json()]
    assert api.post(f"/tokens/{made['id']}/rotate").status_code == 409
    assert api.delete(f"/tokens/{made['id']}").status_code == 204
    assert api.get("/tokens").json() == {"tokens": [], "count": 0}
    assert api.delete(f"/tokens/{made['id']}").status_code == 404


def test_a_deleted_token_stops_working(api: TestClient, pushing: Pushing) -> None:
    made = api.post("/token").json()
    assert pushes(pushing, made["secret"])
    api.delete(f"/tokens/{made['id']}")
    assert not pushes(pushing, made["secret"])


def test_only_leaderboards_that_take_rows_have_push_tokens(api: TestClient, pushing: Pushing, base: str) -> None:
    other = pushing.another(dataset_type="GET", dataset_url=URL)
    path = f"https://api.test{base}/{other.id}/dataset"
    for answer in (api.post(f"{path}/token"), api.get(f"{path}/tokens")):
        assert answer.status_code == 409
        assert "only PUSH leaderboards take rows" in answer.json()["error"]


def test_tokens_are_closed_to_other_workspaces_and_to_who_may_not_write(api: TestClient, pushing: Pushing) -> None:
    made = api.post("/token").json()
    _, stranger = access.workspaces.create("other")
    _, reader = access.tokens.create(pushing.workspace, "reader", ["leaderboards:read", "leaderboards:run"])
    asking = [("POST", "/token"), ("GET", "/tokens"), ("DELETE", f"/tokens/{made['id']}")]
    asking += [("POST", f"/tokens/{made['id']}/{action}") for action in ("rotate", "revoke")]
    for token, status in ((stranger, 404), (reader, 403), (made["secret"], 401)):
        for method, path in asking:
            answer = api.request(method, path, headers={"Authorization": f"Bearer {token}"})
            assert answer.status_code == status, (method, path, answer.text)
    assert pushes(pushing, made["secret"]), "nobody ended it"


def test_a_token_is_found_under_its_own_leaderboard_only(api: TestClient, pushing: Pushing, base: str) -> None:
    made = api.post("/token").json()
    path = f"https://api.test{base}/{pushing.another().id}/dataset/tokens"
    assert api.get(path).json()["count"] == 0
    for method, end in (("DELETE", ""), ("POST", "/rotate"), ("POST", "/revoke")):
        assert api.request(method, f"{path}/{made['id']}{end}").status_code == 404
        assert api.request(method, f"/tokens/{new_id()}{end}").status_code == 404
    assert [one.revoked_at for one in push_tokens.listed(pushing.workspace, pushing.leaderboard.id)] == [None]


def test_the_tokens_of_a_deleted_leaderboard_are_swept_with_it(api: TestClient, pushing: Pushing) -> None:
    api.post("/token")
    leaderboards.delete(pushing.workspace, pushing.leaderboard.id)
    assert api.post("/token").status_code == api.get("/tokens").status_code == 404
    leaderboards.sweep_deleted()
    assert list(push_tokens.listed(pushing.workspace, pushing.leaderboard.id)) == []
