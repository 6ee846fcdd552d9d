"""Run Logs: what each run was and found, and how far an active one is."""

from collections.abc import Iterator

import pytest

from functions.evaluate_batch.handler import handler as evaluate_batch
from gero import runs
from tests.functions.conftest import Ready
from tests.functions.console import Browser
from tests.functions.context import Context
from tests.functions.run_pages import browser_of_reader, logs, of
from tests.functions.workflow import dispatched, finished, received, started

pytestmark = pytest.mark.usefixtures("woken")


@pytest.fixture
def reader(ready: Ready) -> Iterator[Browser]:
    """Somebody who may look, and do nothing."""
    with browser_of_reader(ready) as browser:
        yield browser


def test_before_the_first_run_the_logs_say_what_one_is(browser: Browser, ready: Ready) -> None:
    page = browser.get(logs(ready))
    assert "No run yet" in page.words
    assert page.one(".empty a")["href"] == f"/leaderboards/{ready.leaderboard.id}/run"


def test_who_may_not_run_is_not_told_to(reader: Browser, ready: Ready) -> None:
    assert not reader.get(logs(ready)).select(".empty a")


def test_the_logs_tell_what_each_run_was_and_found(browser: Browser, ready: Ready) -> None:
    first = finished(ready)
    second = finished(ready, rows_limit=2)
    page = browser.get(logs(ready))
    newest, oldest = page.select("table.runs tbody")
    told = " ".join(oldest.get_text(" ").split())
    for expected in ("Completed", "Manual", "took", "$0", "3 × 2", "good leads (1.000"):
        assert expected in told
    assert "2 × 2" in newest.get_text(" ")
    assert "4 calls saved" in " ".join(newest.get_text(" ").split())
    links = [str(link["href"]) for link in oldest.select("a")]
    assert links == [of(first), of(first, "/configuration/leaderboard"), of(first, "/configuration/models")]
    assert str(newest.select("a")[0]["href"]) == of(second)


def test_the_logs_show_twenty_runs_a_page(browser: Browser, ready: Ready) -> None:
    for _ in range(21):
        runs.cancel(started(ready))
    first = browser.get(logs(ready))
    assert len(first.select("table.runs tbody")) == 20
    assert [str(link["href"]) for link in first.select(".pager a")] == [f"{logs(ready)}?offset=20"]
    second = browser.get(f"{logs(ready)}?offset=20")
    assert len(second.select("table.runs tbody")) == 1
    assert [str(link["href"]) for link in second.select(".pager a")] == [f"{logs(ready)}?offset=0"]
    assert "There are no older runs" in browser.get(f"{logs(ready)}?offset=40").words


def test_an_active_run_is_followed_in_the_logs_until_it_ends(browser: Browser, ready: Ready) -> None:
    run = dispatched(ready)
    line = browser.get(logs(ready)).one("#active-run")
    assert (line["hx-get"], line["hx-trigger"]) == (of(run, "/line"), "every 2s")
    assert "0 of 6 answers" in " ".join(line.get_text(" ").split())
    evaluate_batch({"Records": received()}, Context())
    part = browser.client.get(of(run, "/line"), headers={"hx-request": "true"})
    assert part.status_code == 200
    assert "3 of 6 answers" in part.text
    assert "hx-trigger" in part.text
    runs.cancel(run)
    last = browser.client.get(of(run, "/line"), headers={"hx-request": "true"})
    assert (last.status_code, last.headers["hx-refresh"]) == (286, "true"), "htmx polls no more and loads the page"
    assert "hx-trigger" not in last.text
