"""The dataset of a leaderboard in the console: versions, rows, what changed, downloads."""

import gzip
from collections.abc import Iterator

import pytest
import requests

from gero import access, datasets
from tests.functions.conftest import Ready
from tests.functions.console import Browser, browser_of_nobody
from tests.functions.pushing import Pushing, consolidated
from tests.functions.workflow import finished

HOSTILE = "<img src=x onerror=alert(1)>"


def address(ready: Ready, end: str = "/dataset") -> str:
    return f"/leaderboards/{ready.leaderboard.id}{end}"


@pytest.fixture
def pushed(pushing: Pushing) -> Iterator[tuple[Browser, str]]:
    """A browser in the workspace of a PUSH leaderboard of two versions, and the address of its dataset."""
    version(pushing, *(f"row-{number}=question {number}" for number in range(30)))
    version(pushing, f"hostile={HOSTILE}", "row-30=" + "long " * 2000)
    with browser_of_nobody() as browser:
        browser.sign_in(pushing.token)
        yield browser, f"/leaderboards/{pushing.leaderboard.id}/dataset"


def version(pushing: Pushing, *names: str) -> None:
    """A new version with these rows too."""
    pushing.push(*names)
    datasets.request(pushing.workspace, pushing.leaderboard.id, run=False)
    consolidated()


def test_without_a_version_the_page_tells_what_makes_one(browser: Browser, ready: Ready) -> None:
    page = browser.get(address(ready))
    assert page.status == 200
    assert "No version yet" in page.words
    assert "The first run reads the file" in page.words


def test_the_rows_of_a_file_are_told_with_where_they_came_from(browser: Browser, ready: Ready) -> None:
    finished(ready)
    page = browser.get(address(ready))
    for told in ("Where is my parcel?", "shipping", "version 1", "3 rows", "rows.jsonl"):
        assert told in page.words, told


def test_rows_are_read_by_page_and_one_of_them_whole(pushed: tuple[Browser, str]) -> None:
    browser, dataset = pushed
    page = browser.get(dataset)
    assert "version 2" in page.words
    assert "1–25 of 32" in page.words
    page = browser.get(str(page.one(".pager a")["href"]))
    assert "26–32 of 32" in page.words
    long = "long " * 2000
    assert long.strip() not in page.get_text()
    row = browser.get(str(page.one("a:-soup-contains('row-30')")["href"]))
    assert long.strip() in row.get_text()
    assert "row-30" in row.words
    assert browser.get(f"{dataset}/row?version=2&place=32").status == 404
    assert browser.get(f"{dataset}?version=none").status == 400


def test_hostile_rows_are_texts(pushed: tuple[Browser, str]) -> None:
    browser, dataset = pushed
    rows = browser.get(f"{dataset}?version=2&offset=25")
    one = browser.get(str(rows.one("a:-soup-contains('hostile')")["href"]))
    for page in (rows, one, browser.get(f"{dataset}/compare?before=1&after=2")):
        assert HOSTILE in page.get_text()
        assert not page.select("img[src=x]")


def test_two_versions_are_compared(pushed: tuple[Browser, str], pushing: Pushing) -> None:
    browser, dataset = pushed
    page = browser.get(dataset)
    changes = browser.get(str(page.one("a:-soup-contains('What changed')")["href"]))
    assert "From version 1 to 2" in changes.words
    assert "Added 2 Removed 0 Changed 0 Unchanged 30" in changes.words
    assert "hostile" in changes.words
    same = browser.submit(changes, "form[action$='/compare']", {"before": "2", "after": "2"})
    assert "They hold the same rows" in same.words
    wrong = browser.submit(changes, "form[action$='/compare']", {"before": "7"})
    assert wrong.status == 404
    assert wrong.one("[name=before]")["value"] == "7"


def test_a_version_is_downloaded_and_its_link_is_shown_once(browser: Browser, ready: Ready) -> None:
    finished(ready)
    answer = browser.client.get(address(ready, "/dataset/download"), follow_redirects=False)
    assert answer.status_code == 303
    assert "Signature" in answer.headers["location"]
    page = browser.submit(browser.get(address(ready)), "form[action$='/dataset/link']")
    link = page.one("#export-link").get_text()
    assert "without a token" in page.words
    assert len(gzip.decompress(requests.get(link, timeout=30).content).splitlines()) == 3
    assert "Signature" not in str(browser.get(address(ready)))


def test_a_pushed_row_is_taken_out_from_the_next_version_on(pushed: tuple[Browser, str], pushing: Pushing) -> None:
    browser, dataset = pushed
    page = browser.get(f"{dataset}/row?version=2&place=0")
    name = page.one("dialog input[name=row_id]")["value"]
    page = browser.submit(page, "dialog form")
    assert "The row is out from the next version on" in page.words
    consolidated()
    latest = datasets.latest_version(pushing.workspace, pushing.leaderboard.id)
    assert latest
    assert (latest.number, latest.rows) == (3, 31)
    assert "Removed 1" in browser.get(f"{dataset}/compare?before=2&after=3").words
    assert str(name) in browser.get(f"{dataset}?version=2").words, "older versions keep it"


def test_rows_of_a_file_cannot_be_taken_out(browser: Browser, ready: Ready) -> None:
    finished(ready)
    page = browser.get(address(ready, "/dataset/row?place=0"))
    assert page.status == 200
    assert not page.select("form[action$='/rows/remove']")
    csrf = page.one("form[action='/sign-out'] [name=csrf]")["value"]
    answer = browser.client.post(
        address(ready, "/dataset/rows/remove"), data={"csrf": csrf, "row_id": "a"}, headers={"accept": "text/html"}
    )
    assert 400 <= answer.status_code < 500


def test_another_workspace_finds_no_rows(browser: Browser, ready: Ready) -> None:
    finished(ready)
    with browser_of_nobody() as other:
        other.sign_in(access.workspaces.create("other")[1])
        for end in ("", "/row?place=0", "/download", "/compare?before=1&after=1"):
            assert other.get(address(ready, f"/dataset{end}")).status == 404, end


def test_who_may_only_read_takes_nothing_out(pushed: tuple[Browser, str], pushing: Pushing) -> None:
    _, dataset = pushed
    _, secret = access.tokens.create(pushing.workspace, "reader", ["leaderboards:read"])
    with browser_of_nobody() as reader:
        reader.sign_in(secret)
        page = reader.get(f"{dataset}/row?version=2&place=0")
        assert page.status == 200
        assert not page.select("main form")
        csrf = page.one("form[action='/sign-out'] [name=csrf]")["value"]
        answer = reader.client.post(
            f"{dataset}/rows/remove", data={"csrf": csrf, "row_id": "row-0"}, headers={"accept": "text/html"}
        )
        assert answer.status_code == 403
