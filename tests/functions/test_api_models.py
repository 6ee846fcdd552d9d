"""The paths of Dr.Gero models, as one application answers them."""

from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest
from starlette.testclient import TestClient

from functions.api.app import create_app
from gero import access, leaderboards, models
from gero.kit import table
from gero.leaderboards import CandidateInput
from gero.providers import target
from tests.functions.conftest import RIGHT, Ready
from tests.functions.workflow import finished
from tests.gero.faults import Faults

SECRET = "sk-base-0123456789"


@pytest.fixture
def api(ready: Ready) -> Iterator[TestClient]:
    with TestClient(create_app(), headers={"Authorization": f"Bearer {ready.token}"}) as client:
        yield client


@pytest.fixture
def as_scoped(ready: Ready) -> Callable[..., TestClient]:
    def client(*scopes: str) -> TestClient:
        _, secret = access.tokens.create(ready.workspace, "scoped", scopes)
        return TestClient(create_app(), headers={"Authorization": f"Bearer {secret}"})

    return client


def body(ready: Ready, **fields: Any) -> dict[str, Any]:
    base = {"platform": "custom", "endpoint_url": ready.models.url, "model": "good", "auth_token": SECRET}
    return {"name": "Sorter", "base": base, "system_prompt": "Be brief."} | fields


def made(api: TestClient, ready: Ready, **fields: Any) -> Any:
    answer = api.post("/api/models", json=body(ready, **fields))
    assert answer.status_code == 201, answer.text
    return answer.json()


def test_a_model_is_made_read_listed_changed_and_deleted(api: TestClient, ready: Ready) -> None:
    examples = [{"input": "Hello?", "output": "sales"}]
    model = made(api, ready, examples=examples, leaderboard_ids=[ready.leaderboard.id], parameters={"top_p": 1})
    assert (model["deployed_version"], model["latest_version"], model["creation_mode"]) == (1, 1, "recipe")
    assert model["inference_url"] == f"http://inference.test/v1/models/{model['id']}/inference"
    version = model["version"]
    assert (version["number"], version["deployed"], version["source"]) == (1, True, "recipe")
    assert (version["system_prompt"], version["parameters"]) == ("Be brief.", {"top_p": 1})
    assert version["prompt"] is None
    assert version["examples"] == [{"input": "Hello?", "output": "sales", "row_id": None}]
    assert (version["base"]["has_auth_token"], version["base"]["auth_method"]) == (True, "bearer")
    path = f"/api/models/{model['id']}"
    assert api.get(path).json() == model
    page = api.get("/api/models", params={"limit": 1}).json()
    assert (page["count"], page["total"], page["models"][0]["id"]) == (1, 1, model["id"])
    changed = api.patch(path, json={"description": "d", "leaderboardIds": []}).json()
    assert (changed["description"], changed["leaderboard_ids"], changed["revision"]) == ("d", [], 2)
    assert api.patch(path, json={"name": "x", "revision": 1}).json()["code"] == "stale_revision"
    assert SECRET not in api.get(path).text
    assert api.delete(path).status_code == 204
    for gone in (api.get(path), api.delete(path), api.get(f"{path}/versions"), api.post(f"{path}/deploy")):
        assert gone.status_code == 404
    assert api.get("/api/models").json()["total"] == 0


def test_versions_are_published_read_and_deployed(api: TestClient, ready: Ready) -> None:
    path = f"/api/models/{made(api, ready, auto_update_model=False)['id']}"
    second = api.post(f"{path}/versions", json={"system_prompt": "Be exact.", "note": "n"})
    assert second.status_code == 201
    assert (second.json()["number"], second.json()["deployed"]) == (2, False)
    assert second.json()["base"]["has_auth_token"]
    page = api.get(f"{path}/versions", params={"limit": 1}).json()
    assert (page["count"], page["total"], page["versions"][0]["number"]) == (1, 2, 2)
    assert "system_prompt" not in page["versions"][0]
    assert api.get(f"{path}/versions", params={"offset": 1}).json()["versions"][0]["deployed"] is True
    assert api.get(f"{path}/versions/2").json() == second.json()
    assert api.get(f"{path}/versions/3").status_code == 404
    assert api.post(f"{path}/deploy").json()["version"]["system_prompt"] == "Be exact."
    assert api.post(f"{path}/deploy", json={"version": 1}).json()["deployed_version"] == 1
    assert api.post(f"{path}/deploy", json={"version": 9}).status_code == 404
    assert api.post(f"{path}/undeploy").json()["deployed_version"] is None
    assert api.get(path).json()["version"]["number"] == 2  # the latest, while none is deployed


def test_a_base_on_another_server_needs_its_own_token(api: TestClient, ready: Ready) -> None:
    path = f"/api/models/{made(api, ready)['id']}/versions"
    moved = {"endpoint_url": "http://127.0.0.1:9/v1/chat/completions", "model": "good"}
    refused = api.post(path, json={"base": moved})
    assert (refused.status_code, refused.json()["details"]["field"]) == (400, "base.auth_token")
    assert SECRET not in refused.text
    assert api.post(path, json={"base": moved | {"auth_method": "none"}}).status_code == 201


def test_a_model_that_is_compared_is_not_deleted(api: TestClient, ready: Ready) -> None:
    model = made(api, ready, leaderboard_ids=[ready.leaderboard.id])
    path = f"/api/models/{model['id']}"
    listed = {"leaderboard_id": ready.leaderboard.id, "name": "Tickets", "candidate_id": None, "in_production": False}
    assert api.get(f"{path}/leaderboards").json() == {"leaderboards": [listed], "count": 1}
    wanted = CandidateInput(platform="drgero", drgero_model_id=model["id"])
    candidate = leaderboards.candidates.add(ready.workspace, ready.leaderboard.id, wanted)
    assert api.get(f"{path}/leaderboards").json()["leaderboards"] == [listed | {"candidate_id": candidate.id}]
    refused = api.delete(path)
    assert (refused.status_code, refused.json()["code"]) == (409, "model_in_use")
    assert refused.json()["error"] == "leaderboards compare this model: 'Tickets'; remove it from them first"
    assert api.delete(f"/api/leaderboards/{ready.leaderboard.id}").status_code == 204
    assert api.get(f"{path}/leaderboards").json() == {"leaderboards": [], "count": 0}
    assert api.delete(path).status_code == 204  # links to leaderboards that are gone do not count


def test_a_model_that_is_compared_in_the_moment_of_its_deletion_stays(api: TestClient, ready: Ready) -> None:
    path = f"/api/models/{made(api, ready)['id']}"

    def compared(_: dict[str, Any]) -> None:
        model_id, board_id = path.rsplit("/", 1)[1], ready.leaderboard.id
        use = models.exists_check(ready.workspace, model_id)
        table.transact([use, models.link(ready.workspace, model_id, board_id, "c")])

    with closing(Faults()) as faults:
        faults.meanwhile("dynamodb", "TransactWriteItems", compared)
        refused = api.delete(path)
    assert (refused.status_code, refused.json()["code"]) == (409, "model_in_use")
    assert refused.json()["details"] == {"leaderboard_ids": [ready.leaderboard.id]}
    assert api.get(path).status_code == 200


@pytest.mark.parametrize("name", ["Host", "Host\r\nX-Evil: 1"])
def test_a_kept_token_is_not_sent_under_another_header_than_may_be(api: TestClient, ready: Ready, name: str) -> None:
    headed = body(ready)["base"] | {"auth_method": "custom_header", "auth_header_name": "X-Key"}
    path = f"/api/models/{made(api, ready, base=headed)['id']}/versions"
    base = {"endpoint_url": ready.models.url, "model": "good", "auth_header_name": name}
    refused = api.post(path, json={"base": base})
    assert (refused.status_code, refused.json()["details"]) == (400, {"field": "base.auth_header_name"})
    assert SECRET not in refused.text


def test_an_automatic_model_builds_on_the_production_model(
    api: TestClient, ready: Ready, as_scoped: Callable[..., TestClient]
) -> None:
    wanted = {"name": "Auto", "creationMode": "auto", "leaderboardIds": [ready.leaderboard.id]}
    early = api.post("/api/models", json=wanted)
    assert (early.status_code, early.json()["code"]) == (409, "no_production")
    finished(ready)
    told = api.post("/api/models", json=wanted | {"deploy": True})
    assert told.status_code == 201, told.text
    version = told.json()["version"]
    assert (version["source"], version["system_prompt"], version["base"]["model"]) == ("auto", None, "good")
    assert {(one["input"], one["output"]) for one in version["examples"]} == set(RIGHT.items())
    assert version["examples_from"]["dataset_version"] == 1
    assert version["prompt"] == ready.leaderboard.system_prompt
    served = target.load(target.model_key(ready.workspace, told.json()["id"]))
    assert isinstance(served, target.Target)
    assert served.prompt == ready.leaderboard.system_prompt
    assert served.endpoint.headers(ready.workspace)["Authorization"] == "Bearer sk-secret"
    # Rows of a leaderboard are shown to nobody who may not read leaderboards.
    writer = as_scoped("models:*")
    assert writer.post("/api/models", json=wanted).json()["details"] == {"needed": "leaderboards:read"}
    drawn = {"leaderboard_id": ready.leaderboard.id, "count": 2}
    assert writer.post("/api/models", json=body(ready, examples=drawn)).status_code == 403
    path = f"/api/models/{told.json()['id']}/versions"
    assert writer.post(path, json={"examples": drawn}).status_code == 403
    assert len(api.post(path, json={"examples": drawn}).json()["examples"]) == 2


def test_an_automatic_model_is_not_built_on_a_drgero_model(api: TestClient, ready: Ready) -> None:
    model = made(api, ready)
    wanted = CandidateInput(platform="drgero", drgero_model_id=model["id"])
    candidate = leaderboards.candidates.add(ready.workspace, ready.leaderboard.id, wanted)
    finished(ready)
    pinned = {"model_selection": {"mode": "manual", "model_id": candidate.id}}
    assert api.patch(f"/api/leaderboards/{ready.leaderboard.id}", json=pinned).status_code == 200
    wanted_model = {"name": "Auto", "creation_mode": "auto", "leaderboard_ids": [ready.leaderboard.id]}
    refused = api.post("/api/models", json=wanted_model)
    assert (refused.status_code, refused.json()["code"]) == (409, "production_is_drgero")
    (assigned,) = api.get(f"/api/models/{model['id']}/leaderboards").json()["leaderboards"]
    assert assigned["in_production"] is True


@pytest.mark.parametrize(
    ("change", "field", "told"),
    [
        ({"base": None}, "base", "base: give the model to build on"),
        ({"base": {"platform": "drgero"}}, "base", "base: platform: a Dr.Gero model is made over"),
        ({"leaderboard_ids": ["nothing"]}, "leaderboard_ids", "leaderboard_ids: no leaderboard 'nothing'"),
        ({"name": None}, "name", "name: "),
        ({"hypertuning_parameters": True}, "hypertuning_parameters", "hypertuning_parameters: not supported yet"),
        ({"color": "red"}, "color", "color: this field is unknown"),
        ({"examples": {"leaderboard_id": "nothing", "count": 99}}, "examples.drawn.count", "less than or equal to 50"),
    ],
)
def test_a_faulty_model_is_refused_with_the_field_and_the_fix(
    api: TestClient, ready: Ready, change: dict[str, Any], field: str, told: str
) -> None:
    refused = api.post("/api/models", json=body(ready, **change))
    assert refused.status_code == 400
    assert told in refused.json()["error"]
    details = refused.json()["details"]
    assert field in (details.get("field"), *(one["field"] for one in details.get("errors", [])))
    assert SECRET not in refused.text


def test_each_path_needs_its_scope(api: TestClient, ready: Ready, as_scoped: Callable[..., TestClient]) -> None:
    path = f"/api/models/{made(api, ready)['id']}"
    reader, writer = as_scoped("models:read", "leaderboards:*"), as_scoped("models:write", "leaderboards:*")
    reads = ["/api/models", path, f"{path}/versions", f"{path}/versions/1", f"{path}/leaderboards"]
    writes = [
        ("PATCH", path, {"description": "d"}),
        ("POST", f"{path}/versions", {"note": "n"}),
        ("POST", f"{path}/deploy", None),
        ("POST", f"{path}/undeploy", None),
        ("POST", "/api/models", body(ready)),
        ("DELETE", path, None),
    ]
    for read in reads:
        assert (reader.get(read).status_code, writer.get(read).status_code) == (200, 403)
    for method, place, sent in writes:
        assert reader.request(method, place, json=sent).status_code == 403
        assert writer.request(method, place, json=sent).status_code < 300


def test_a_model_of_another_workspace_is_not_found(api: TestClient, ready: Ready) -> None:
    path = f"/api/models/{made(api, ready)['id']}"
    _, token = access.workspaces.create("another")
    stranger = TestClient(create_app(), headers={"Authorization": f"Bearer {token}"})
    assert stranger.get("/api/models").json()["total"] == 0
    for method, place in (("GET", path), ("DELETE", path), ("POST", f"{path}/deploy"), ("GET", f"{path}/versions/1")):
        assert stranger.request(method, place).status_code == 404
    assert stranger.post("/api/models", json=body(ready, leaderboard_ids=[ready.leaderboard.id])).status_code == 400
