"""The development sign-in's own pages, in a real browser; and through them, the harness of these tests."""

from collections.abc import Iterator
from urllib.parse import urlencode

import pytest
from aiohttp import web
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from playwright.sync_api import Page, expect

from infra.local.stand_ins import StandIns
from infra.local.stand_ins.background import BackgroundServers
from infra.local.stand_ins.sign_in import CLIENT_ID
from tests.browser.accessibility import axe
from tests.browser.people import PASSWORD, new_email, type_password
from tests.browser.tabs import Tabs


@pytest.fixture(scope="module")
def console() -> Iterator[str]:
    """Where the browser is sent back to."""

    async def back(_: web.Request) -> web.Response:
        text = "<!doctype html><html lang=en><title>Console</title><link rel=icon href='data:,'><h1>Back</h1>"
        return web.Response(text=text, content_type="text/html")

    app = web.Application()
    app.router.add_get("/sign-in/callback", back)
    servers = BackgroundServers()
    yield servers.serve(app)
    servers.close()


@pytest.fixture
def address(stand_ins: StandIns, console: str) -> str:
    """Where the console sends a browser to."""
    asked = {
        "client_id": CLIENT_ID,
        "redirect_uri": f"{console}/sign-in/callback",
        "response_type": "code",
        "scope": "openid email",
        "state": "s",
        "code_challenge": create_s256_code_challenge("v" * 43),
        "code_challenge_method": "S256",
    }
    return f"{stand_ins.sign_in_url}/authorize?{urlencode(asked)}"


def test_a_wrong_password_shows_why_and_keeps_the_address(
    page: Page, tabs: Tabs, stand_ins: StandIns, address: str
) -> None:
    email = new_email()
    stand_ins.sign_in.accounts.create(email, PASSWORD)
    page.goto(address)
    with tabs.expecting(400):
        type_password(page, email, "not this one")
        expect(page.get_by_role("alert")).to_have_text("the e-mail address or the password is wrong")
    expect(page.get_by_label("E-mail address")).to_have_value(email)
    expect(page.get_by_label("Password", exact=True)).to_have_value("")
    axe(page)
    type_password(page, email, PASSWORD)
    page.wait_for_url("**/sign-in/callback?code=*")


def test_somebody_new_creates_an_account_by_keyboard(page: Page, tabs: Tabs, address: str) -> None:
    page.goto(address)
    page.get_by_role("link", name="Create an account").click()
    page.get_by_label("E-mail address").focus()
    page.keyboard.type(new_email())
    for text in ("long enough", "long enouhg"):
        page.keyboard.press("Tab")
        page.keyboard.type(text)
    with tabs.expecting(400):
        page.keyboard.press("Enter")
        expect(page.get_by_role("alert")).to_have_text("the two passwords differ; type the same twice")
    axe(page)
    page.get_by_label("Password", exact=True).fill("long enough")
    page.get_by_label("Password, once more").fill("long enough")
    page.keyboard.press("Enter")
    page.wait_for_url("**/sign-in/callback?code=*&state=s")


def test_who_cancels_goes_back(page: Page, address: str) -> None:
    page.goto(address)
    page.get_by_role("link", name="Cancel").click()
    page.wait_for_url("**/sign-in/callback?error=access_denied&state=s")


def test_a_password_is_changed(page: Page, stand_ins: StandIns) -> None:
    email = new_email()
    stand_ins.sign_in.accounts.create(email, PASSWORD)
    page.goto(f"{stand_ins.sign_in_url}/password")
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Present password").fill(PASSWORD)
    page.get_by_label("New password", exact=True).fill("another one")
    page.get_by_label("New password, once more").fill("another one")
    axe(page)
    page.get_by_role("button", name="Change it").click()
    expect(page.get_by_role("heading", name="Your password is changed")).to_be_visible()
    assert stand_ins.sign_in.accounts.check(email, "another one")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_the_pages_can_be_read_by_everyone(tabs: Tabs, address: str, scheme: str, width: int) -> None:
    page = tabs.open(scheme=scheme, width=width)
    for path in (address, address.replace("/authorize?", "/create?")):
        page.goto(path)
        axe(page)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "it scrolls sideways"


def test_the_harness_sees_what_goes_wrong(tabs: Tabs, stand_ins: StandIns, address: str) -> None:
    page = tabs.open()
    page.goto(f"{stand_ins.sign_in_url}/nowhere")
    page.goto(address)
    page.evaluate(
        "document.body.append(Object.assign(document.createElement('script'), {textContent: 'window.x = 1'}))"
    )
    page.evaluate("console.error('something broke'); setTimeout(() => { throw new Error('thrown') })")
    page.wait_for_timeout(100)
    seen, tabs.wrong = " | ".join(tabs.wrong), []
    for trace in ("404 for GET", "Content Security Policy", "something broke", "thrown"):
        assert trace in seen, trace


def test_axe_sees_what_cannot_be_read(page: Page, address: str) -> None:
    page.goto(address)
    page.evaluate("document.querySelector('label').remove()")
    with pytest.raises(AssertionError, match="label: "):
        axe(page)
