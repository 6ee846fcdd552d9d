from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from functions.api.app import create_app
from gero import access
from gero.access import budgets
from gero.kit import new_id


@pytest.fixture
def api(cloud: None) -> Iterator[TestClient]:
    _, secret = access.workspaces.create("test")
    with TestClient(create_app(), headers=shown(secret)) as client:
        yield client


def shown(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


def made(api: TestClient, **fields: Any) -> dict[str, Any]:
    answer = api.post("/api/tokens", json={"name": "ci", **fields})
    assert answer.status_code == 201, answer.text
    created: dict[str, Any] = answer.json()
    return created


def workspace_of(api: TestClient) -> str:
    return str(api.get("/api/workspace").json()["id"])


def spend(secret: str, nanos: int) -> None:
    budgets.settle(budgets.reserve(access.authenticate({"x-api-key": secret}), nanos), nanos)


def test_a_token_is_made_with_all_that_is_documented_and_its_secret_is_shown_once(api: TestClient) -> None:
    fields = {"scopes": ["leaderboards:inference"], "expires_in": "90d", "business_id": workspace_of(api)}
    created = made(api, **fields, budget_limit=25, budget_reset_interval="monthly")
    secret = created.pop("secret")
    assert secret.startswith("drgero_")
    assert created["last_four"] == secret[-4:]
    assert (created["budget_limit"], created["budget_reset_interval"]) == (25.0, "monthly")
    read = api.get(f"/api/tokens/{created['id']}").json()
    assert read.pop("secret") is None
    assert read == created
    assert secret not in api.get("/api/tokens").text


@pytest.mark.parametrize(
    "fields",
    [
        {"budget_limit": 0.5, "budget_reset_interval": "weekly"},
        {"budgetLimit": "0.50", "budgetResetInterval": "weekly"},
        {"credit_limit": 0.5, "budget_reset_interval": "weekly"},
        {"creditLimit": 0.5, "budgetResetInterval": "weekly"},
    ],
)
def test_a_budget_has_several_names(api: TestClient, fields: dict[str, Any]) -> None:
    assert made(api, **fields)["budget"] | {"resets_at": ""} == {
        "limit_usd": 0.5,
        "used_usd": 0.0,
        "remaining_usd": 0.5,
        "held_usd": 0.0,
        "reset_interval": "weekly",
        "resets_at": "",
    }


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ('"budget_limit": 0', "budget_limit: 0 is not a budget; give dollars above 0"),
        ('"budget_limit": -1', "budget_limit: -1 is not a budget"),
        ('"budget_limit": 1000000.5', "up to 1,000,000"),
        ('"budget_limit": NaN', "budget_limit: Input should be a finite number"),
        ('"budget_limit": "many"', "budget_limit: Input should be a valid decimal"),
        ('"budget_limit": 1, "budget_reset_interval": "hourly"', "budget_reset_interval: 'hourly' is not an interval"),
        ('"budget_reset_interval": "daily"', "budget_reset_interval: there is no budget to reset; give budget_limit"),
        ('"budget_limit": 1, "credit_limit": 2', "credit_limit: this field is unknown"),
        ('"expires_in": "2h"', "expires_in: use one of none, 1h"),
        ('"scopes": ["leaderboards:fly"]', "scopes: 'leaderboards:fly' is not a scope"),
        ('"colour": "red"', "colour: this field is unknown"),
    ],
)
def test_what_is_wrong_with_a_token_is_told_by_its_field(api: TestClient, body: str, told: str) -> None:
    headers = {"Content-Type": "application/json"}
    answer = api.post("/api/tokens", content=f'{{"name": "ci", {body}}}', headers=headers)
    assert (answer.status_code, told in answer.json()["error"]) == (400, True), answer.text
    assert api.get("/api/tokens").json()["total"] == 1


def test_the_list_shows_how_budgets_stand_and_when_tokens_were_used(api: TestClient) -> None:
    paid = made(api, budget_limit=1, scopes=["*"])
    free = made(api, name="free")
    spend(paid["secret"], 250_000_000)
    budgets.reserve(access.authenticate({"x-api-key": paid["secret"]}), 500_000_000)
    listed = api.get("/api/tokens", params={"business_id": workspace_of(api)}).json()
    assert [one["id"] for one in listed["tokens"]][1:] == [paid["id"], free["id"]]
    budget = listed["tokens"][1]["budget"]
    assert (budget["used_usd"], budget["held_usd"], budget["remaining_usd"]) == (0.25, 0.5, 0.25)
    assert listed["tokens"][2]["budget"] is None
    assert listed["tokens"][1]["last_used_at"]
    assert listed["tokens"][2]["last_used_at"] is None
    spend(paid["secret"], 250_000_000)
    assert api.get(f"/api/tokens/{paid['id']}").json()["budget"]["remaining_usd"] == 0


def test_the_list_comes_in_pages(api: TestClient) -> None:
    ids = [made(api, name=f"t{number}", budget_limit=number + 1)["id"] for number in range(4)]
    page = api.get("/api/tokens?limit=2&offset=2").json()
    assert [one["id"] for one in page["tokens"]] == ids[1:3]
    assert [one["budget"]["limit_usd"] for one in page["tokens"]] == [2, 3]
    assert (page["count"], page["total"], page["limit"], page["offset"]) == (2, 5, 2, 2)
    assert api.get("/api/tokens?offset=5").json()["tokens"] == []
    assert api.get("/api/tokens?limit=0").status_code == 400


def test_a_token_is_changed_in_what_the_body_names(api: TestClient) -> None:
    token = made(api, scopes=["leaderboards:inference"], budget_limit=1, budget_reset_interval="daily")
    path = f"/api/tokens/{token['id']}"
    spend(token["secret"], 750_000_000)
    assert api.patch(path, json={"name": "web"}).json()["name"] == "web"
    budget = api.patch(path, json={"creditLimit": 2}).json()["budget"]
    assert (budget["remaining_usd"], budget["used_usd"], budget["reset_interval"]) == (1.25, 0.75, "daily")
    assert api.patch(path, json={"budget_reset_interval": "none"}).json()["budget"]["resets_at"] is None
    assert api.patch(path, json={"scopes": []}).json()["scopes"] == []
    assert api.patch(path, json={"scopes": None, "name": None}).json()["name"] == "web"
    gone = api.patch(path, json={"budget_limit": None}).json()
    assert (gone["budget"], gone["budget_limit"], gone["budget_reset_interval"]) == (None, None, "none")
    refused = api.patch(path, json={"budget_reset_interval": "daily"})
    assert (refused.status_code, "give budget_limit too" in refused.json()["error"]) == (400, True)
    assert api.patch(f"/api/tokens/{new_id()}", json={"name": "x"}).status_code == 404


def test_a_token_is_rotated_with_or_without_grace(api: TestClient) -> None:
    token = made(api, scopes=["leaderboards:read"])
    path = f"/api/tokens/{token['id']}/rotate"
    second = api.post(path, json={"grace_seconds": 3600}).json()
    assert (second["id"], second["last_four"]) == (token["id"], second["secret"][-4:])
    third = api.post(path).json()["secret"]
    statuses = [api.get("/api/workspace", headers=shown(one)).status_code for one in (token["secret"], third)]
    assert statuses == [401, 200]
    assert api.post(path, json={"graceSeconds": 604_801}).status_code == 400
    api.post(f"/api/tokens/{token['id']}/revoke")
    assert api.post(path).status_code == 409
    assert api.delete(f"/api/tokens/{token['id']}").status_code == 204
    assert api.post(path).status_code == 404


def test_nobody_hands_out_more_than_they_have(api: TestClient) -> None:
    admin = shown(made(api, scopes=["workspace:admin", "leaderboards:read"])["secret"])
    wide = made(api, scopes=["models:*"])
    for method, path, body in (
        ("POST", "/api/tokens", {"name": "x", "scopes": ["models:read"]}),
        ("PATCH", f"/api/tokens/{wide['id']}", {"scopes": ["models:read"]}),
        ("POST", f"/api/tokens/{wide['id']}/rotate", {}),
        ("PATCH", f"/api/tokens/{wide['id']}", {"scopes": []}),
        ("POST", f"/api/tokens/{wide['id']}/revoke", {}),
        ("DELETE", f"/api/tokens/{wide['id']}", {}),
    ):
        assert api.request(method, path, json=body, headers=admin).status_code == 403, (method, path)
    assert api.get("/api/models", headers=shown(wide["secret"])).is_success, "it works as before"
    narrow = made(api, scopes=["leaderboards:read"])
    assert api.patch(f"/api/tokens/{narrow['id']}", json={"scopes": []}, headers=admin).is_success
    assert api.post(f"/api/tokens/{narrow['id']}/revoke", headers=admin).is_success
    assert api.delete(f"/api/tokens/{narrow['id']}", headers=admin).is_success


def test_a_token_with_a_budget_cannot_make_itself_others_without(api: TestClient) -> None:
    token = made(api, scopes=["*"], budget_limit=1)
    headers = shown(token["secret"])
    free = made(api, scopes=["*"])
    for method, path, body in (
        ("POST", "/api/tokens", {"name": "x"}),
        ("PATCH", f"/api/tokens/{token['id']}", {"budget_limit": None}),
        ("POST", f"/api/tokens/{free['id']}/rotate", {}),
    ):
        refused = api.request(method, path, json=body, headers=headers)
        assert (refused.status_code, "use one without a budget" in refused.json()["error"]) == (403, True), path
    for path in ("/api/leaderboards/x/run", "/api/leaderboards/x/runs/y/resume", "/api/models/x/fine-tune/run"):
        refused = api.post(path, headers=headers)
        assert (refused.status_code, "use one without a budget" in refused.json()["error"]) == (403, True), path
    renewed = api.post(f"/api/tokens/{token['id']}/rotate", headers=headers).json()
    assert api.get("/api/tokens", headers=shown(renewed["secret"])).is_success


def test_another_workspace_is_neither_named_nor_reached(api: TestClient) -> None:
    other, secret = access.workspaces.create("other")
    theirs = next(access.tokens.listed(other.id)).id
    calls = (
        api.get("/api/tokens", params={"business_id": other.id}),
        api.post("/api/tokens", json={"name": "x", "business_id": other.id}),
        api.post("/api/tokens", json={"name": "x", "businessId": other.id}),
        api.post(f"/api/tokens/{theirs}/revoke", params={"business_id": other.id}),
    )
    for refused in calls:
        assert refused.status_code == 404
        assert f"business_id: this token is of the workspace {workspace_of(api)}" in refused.json()["error"]
    for method, path in (("GET", ""), ("PATCH", ""), ("DELETE", ""), ("POST", "/revoke"), ("POST", "/rotate")):
        assert api.request(method, f"/api/tokens/{theirs}{path}", json={}).status_code == 404, (method, path)
    assert api.get("/api/tokens", headers=shown(secret)).is_success


def test_tokens_are_managed_by_admins_only(api: TestClient) -> None:
    member = shown(made(api, scopes=["leaderboards:*", "models:*"])["secret"])
    for method, path in (("GET", ""), ("POST", ""), ("GET", "/x"), ("PATCH", "/x"), ("POST", "/x/rotate")):
        refused = api.request(method, f"/api/tokens{path}", json={"name": "x"}, headers=member)
        assert (refused.status_code, refused.json()["details"]) == (403, {"needed": "workspace:admin"}), (method, path)
