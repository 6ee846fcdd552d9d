"""What keeps the console safe: who is signed in, where forms come from, what a browser may load."""

import re
from collections.abc import Iterator

import pytest
from fastapi.routing import APIRoute
from starlette.testclient import TestClient

from functions.api.app import create_app
from functions.api.console import pages
from gero import access
from gero.access import sessions
from tests.functions.conftest import Ready
from tests.functions.console import HOST, Browser, Page, browser_of_nobody

HTML = {"accept": "text/html"}


@pytest.fixture
def stranger(cloud: None) -> Iterator[Browser]:
    with browser_of_nobody() as browser:
        yield browser


def console_routes(*methods: str) -> list[tuple[str, str]]:
    """The paths of the console's pages with ids filled in, by method."""
    found = []
    for router in pages.routers():
        for route in router.routes:
            assert isinstance(route, APIRoute)
            path = re.sub(r"{(number|column)}", "1", route.path)
            path = re.sub(r"{[^}]+}", "11111111-1111-4111-8111-111111111111", path)
            found += [(method, path) for method in route.methods or () if method in methods]
    return sorted(found)


def test_the_console_has_pages_to_be_tested() -> None:
    assert ("POST", "/sign-in") in console_routes("POST")


@pytest.mark.parametrize(("method", "path"), console_routes("POST", "PUT", "PATCH", "DELETE"))
def test_no_write_is_taken_without_the_token_of_our_own_forms(stranger: Browser, method: str, path: str) -> None:
    answer = stranger.client.request(method, path, headers=HTML, data={"csrf": "guessed"})
    assert answer.status_code == 403
    assert "out of date" in answer.text


@pytest.mark.parametrize(("method", "path"), console_routes("GET"))
def test_no_page_is_shown_to_who_is_not_signed_in(stranger: Browser, method: str, path: str) -> None:
    answer = stranger.client.request(method, path, headers=HTML, follow_redirects=False)
    if path.startswith("/sign-in"):
        return
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/sign-in")


# What belongs to whoever is signed in, whatever they may do.
OF_EVERYBODY = ("/sign-in", "/sign-out", "/workspaces", "/invitation", "/settings/security", "/settings/leave")


@pytest.mark.parametrize(("method", "path"), console_routes("GET", "POST"))
def test_who_may_nothing_is_refused_before_anything_else(cloud: None, method: str, path: str) -> None:
    """Pages call the API's functions, whose own check of scopes is a dependency of the API's routes only."""
    if path in ("/", "/settings") or path.startswith(OF_EVERYBODY):
        return
    workspace, _ = access.workspaces.create("test")
    _, secret = access.tokens.create(workspace.id, "powerless", [])
    with browser_of_nobody() as browser:
        browser.sign_in(secret)
        csrf = browser.get("/settings/security").one("form[action='/sign-out'] [name=csrf]")["value"]
        sent = {"csrf": csrf} if method == "POST" else None
        answer = browser.client.request(method, path, headers=HTML, data=sent, follow_redirects=False)
    assert answer.status_code == 403, answer.text[:2000]


@pytest.mark.parametrize(
    "headers",
    [{"origin": "https://evil.example"}, {"origin": "null"}, {"sec-fetch-site": "cross-site"}],
    ids=["another origin", "no origin", "another site"],
)
def test_a_form_of_another_site_is_refused_even_with_its_token(stranger: Browser, headers: dict[str, str]) -> None:
    csrf = stranger.get("/sign-in").one("form[action='/sign-in'] [name=csrf]")["value"]
    answer = stranger.client.post("/sign-in", data={"csrf": csrf, "token": "x"}, headers={**HTML, **headers})
    assert answer.status_code == 403
    assert "another site" in answer.text


def test_pages_forbid_foreign_and_inline_code(browser: Browser) -> None:
    answer = browser.client.get("/leaderboards", headers=HTML)
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"
    assert "<script>" not in answer.text
    assert " style=" not in answer.text


def test_the_document_of_the_api_is_read_from_here_alone(stranger: Browser) -> None:
    page = stranger.get("/docs")
    loaded = [str(one["src"]) for one in page.select("script")] + [str(one["href"]) for one in page.select("link")]
    assert len(loaded) == 4
    for path in loaded:
        answer = stranger.client.get(path, headers=HTML)
        assert answer.status_code == 200
        assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_a_page_that_fails_is_as_safe_as_the_others(ready: Ready, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: str) -> None:
        raise RuntimeError("a secret of the inside")

    monkeypatch.setattr(access.workspaces, "get", broken)
    with TestClient(create_app(), base_url=HOST, raise_server_exceptions=False) as client:
        answer = client.get("/sign-in", headers=HTML)
        csrf = Page.of(answer).one("form[action='/sign-in'] [name=csrf]")["value"]
        sent = {"csrf": csrf, "token": ready.token}
        client.post("/sign-in", data=sent, headers={**HTML, "origin": HOST}, follow_redirects=False)
        answer = client.get("/leaderboards", headers=HTML)
    assert answer.status_code == 500
    assert "Something went wrong on our side" in answer.text
    assert "secret" not in answer.text
    assert "script-src 'self'" in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "no-store"


def test_the_api_is_not_touched_by_the_console(browser: Browser) -> None:
    answer = browser.client.get("/api/leaderboards", headers=HTML)
    assert answer.status_code == 401, "a cookie is no key of the API"
    assert answer.json()["code"] == "unauthenticated"
    assert "content-security-policy" not in answer.headers


def test_the_cookie_of_a_session_is_signed_and_out_of_reach_of_scripts(ready: Ready) -> None:
    with browser_of_nobody() as browser:
        page = browser.get("/sign-in")
        csrf = page.one("form[action='/sign-in'] [name=csrf]")["value"]
        answer = browser.client.post(
            "/sign-in",
            data={"csrf": csrf, "token": ready.token},
            headers={**HTML, "origin": HOST},
            follow_redirects=False,
        )
    cookie = next(one for one in answer.headers.get_list("set-cookie") if one.startswith("gero_session="))
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Path=/" in cookie
    assert ready.token not in cookie


def test_over_https_cookies_are_of_this_host_only(ready: Ready) -> None:
    with TestClient(create_app(), base_url="https://console.test") as client:
        answer = client.get("/sign-in", headers=HTML)
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-gero_visit=")
    assert "Secure" in cookie
    assert "strict-transport-security" in answer.headers


def test_a_cookie_that_was_tampered_with_is_nobody(browser: Browser) -> None:
    cookie = browser.client.cookies["gero_session"]
    browser.client.cookies.clear()
    browser.client.cookies.set("gero_session", cookie[:5] + ("A" if cookie[5] != "A" else "B") + cookie[6:])
    assert browser.get("/leaderboards").address.startswith("/sign-in")


def test_signing_out_ends_the_session_and_not_only_the_cookie(browser: Browser) -> None:
    cookie = browser.client.cookies["gero_session"]
    page = browser.submit(browser.get("/leaderboards"), "form[action='/sign-out']")
    assert page.address == "/sign-in"
    browser.client.cookies.set("gero_session", cookie, domain="console.test", path="/")
    assert browser.get("/leaderboards").address.startswith("/sign-in")


def test_a_revoked_token_is_out_at_once(browser: Browser, ready: Ready) -> None:
    token = next(iter(access.tokens.listed(ready.workspace)))
    access.tokens.revoke(ready.workspace, token.id)
    assert browser.get("/leaderboards").address.startswith("/sign-in")


def test_signing_in_makes_another_session_than_the_one_before(browser: Browser, ready: Ready) -> None:
    first = browser.client.cookies["gero_session"]
    browser.submit(browser.get("/leaderboards"), "form[action='/sign-out']")
    browser.sign_in(ready.token)
    assert browser.client.cookies["gero_session"] != first


def test_a_wrong_token_is_refused_at_its_field_and_not_shown_again(stranger: Browser) -> None:
    page = stranger.sign_in("drgero_wrong")
    assert page.status == 401
    assert "unknown API token" in page.one(".fault").get_text()
    assert "drgero_wrong" not in str(page)


@pytest.mark.parametrize("to", ["//evil.example", "https://evil.example", "/\\evil.example", "/%0d%0aX: y"])
def test_signing_in_leads_to_no_other_host(ready: Ready, to: str) -> None:
    with browser_of_nobody() as browser:
        assert "evil" not in browser.client.get("/sign-in", params={"to": to}, headers=HTML).text
        landed = browser.submit(browser.get("/sign-in"), "form[action='/sign-in']", {"token": ready.token, "to": to})
        assert "evil" not in landed.address
        assert landed.address in ("/leaderboards", "/%0d%0aX:%20y")


def test_who_wanted_a_page_comes_to_it_after_signing_in(ready: Ready) -> None:
    with browser_of_nobody() as browser:
        page = browser.get("/settings/tokens?scope=leaderboards:inference")
        assert page.address == "/sign-in?to=/settings/tokens%3Fscope%3Dleaderboards%3Ainference"


def test_a_member_who_was_removed_is_out_at_once(ready: Ready) -> None:
    person = access.people.signed_in("https://issuer.test", "sub-1", "anna@example.com")
    access.members.add(ready.workspace, person, "member")
    with browser_of_nobody() as browser:
        browser.sign_in_as(person, ready.workspace)
        assert browser.get("/leaderboards").status == 200
        access.members.remove(ready.workspace, person.id, by="owner@example.com", held_role="owner")
        assert browser.get("/leaderboards").address == "/workspaces"


def test_an_unknown_page_is_a_page_for_people_and_json_for_programs(browser: Browser) -> None:
    assert browser.get("/no/such/page").one("h1").get_text() == "Not found"
    assert browser.client.get("/no/such/page").json()["code"] == "not_found"


def test_a_closed_session_cannot_be_found(cloud: None) -> None:
    assert sessions.find("never-made") is None


@pytest.mark.parametrize("path", ["/workspaces", "/invitation?code=x"])
def test_a_token_is_asked_to_sign_in_as_a_person_where_that_is_needed(browser: Browser, path: str) -> None:
    page = browser.get(path)
    assert page.status == 200
    assert page.address.startswith("/sign-in?to=")
