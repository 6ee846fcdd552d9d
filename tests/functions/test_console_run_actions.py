"""What people do with a run: cancel, resume, close its review; and who may."""

from collections.abc import Iterator

import pytest

from functions.finish_run.handler import handler as finish_run
from gero import access, runs
from tests.functions.conftest import Ready
from tests.functions.console import Browser, browser_of_nobody
from tests.functions.context import Context
from tests.functions.run_pages import browser_of_reader, logs, of, paused, reviewing
from tests.functions.workflow import dispatched, finished, planned

pytestmark = pytest.mark.usefixtures("woken")


@pytest.fixture
def reader(ready: Ready) -> Iterator[Browser]:
    """Somebody who may look, and do nothing."""
    with browser_of_reader(ready) as browser:
        yield browser


def test_a_run_is_cancelled_after_asking(browser: Browser, ready: Ready) -> None:
    run = planned(ready)
    page = browser.get(of(run))
    dialog = page.one("dialog#cancel-run")
    assert page.one("button[data-opens='cancel-run']")
    assert "no ranking and changes nothing in production" in dialog.get_text()
    after = browser.submit(page, "dialog#cancel-run form")
    assert (after.address, after.status) == (of(run), 200)
    for told in ("The run is cancelled", "Cancelled", "Not asked"):
        assert told in after.words
    assert runs.get(run.workspace_id, run.leaderboard_id, run.id).status == "cancelled"


def test_a_paused_run_goes_on_with_another_limit(browser: Browser, ready: Ready) -> None:
    run = paused(ready)
    page = browser.get(of(run))
    assert "It is paused: it has spent what it may ($1.5)" in page.words
    assert page.one("[name=max_cost_usd]")["value"] == "3", "twice as much is proposed"
    assert page.one("[hx-get]:not(details)")["hx-trigger"] == "every 5s"
    after = browser.submit(page, "form[action$='/resume']", {"max_cost_usd": "$2.50"})
    assert "The run goes on." in after.words
    found = runs.get(run.workspace_id, run.leaderboard_id, run.id)
    assert (found.status, found.max_cost_nanos) == ("running", 2_500_000_000)


def test_a_paused_run_goes_on_without_a_limit(browser: Browser, ready: Ready) -> None:
    run = paused(ready)
    browser.submit(browser.get(of(run)), "form[action$='/resume']", {"max_cost_usd": ""})
    found = runs.get(run.workspace_id, run.leaderboard_id, run.id)
    assert (found.status, found.max_cost_nanos) == ("running", None)


@pytest.mark.parametrize(("typed", "told"), [("1", "allow more"), ("much", "write a number"), ("-1", "more than 0")])
def test_a_limit_that_makes_no_sense_is_refused_at_its_field(
    browser: Browser, ready: Ready, typed: str, told: str
) -> None:
    run = paused(ready)
    page = browser.submit(browser.get(of(run)), "form[action$='/resume']", {"max_cost_usd": typed})
    assert page.status == 400
    assert told in page.one("#e-max_cost_usd").get_text()
    assert page.one("[name=max_cost_usd]")["value"] == typed
    assert runs.get(run.workspace_id, run.leaderboard_id, run.id).status == "paused"


def test_a_run_in_review_leads_to_the_review_and_closes_it(browser: Browser, ready: Ready) -> None:
    run = reviewing(ready)
    page = browser.get(of(run))
    assert "In review" in page.words
    assert page.one(f"a[href='/leaderboards/{run.leaderboard_id}/review']").get_text() == "Review"
    assert "this run goes on" in page.one("dialog#close-review").get_text()
    browser.submit(page, "dialog#close-review form")
    finish_run(ready.event("finish_run", "ranked", run=run.id), Context())
    assert "Completed" in browser.get(of(run)).words


def test_who_may_only_read_sees_no_button_and_ends_nothing(reader: Browser, ready: Ready) -> None:
    run = paused(ready)
    page = reader.get(of(run))
    assert "Paused" in page.words
    assert not page.select("main form, main dialog, [data-opens]")
    csrf = page.one("form[action='/sign-out'] [name=csrf]")["value"]
    for action in ("cancel", "resume"):
        answer = reader.client.post(of(run, f"/{action}"), data={"csrf": csrf}, headers={"accept": "text/html"})
        assert answer.status_code == 403
        assert "leaderboards:run" in answer.text
    assert runs.get(run.workspace_id, run.leaderboard_id, run.id).status == "paused"


def test_who_may_not_read_leaderboards_sees_no_run(ready: Ready) -> None:
    run = finished(ready)
    _, secret = access.tokens.create(ready.workspace, "reviewer", ["leaderboards:review"])
    with browser_of_nobody() as browser:
        browser.sign_in(secret)
        for path in (logs(ready), of(run), of(run, "/live"), of(run, "/line"), of(run, "/configuration/models")):
            assert browser.get(path).status == 403, path


def test_another_workspace_has_no_such_run(ready: Ready) -> None:
    run = dispatched(ready)
    _, token = access.workspaces.create("others")
    with browser_of_nobody() as browser:
        browser.sign_in(token)
        for path in (logs(ready), of(run), of(run, "/live"), of(run, "/line"), of(run, "/configuration/models")):
            assert browser.get(path).status == 404, path
        csrf = browser.get("/reviews").one("form[action='/sign-out'] [name=csrf]")["value"]
        for action in ("cancel", "resume"):
            answer = browser.client.post(of(run, f"/{action}"), data={"csrf": csrf}, headers={"accept": "text/html"})
            assert answer.status_code == 404
    assert runs.get(run.workspace_id, run.leaderboard_id, run.id).active
