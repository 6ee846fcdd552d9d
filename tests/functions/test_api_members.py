"""Members and invitations over the API: who may let whom in."""

from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from functions.api.app import create_app
from functions.api.routes import members as routes
from gero import access
from gero.access import Person, invitations, members, people, sessions
from gero.kit import Forbidden, new_id

PEOPLE = "/api/invite-user"


@pytest.fixture
def api(cloud: None) -> Iterator[TestClient]:
    _, secret = access.workspaces.create("test")
    with TestClient(create_app(), base_url="https://gero.test", headers=shown(secret)) as client:
        yield client


def shown(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


def workspace_of(api: TestClient) -> str:
    return str(api.get("/api/workspace").json()["id"])


def token_of(workspace_id: str, *scopes: str, **more: Any) -> dict[str, str]:
    return shown(access.tokens.create(workspace_id, "ci", scopes, **more)[1])


def joined(api: TestClient, name: str, role: str) -> Person:
    person = people.signed_in("https://issuer.test", name, f"{name}@example.com")
    members.add(workspace_of(api), person, role)
    return person


def invited(api: TestClient, email: str = "anna@example.com", role: str = "member", **more: Any) -> dict[str, Any]:
    answer = api.post(PEOPLE, json={"email": email, "role": role, **more})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def test_somebody_is_invited_with_a_link_that_is_shown_once_and_joins(api: TestClient) -> None:
    made = invited(api, "Anna@Example.com", "reviewer", business_id=workspace_of(api), redirect_to="https://x.test")
    link = made.pop("link")
    assert link.startswith("https://gero.test/invitation?code=ginv_")
    assert (made["email"], made["role"], made["invited_by"]) == ("anna@example.com", "reviewer", "API token bootstrap")
    listed = api.get(PEOPLE, params={"business_id": workspace_of(api)})
    assert listed.json() == {"members": [], "invitations": [{**made, "link": None}]}
    assert "ginv_" not in listed.text
    assert "sha256" not in listed.text
    anna = people.signed_in("https://issuer.test", "1", "anna@example.com")
    invitations.accept(link.rpartition("=")[2], anna)
    found = api.get(PEOPLE).json()
    assert [(one["id"], one["email"], one["role"]) for one in found["members"]] == [
        (anna.id, "anna@example.com", "reviewer")
    ]
    assert found["invitations"] == []


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"role": "member"}, "email: this field is required"),
        ({"email": "anna", "role": "member"}, "email: give one e-mail address"),
        ({"email": "a@b.de", "role": "king"}, "role: Input should be 'owner', 'admin', 'member' or 'reviewer'"),
        ({"email": "a@b.de", "colour": "red"}, "colour: this field is unknown"),
    ],
)
def test_what_is_wrong_with_an_invitation_is_told_by_its_field(api: TestClient, body: Any, told: str) -> None:
    answer = api.post(PEOPLE, json=body)
    assert (answer.status_code, told in answer.json()["error"]) == (400, True), answer.text


def test_an_invitation_is_revoked(api: TestClient) -> None:
    made = invited(api)
    assert api.delete(f"{PEOPLE}/{made['id']}").status_code == 204
    assert api.get(PEOPLE).json()["invitations"] == []
    assert api.delete(f"{PEOPLE}/{made['id']}").status_code == 404
    assert api.delete(f"{PEOPLE}/{new_id()}").status_code == 404


def test_a_member_is_given_another_role_and_is_removed(api: TestClient) -> None:
    joined(api, "olga", "owner")
    anna = joined(api, "anna", "member")
    assert api.post(PEOPLE, json={"email": "ANNA@example.com"}).json()["code"] == "already_member"
    changed = api.patch(f"/api/members/{anna.id}", json={"role": "owner"})
    assert (changed.status_code, changed.json()["role"]) == (200, "owner")
    assert api.patch(f"/api/members/{anna.id}", json={"role": "boss"}).status_code == 400
    assert api.delete(f"/api/members/{anna.id}").status_code == 204
    assert api.delete(f"/api/members/{anna.id}").status_code == 404
    assert api.patch(f"/api/members/{anna.id}", json={"role": "admin"}).status_code == 404


def test_the_last_owner_stays(api: TestClient) -> None:
    olga = joined(api, "olga", "owner")
    for answer in (
        api.delete(f"/api/members/{olga.id}"),
        api.patch(f"/api/members/{olga.id}", json={"role": "admin"}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (409, "last_owner")
    assert [one["role"] for one in api.get(PEOPLE).json()["members"]] == ["owner"]


def test_a_token_without_everything_is_an_admin_and_touches_no_owner(api: TestClient) -> None:
    olga, anna = joined(api, "olga", "owner"), joined(api, "anna", "member")
    joined(api, "other", "owner")
    api.headers.update(token_of(workspace_of(api), "workspace:*", "leaderboards:*", "models:*"))
    assert api.patch(f"/api/members/{anna.id}", json={"role": "admin"}).status_code == 200
    for answer in (
        api.delete(f"/api/members/{olga.id}"),
        api.patch(f"/api/members/{olga.id}", json={"role": "member"}),
        api.patch(f"/api/members/{anna.id}", json={"role": "owner"}),
    ):
        assert (answer.status_code, "by owners only" in answer.json()["error"]) == (403, True)


def test_a_token_gives_nobody_more_than_it_may_itself(api: TestClient) -> None:
    anna = joined(api, "anna", "reviewer")
    joined(api, "other", "owner")
    api.headers.update(token_of(workspace_of(api), "workspace:admin", "leaderboards:review"))
    for answer in (
        api.post(PEOPLE, json={"email": "new@example.com", "role": "admin"}),
        api.post(PEOPLE, json={"email": "new@example.com", "role": "member"}),
        api.patch(f"/api/members/{anna.id}", json={"role": "member"}),
    ):
        assert (answer.status_code, "no role that may do more than itself" in answer.json()["error"]) == (403, True)
    assert api.post(PEOPLE, json={"email": "new@example.com", "role": "reviewer"}).status_code == 201


def test_people_are_managed_by_admins_only(api: TestClient) -> None:
    member = token_of(workspace_of(api), "leaderboards:*", "models:*")
    for method, path in (
        ("GET", PEOPLE),
        ("POST", PEOPLE),
        ("DELETE", f"{PEOPLE}/x"),
        ("PATCH", "/api/members/x"),
        ("DELETE", "/api/members/x"),
    ):
        refused = api.request(method, path, json={"email": "a@b.de", "role": "member"}, headers=member)
        assert (refused.status_code, refused.json()["details"]) == (403, {"needed": "workspace:admin"}), (method, path)


def test_a_token_with_a_budget_lets_nobody_in(api: TestClient) -> None:
    anna = joined(api, "anna", "member")
    budget = access.budget_terms.checked(1, None)
    api.headers.update(token_of(workspace_of(api), "*", budget=budget))
    for answer in (
        api.post(PEOPLE, json={"email": "ben@example.com"}),
        api.patch(f"/api/members/{anna.id}", json={"role": "admin"}),
    ):
        assert (answer.status_code, "use one without a budget" in answer.json()["error"]) == (403, True)
    assert api.get(PEOPLE).json()["invitations"] == []


def test_another_workspace_is_neither_named_nor_reached(api: TestClient) -> None:
    other, secret = access.workspaces.create("other")
    anna, made = joined(api, "anna", "member"), invited(api, "ben@example.com")
    for refused in (
        api.get(PEOPLE, params={"business_id": other.id}),
        api.post(PEOPLE, json={"email": "x@b.de", "business_id": other.id}),
        api.post(PEOPLE, json={"email": "x@b.de", "businessId": other.id}),
    ):
        assert refused.status_code == 404
        assert f"business_id: you act in the workspace {workspace_of(api)}" in refused.json()["error"]
    theirs = shown(secret)
    assert api.get(PEOPLE, headers=theirs).json() == {"members": [], "invitations": []}
    for method, path in (
        ("DELETE", f"{PEOPLE}/{made['id']}"),
        ("PATCH", f"/api/members/{anna.id}"),
        ("DELETE", f"/api/members/{anna.id}"),
    ):
        assert api.request(method, path, json={"role": "admin"}, headers=theirs).status_code == 404, (method, path)
    found = api.get(PEOPLE).json()
    assert (len(found["members"]), len(found["invitations"])) == (1, 1)


def test_an_admin_cannot_become_an_owner_by_way_of_a_token(api: TestClient) -> None:
    anna = joined(api, "anna", "admin")
    caller, _ = sessions.principal(sessions.open_for_person(anna))
    with pytest.raises(Forbidden, match="by owners only"):
        routes.change_role(caller, anna.id, routes.RoleInput(role="owner"))
    api.headers.update(token_of(workspace_of(api), *caller.scopes))
    assert api.post("/api/tokens", json={"name": "all", "scopes": ["*"]}).status_code == 403
    assert api.patch(f"/api/members/{anna.id}", json={"role": "owner"}).status_code == 403


def test_the_document_of_the_api_has_all_of_it(api: TestClient) -> None:
    paths = api.get("/openapi.json").json()["paths"]
    assert paths[PEOPLE].keys() == {"get", "post"}
    assert paths[f"{PEOPLE}/{{invitation_id}}"].keys() == {"delete"}
    assert paths["/api/members/{person_id}"].keys() == {"patch", "delete"}
