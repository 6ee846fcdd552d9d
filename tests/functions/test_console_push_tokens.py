"""Push tokens, what was pushed, and the webhook for notifications, on the Detail tab."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from gero import datasets, leaderboards
from gero.kit import clock
from gero.leaderboards import LeaderboardPatch, webhooks
from tests.functions.conftest import Ready
from tests.functions.console import Browser, browser_of_nobody
from tests.functions.pushing import Pushing, consolidated
from tests.webhook_server import webhook_server


def address(ready: Ready, end: str = "/detail") -> str:
    return f"/leaderboards/{ready.leaderboard.id}{end}"


@pytest.fixture
def pusher(pushing: Pushing) -> Iterator[tuple[Browser, str]]:
    """A browser in the workspace of a PUSH leaderboard, and the address of its Detail tab."""
    with browser_of_nobody() as browser:
        browser.sign_in(pushing.token)
        yield browser, f"/leaderboards/{pushing.leaderboard.id}/detail"


def test_a_push_token_is_shown_once_and_pushes(pusher: tuple[Browser, str]) -> None:
    browser, tab = pusher
    page = browser.submit(browser.get(tab), "form[action*='/push-tokens#']", {"token_name": "shop"})
    secret = page.one("#push-secret").get_text()
    assert secret.startswith("hpd_")
    page = browser.get(tab)
    assert secret not in str(page)
    assert "X-Dr.Gero-Push-Token: $PUSH_TOKEN" in page.one("#push-example").get_text()
    assert "shop" in page.words
    assert page.one("#push dialog h2").get_text() == "Revoke shop?"
    page = browser.submit(page, "form[action$='/revoke']")
    assert "The push token shop is revoked" in page.words


def test_a_push_dataset_tells_what_was_accepted_and_waits(pusher: tuple[Browser, str], pushing: Pushing) -> None:
    browser, tab = pusher
    assert browser.get(tab).one("form[action$='/consolidate'] button").has_attr("disabled")
    pushing.push("1=hello")
    page = browser.get(tab)
    assert "1 row" in page.one("#dataset").get_text(" ")
    assert not page.one("#dataset-figures").has_attr("hx-get"), "a day may pass"
    page = browser.submit(page, "form[action$='/consolidate']")
    assert "A new version with the 1 waiting row comes within seconds" in page.words
    assert datasets.latest_version(pushing.workspace, pushing.leaderboard.id) is None, "the queue's consumer does it"
    again = str(page.one("#dataset-figures")["hx-get"])
    consolidated()
    figures = browser.get(again, part=True).one("#dataset-figures")
    assert "Version 1" in figures.get_text()
    assert not figures.has_attr("hx-get"), "nothing waits any more"


def test_a_dataset_whose_last_day_is_over_says_so(pusher: tuple[Browser, str], pushing: Pushing) -> None:
    browser, tab = pusher
    for last, over in ((clock.now().date(), False), (clock.now().date() - timedelta(days=1), True)):
        leaderboards.patch(pushing.workspace, pushing.leaderboard.id, LeaderboardPatch(end_date=last))
        assert ("over: pushes are refused" in browser.get(tab).words) == over


def test_a_webhook_is_set_tested_and_taken_away(browser: Browser, ready: Ready) -> None:
    with webhook_server() as server:
        page = browser.submit(browser.get(address(ready)), "form[action*='/webhook#']", {"url": server.url})
        assert page.one("#webhook-secret").get_text().startswith("whsec_")
        csrf = page.one("form[action='/sign-out'] [name=csrf]")["value"]
        answer = browser.client.post(
            address(ready, "/webhook/test"), data={"csrf": csrf}, headers={"accept": "text/html"}
        )
        assert "The test event arrived" in answer.text
        page = browser.get(address(ready))
        assert "whsec_" not in str(page)
        browser.submit(page, "form[action$='/webhook/remove']")
    assert webhooks.find(ready.workspace, ready.leaderboard.id) is None


def test_a_webhook_of_no_event_is_refused_and_the_ticks_stay(browser: Browser, ready: Ready) -> None:
    page = browser.submit(
        browser.get(address(ready)), "form[action*='/webhook#']", {"url": "https://example.com/x", "events": None}
    )
    assert page.status == 400
    assert page.one("#e-events")
    assert not page.select("[name=events][checked]")


def test_a_webhook_that_may_not_be_called_is_refused_at_its_field(browser: Browser, ready: Ready) -> None:
    page = browser.submit(browser.get(address(ready)), "form[action*='/webhook#']", {"url": "http://169.254.169.254/x"})
    assert page.status == 400
    assert page.one("#e-url")
    assert page.one("[name=url]")["value"] == "http://169.254.169.254/x"
