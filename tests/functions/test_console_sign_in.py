"""The whole way of a person through the console: to the provider, back as somebody, and out at both."""

from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from starlette.testclient import TestClient

from functions.api.app import create_app
from functions.api.console import identity_provider
from gero import access
from infra.local.stand_ins.background import BackgroundServers
from tests.functions.conftest import Ready
from tests.functions.console import Page
from tests.functions.signing_in import EMAIL, PASSWORD, Provider, provider, servers

__all__ = ["provider", "servers"]

HOME = "http://127.0.0.1:4700"  # the provider sends people back to this machine only


class Visit:
    """A browser of the console that is taken to the provider and back."""

    def __init__(self, client: TestClient) -> None:
        self.client = client

    def get(self, address: str) -> Page:
        return Page.of(self.client.get(address))

    def begin(self, page: str = "/sign-in") -> str:
        """Where the link of a page leads to at the provider."""
        link = str(self.get(page).one("a[href^='/sign-in/start']")["href"])
        return str(self.client.get(link, follow_redirects=False).headers["location"])

    def sign_out(self) -> str:
        """Where the browser is sent to by the button of a page."""
        csrf = self.get("/workspaces").one("form[action='/sign-out'] [name=csrf]")["value"]
        answer = self.client.post(
            "/sign-out", data={"csrf": str(csrf)}, headers={"origin": HOME}, follow_redirects=False
        )
        return str(answer.headers["location"])

    @property
    def is_signed_in(self) -> bool:
        return not self.get("/leaderboards").address.startswith("/sign-in")


def there(address: str) -> str:
    """Type the password at the provider; where it sends the browser back to."""
    return str(httpx.post(address, data={"email": EMAIL, "password": PASSWORD}).headers["location"])


@pytest.fixture
def visit(cloud: None, provider: Provider) -> Iterator[Visit]:
    with TestClient(create_app(), base_url=HOME, headers={"accept": "text/html"}) as client:
        yield Visit(client)


@pytest.fixture
def stranger(cloud: None, provider: Provider) -> Iterator[Visit]:
    """Another browser."""
    with TestClient(create_app(), base_url=HOME, headers={"accept": "text/html"}) as client:
        yield Visit(client)


def test_somebody_new_comes_back_to_where_workspaces_are_made(visit: Visit) -> None:
    back = there(visit.begin())
    assert back.startswith(f"{HOME}/sign-in/callback?code=")
    page = visit.get(back)
    assert (page.status, page.address) == (200, "/workspaces")
    assert visit.is_signed_in


def test_a_member_comes_to_the_page_they_wanted(visit: Visit, provider: Provider, ready: Ready) -> None:
    person = access.people.signed_in(provider.issuer, provider.account.subject, EMAIL)
    access.members.add(ready.workspace, person, "member")
    wanted = visit.get("/leaderboards?search=tickets").address
    page = visit.get(there(visit.begin(wanted)))
    assert page.address == "/leaderboards?search=tickets"
    assert EMAIL in page.words


def test_signing_out_ends_the_session_here_and_at_the_provider(visit: Visit, provider: Provider) -> None:
    visit.get(there(visit.begin()))
    session = visit.client.cookies["gero_session"]
    address = visit.sign_out()
    assert address.startswith(f"{provider.issuer}/end-session?")
    assert httpx.get(address).headers["location"] == f"{HOME}/sign-in"
    visit.client.cookies.set("gero_session", session, domain="127.0.0.1", path="/")
    assert not visit.is_signed_in


def test_the_way_back_can_be_walked_once(visit: Visit) -> None:
    back = there(visit.begin())
    visit.get(back)
    assert "gero_signing_in" not in visit.client.cookies
    visit.client.cookies.delete("gero_session")
    again = visit.get(back)
    assert (again.status, "sign in again" in again.words) == (400, True)
    assert not visit.is_signed_in


def test_the_way_back_of_another_browser_signs_nobody_in(visit: Visit, stranger: Visit) -> None:
    back = there(visit.begin())
    assert stranger.get(back).status == 400, "who never began"
    stranger.begin()
    refused = stranger.get(back)
    assert (refused.status, "begun last in this browser" in refused.words) == (400, True)
    assert not stranger.is_signed_in
    assert visit.get(back).status == 200, "its own browser still can"


def test_what_is_kept_in_between_cannot_be_changed(visit: Visit) -> None:
    back = there(visit.begin())
    kept = visit.client.cookies["gero_signing_in"]
    visit.client.cookies.clear()
    visit.client.cookies.set("gero_signing_in", f"{kept[:-1]}{'A' if kept[-1] != 'A' else 'B'}")
    assert visit.get(back).status == 400
    assert not visit.is_signed_in


def test_an_address_that_is_not_confirmed_signs_nobody_in(visit: Visit, provider: Provider) -> None:
    provider.tokens.said = {"email_verified": False}
    page = visit.get(there(visit.begin()))
    assert (page.status, "not confirmed yet" in page.words) == (403, True)
    assert not visit.is_signed_in


def test_who_cancels_is_told_on_the_sign_in_page(visit: Visit) -> None:
    state = parse_qs(urlsplit(visit.begin()).query)["state"][0]
    page = visit.client.get("/sign-in/callback", params={"error": "access_denied", "state": state})
    assert (page.status_code, "cancelled or not allowed" in page.text) == (403, True)


def test_a_provider_that_is_down_is_told_and_tokens_still_sign_in(
    visit: Visit, servers: BackgroundServers, ready: Ready
) -> None:
    servers.close()
    identity_provider.forget()
    page = visit.get("/sign-in/start")
    assert (page.status, "sign-in server cannot be reached" in page.words) == (502, True)
    csrf = visit.get("/sign-in").one("form[action='/sign-in'] [name=csrf]")["value"]
    visit.client.post("/sign-in", data={"csrf": csrf, "token": ready.token}, headers={"origin": HOME})
    assert visit.is_signed_in


def test_no_secret_of_a_sign_in_is_logged(visit: Visit, provider: Provider, caplog: pytest.LogCaptureFixture) -> None:
    secrets = [PASSWORD]
    for said in ({"nonce": "another"}, {}):
        provider.tokens.said = said
        address = visit.begin()
        kept = visit.client.cookies["gero_signing_in"]
        back = there(address)
        visit.get(back)
        secrets += [kept, *(parse_qs(urlsplit(back).query)[name][0] for name in ("code", "state"))]
    assert visit.is_signed_in
    logged = [str(vars(record)) for record in caplog.records]
    assert any("sign_in.token_not_good" in line for line in logged), "what failed is logged"
    assert not [secret for secret in secrets if secret in "".join(logged)]
