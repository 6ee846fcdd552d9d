"""Human review in the console: one pair at a time, undo, and what came of it."""

from collections.abc import Iterator

import pytest

from functions.open_review.handler import handler as open_review
from gero import access, leaderboards
from gero.leaderboards import LeaderboardPatch
from tests.functions.conftest import Ready
from tests.functions.console import HOST, Browser, Page, browser_of_nobody
from tests.functions.context import Context
from tests.functions.workflow import ranked

pytestmark = pytest.mark.usefixtures("woken")
FORM = "form[hx-post*='/review/']:not(#undo)"


@pytest.fixture
def opened(ready: Ready, context: Context) -> Ready:
    """A leaderboard whose run waits for people."""
    ready.models.answer = lambda model, prompt: f"{'<b>one</b>' if model == 'good' else 'two'} {prompt[-9:]}"
    leaderboards.patch(ready.workspace, ready.leaderboard.id, LeaderboardPatch(eval_type="human"))
    run = ranked(ready)
    open_review(ready.event("open_review", "last_round", run=run.id), context)
    return ready


@pytest.fixture
def reviewer(opened: Ready) -> Iterator[Browser]:
    """A person who may review and nothing else."""
    person = access.people.signed_in("https://issuer.test", "sub-r", "rita@example.com")
    access.members.add(opened.workspace, person, "reviewer")
    with browser_of_nobody() as browser:
        browser.sign_in_as(person, opened.workspace)
        yield browser


def address(ready: Ready, end: str = "") -> str:
    return f"/leaderboards/{ready.leaderboard.id}/review{end}"


def say(browser: Browser, page: Page, verdict: str) -> Page:
    return browser.submit(page, FORM, button=f"button[value='{verdict}']")


def test_a_reviewer_lands_on_the_reviews_and_sees_nothing_else(reviewer: Browser, opened: Ready) -> None:
    page = reviewer.get("/")
    assert page.address == "/reviews"
    assert "Tickets" in page.words
    assert "0 of 3" in page.words
    links = {link.get_text() for link in page.select(".top nav a")}
    assert links == {"Reviews", "Settings"}
    for path in ("/leaderboards", f"/leaderboards/{opened.leaderboard.id}", "/models", "/traces", "/settings/tokens"):
        assert reviewer.get(path).status == 403, path
    assert reviewer.get(address(opened, "/results")).status == 403


def test_a_pair_is_shown_without_the_names_of_models(reviewer: Browser, opened: Ready) -> None:
    page = reviewer.get(address(opened))
    assert "&lt;b&gt;one&lt;/b&gt;" in str(page), "answers are texts, not markup"
    assert {key["data-key"] for key in page.select("[data-key]")} == {"a", "b", "t", "s"}
    for secret in (opened.good, opened.bad, "good", "bad"):
        assert secret not in page.one("#review").get_text()


def test_reviewing_goes_from_pair_to_pair_to_the_end(reviewer: Browser, opened: Ready, woken: list[str]) -> None:
    page = reviewer.get(address(opened))
    for verdict in ("a", "tie"):
        page = say(reviewer, page, verdict)
    assert "2 of 3 reviewed" in page.words
    page = say(reviewer, page, "b")
    assert "Nothing left for you" in page.words
    assert "everything was reviewed" in page.words
    assert woken == ["REVIEW-TOKEN"]


def test_a_verdict_can_be_undone_and_its_pair_comes_back(reviewer: Browser, opened: Ready) -> None:
    first = reviewer.get(address(opened))
    second = say(reviewer, first, "a")
    assert second.one("[data-key=u]")
    back = reviewer.submit(second, "form#undo")
    assert "Taken back" in back.words
    assert "0 of 3 reviewed" in back.words
    assert first.select("section.card .prose")[0].get_text() == back.select("section.card .prose")[0].get_text()


@pytest.mark.parametrize(
    ("sent", "told"),
    [({"verdict": "z"}, "should be"), ({"verdict": "a", "comment": "x" * 2001}, "at most 2000 characters")],
    ids=["verdict", "comment"],
)
def test_a_verdict_that_no_form_of_ours_sends_is_refused(
    reviewer: Browser, opened: Ready, sent: dict[str, str], told: str
) -> None:
    form = reviewer.get(address(opened)).one(FORM)
    csrf = form.select("[name=csrf]")[0]["value"]
    headers = {"accept": "text/html", "origin": HOST, "hx-request": "true"}
    answer = reviewer.client.post(str(form["hx-post"]), data={"csrf": csrf, **sent}, headers=headers)
    assert answer.status_code == 200
    assert "0 of 3 reviewed" in answer.text
    assert told in answer.text


def test_without_htmx_a_verdict_goes_by_the_address_of_the_page(reviewer: Browser, opened: Ready) -> None:
    page = reviewer.get(address(opened))
    form = page.one(FORM)
    del form["hx-post"]
    form["id"] = "plain"
    page = reviewer.submit(page, "form#plain", button="button[value=a]")
    assert "1 of 3 reviewed" in page.words
    assert page.one("form#undo")


def test_results_tell_progress_agreement_and_standing(browser: Browser, reviewer: Browser, opened: Ready) -> None:
    say(reviewer, reviewer.get(address(opened)), "a")
    page = browser.get(address(opened, "/results"))
    assert "1 of 3" in page.words
    assert "rita@example.com" in page.words
    assert {"good", "bad"} <= set(page.words.split())
    part = reviewer.get(address(opened, "/agreement"), part=True)
    assert "1 reviewer so far" in part.words
    assert "good" not in part.words


def test_closing_a_review_asks_and_lets_the_run_go_on(browser: Browser, opened: Ready, woken: list[str]) -> None:
    page = browser.get(address(opened, "/results"))
    dialog = page.one("dialog#close-review")
    assert "0 votes will decide" in dialog.get_text()
    page = browser.submit(page, "dialog#close-review form")
    assert "The review is closed" in page.words
    assert woken == ["REVIEW-TOKEN"]


def test_a_verdict_that_comes_too_late_says_so_and_goes_on(reviewer: Browser, browser: Browser, opened: Ready) -> None:
    page = reviewer.get(address(opened))
    browser.submit(browser.get(address(opened, "/results")), "dialog#close-review form")
    page = say(reviewer, page, "a")
    assert page.status == 200
    assert "closed" in page.words


def test_without_a_review_there_is_nothing_to_undo_and_no_agreement(browser: Browser, ready: Ready) -> None:
    page = browser.get(address(ready))
    asked = page.one("[hx-get$='/agreement']")
    answer = browser.client.get(str(asked["hx-get"]), headers={"hx-request": "true"})
    assert (answer.status_code, answer.text) == (286, ""), "it is not asked again"
    csrf = page.one("form[action='/sign-out'] [name=csrf]")["value"]
    answer = browser.client.post(address(ready, "/undo"), data={"csrf": csrf}, headers={"hx-request": "true"})
    assert "There is nothing to take back" in answer.text


def test_without_reviews_the_page_says_how_one_comes(browser: Browser) -> None:
    assert "Nothing waits for people" in browser.get("/reviews").words
