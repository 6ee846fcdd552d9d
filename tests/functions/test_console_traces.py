"""Traces in the console: lists with filters, one whole, feedback."""

from collections.abc import Iterator
from typing import Any

import pytest

from gero import access, datasets, leaderboards
from gero.leaderboards import LeaderboardPatch
from tests.functions.conftest import Ready
from tests.functions.console import Browser, Page, browser_of_nobody
from tests.functions.pushing import Pushing
from tests.functions.workflow import finished


@pytest.fixture
def run_id(ready: Ready) -> str:
    return finished(ready).id


def address(ready: Ready, end: str = "/traces") -> str:
    return f"/leaderboards/{ready.leaderboard.id}{end}"


def first(browser: Browser, ready: Ready, query: str = "") -> Page:
    page = browser.get(address(ready) + query)
    return browser.get(str(page.select("tbody tr td a")[0]["href"]))


def test_traces_are_listed_newest_first_and_filtered(browser: Browser, ready: Ready, run_id: str) -> None:
    page = browser.get(address(ready))
    assert len(page.select("tbody tr")) == 6, "two models, three rows"
    for query, count in (("source=run", 6), (f"model={ready.good}", 3), ("source=inference", 0)):
        assert len(browser.get(f"{address(ready)}?{query}").select("tbody tr")) == count, query
    assert "None passes these filters" in browser.get(f"{address(ready)}?errors=on").words
    assert "Tickets" in browser.get("/traces").words


def test_pages_go_on_by_cursor(browser: Browser, ready: Ready, run_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("functions.api.console.pages.traces._SHOWN", 4)
    page = browser.get(f"{address(ready)}?source=run")
    seen = [str(link["href"]) for link in page.select("tbody tr td a")]
    older = browser.get(str(page.one(".pager a:-soup-contains('Older')")["href"]))
    seen += [str(link["href"]) for link in older.select("tbody tr td a")]
    assert len(seen) == len(set(seen)) == 6
    assert older.one(".pager").get_text().split() == ["←", "Newest"], "back, as there is nothing older"


def test_one_trace_is_told_whole(browser: Browser, ready: Ready, run_id: str) -> None:
    page = first(browser, ready, f"?source=run&model={ready.bad}")
    for told in ("Asked", "Answered", "billing", "Accepted", "Latency"):
        assert told in page.words


def test_what_is_not_kept_is_said_and_not_shown(browser: Browser, ready: Ready, run_id: str) -> None:
    patch = LeaderboardPatch.model_validate({"traces": {"capture_content": False}})
    leaderboards.patch(ready.workspace, ready.leaderboard.id, patch)
    page = first(browser, ready, "?source=run")
    assert "Not kept" in page.words
    assert "parcel" not in str(page)


def test_feedback_is_noted_and_shown_again(browser: Browser, ready: Ready, run_id: str) -> None:
    page = first(browser, ready, "?source=run")
    form = f"form[action='{page.address}']"
    page = browser.submit(page, form, {"score": "0.5", "comment": "half of it"})
    assert "Noted" in page.words
    assert page.one("[name=comment]")["value"] == "half of it"
    assert len(browser.get(f"{address(ready)}?rated=yes").select("tbody tr")) == 1
    page = browser.submit(page, form, {"score": "", "comment": "", "corrected": ""})
    assert page.status == 400
    assert "score" in page.words.lower()


def test_the_download_is_lines_of_json(browser: Browser, ready: Ready, run_id: str) -> None:
    answer = browser.client.get(f"{address(ready, '/traces/download')}?source=run", headers={"accept": "text/html"})
    assert answer.status_code == 200
    assert "attachment" in answer.headers["content-disposition"]
    assert len(answer.text.splitlines()) == 6


def test_a_hostile_answer_is_a_text(browser: Browser, ready: Ready) -> None:
    ready.models.answer = lambda model, prompt: "<script>alert(1)</script>"
    finished(ready)
    assert "<script>alert(1)</script>" in browser.get(address(ready)).get_text()
    page = first(browser, ready, "?source=run")
    assert "<script>alert(1)</script>" in page.get_text()
    assert all(script.has_attr("src") for script in page.select("script"))


def test_another_workspace_sees_no_trace(ready: Ready, browser: Browser, run_id: str) -> None:
    trace = first(browser, ready).address
    with browser_of_nobody() as other:
        other.sign_in(access.workspaces.create("other")[1])
        for path in (address(ready), trace, address(ready, "/traces/download")):
            assert other.get(path).status == 404


def recorded(browser: Browser, pushing: Pushing, **trace: Any) -> str:
    """Record what was asked elsewhere on the PUSH leaderboard; the address of its page."""
    path = f"/leaderboards/{pushing.leaderboard.id}/traces"
    headers = {"authorization": f"Bearer {pushing.token}"}
    (trace_id,) = browser.client.post(f"/api{path}", json=trace, headers=headers).json()["ids"]
    return f"{path}/{trace_id}"


@pytest.fixture
def pusher(pushing: Pushing) -> Iterator[Browser]:
    """A browser in the workspace of a PUSH leaderboard."""
    with browser_of_nobody() as browser:
        browser.sign_in(pushing.token)
        yield browser


def waiting_rows(pushing: Pushing) -> int:
    return datasets.intake.read(pushing.workspace, pushing.leaderboard.id).pending_rows


def test_everything_of_a_chat_is_told(pusher: Browser, pushing: Pushing) -> None:
    call = {"id": "1", "type": "function", "function": {"name": "weather", "arguments": "{}"}}
    messages = [
        {"role": "system", "content": "Be kind"},
        {"role": "user", "content": [{"type": "text", "text": "Weather in Bonn?"}]},
        {"role": "assistant", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "1", "content": "rain"},
    ]
    page = pusher.get(
        recorded(pusher, pushing, messages=messages, tool_calls=[call], parameters={"temperature": 0.3}, model="m-1")
    )
    for told in ("Be kind", "Weather in Bonn?", "rain", "Tool calls", '"name": "weather"', '"temperature": 0.3', "m-1"):
        assert told in page.words, told


def test_a_long_text_is_cut_and_the_download_has_it_whole(pusher: Browser, pushing: Pushing) -> None:
    long = "word " * 50_000
    page = pusher.get(recorded(pusher, pushing, input="short", output=long))
    assert len(str(page)) < 70_000
    assert "more characters are in the download" in page.words
    answer = pusher.client.get(str(page.one("a:-soup-contains('Download')")["href"]))
    assert answer.json()["output"] == long


def test_what_was_redacted_is_said(pusher: Browser, pushing: Pushing) -> None:
    patch = LeaderboardPatch.model_validate({"traces": {"redact": ["email"]}})
    leaderboards.patch(pushing.workspace, pushing.leaderboard.id, patch)
    trace = recorded(pusher, pushing, input="write to ann@example.org", output="done")
    page = pusher.get(trace)
    assert "Parts of the texts were removed" in page.words
    assert "ann@example.org" not in str(page)
    assert "Some texts are redacted" in pusher.get(trace.rpartition("/")[0]).words


def test_traces_of_a_range_of_time_are_shown(pusher: Browser, pushing: Pushing) -> None:
    for hour in (8, 12):
        recorded(pusher, pushing, input=f"at {hour}", output="x", created_at=f"2026-01-05T{hour:02}:00:00Z")
    path = f"/leaderboards/{pushing.leaderboard.id}/traces?since=range"
    page = pusher.get(f"{path}&from=2026-01-05T11:00&until=2026-01-05T12:30")
    assert [row.select("td")[2].get_text() for row in page.select("tbody tr")] == ["at 12"]
    wrong = pusher.get(f"{path}&from=2026-01-05T11:00&until=2026-01-04T11:00")
    assert wrong.status == 400
    assert "must be after since" in wrong.words
    assert wrong.one("[name=until]")["value"] == "2026-01-04T11:00"


def test_a_corrected_answer_becomes_a_row(pusher: Browser, pushing: Pushing) -> None:
    trace = recorded(pusher, pushing, input="2+2?", output="5")
    page = pusher.submit(pusher.get(trace), f"form[action='{trace}']", {"score": "0", "corrected": "4"})
    assert "Its row for the dataset: accepted" in page.words
    assert page.one("[name=corrected]").get_text().strip() == "4"
    assert waiting_rows(pushing) == 1


def test_a_trace_is_added_to_the_dataset_as_it_is(pusher: Browser, pushing: Pushing) -> None:
    trace = recorded(pusher, pushing, input="2+2?", output="4")
    csrf = pusher.get(trace).one(f"form[action='{trace}'] [name=csrf]")["value"]
    for told in ("It is a row of the dataset", "The dataset has this row already"):
        answer = pusher.client.post(f"{trace}/add", data={"csrf": csrf}, headers={"accept": "text/html"})
        assert told in answer.text
    assert waiting_rows(pushing) == 1


def test_why_a_trace_can_be_no_row_is_said(browser: Browser, ready: Ready, run_id: str) -> None:
    page = first(browser, ready)
    assert "Only a Push dataset takes rows" in page.words
    assert page.one("button[disabled]").get_text() == "Add to the dataset"


def test_a_score_between_is_kept_when_a_comment_is_added(pusher: Browser, pushing: Pushing) -> None:
    trace = recorded(pusher, pushing, input="2+2?", output="about 4")
    headers = {"authorization": f"Bearer {pushing.token}"}
    pusher.client.post(f"/api{trace}/feedback", json={"score": 0.8}, headers=headers)
    page = pusher.submit(pusher.get(trace), f"form[action='{trace}']", {"comment": "nearly"})
    assert page.one("[name=score] option[selected]")["value"] == "0.8"
    assert page.one("[name=comment]")["value"] == "nearly"


def test_who_may_only_read_gives_no_feedback(ready: Ready, browser: Browser, run_id: str) -> None:
    trace = first(browser, ready).address
    _, secret = access.tokens.create(ready.workspace, "reader", ["leaderboards:read"])
    with browser_of_nobody() as reader:
        reader.sign_in(secret)
        page = reader.get(trace)
        assert page.status == 200
        assert not page.select("main form")
        csrf = page.one("form[action='/sign-out'] [name=csrf]")["value"]
        for end in ("", "/add"):
            answer = reader.client.post(trace + end, data={"csrf": csrf, "score": "1"}, headers={"accept": "text/html"})
            assert answer.status_code == 403
