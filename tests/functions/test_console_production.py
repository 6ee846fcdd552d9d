"""What serves a leaderboard, on its page: why, how it is chosen, what a challenger lacks, and the way back."""

import pytest

from gero import leaderboards
from gero.leaderboards import LeaderboardPatch
from tests.functions.conftest import Ready
from tests.functions.console import Browser, Page
from tests.functions.workflow import finished

SELECTION = "form[action$='/selection']"


def address(ready: Ready, end: str = "") -> str:
    return f"/leaderboards/{ready.leaderboard.id}{end}"


@pytest.fixture
def page(browser: Browser, ready: Ready) -> Page:
    finished(ready)
    return browser.get(address(ready))


def test_production_says_why_it_serves_and_since_when(page: Page) -> None:
    words = page.words
    assert "Serves good" in words
    assert "becomes the first production model" in words


def test_a_model_is_pinned_and_the_ranking_followed_again(browser: Browser, page: Page, ready: Ready) -> None:
    pinned = browser.submit(page, SELECTION, {"strategy": "manual", "model_id": ready.bad})
    assert "Production is pinned" in pinned.words
    board = leaderboards.get(ready.workspace, ready.leaderboard.id)
    assert board.production
    assert board.production.model_id == ready.bad
    followed = browser.submit(pinned, SELECTION, {"strategy": "ranking_winner", "policy": "strict"})
    assert "follows the ranking" in followed.words
    board = leaderboards.get(ready.workspace, ready.leaderboard.id)
    assert (board.model_selection.mode, board.promotion_policy) == ("ranking_winner", "strict")


def test_a_pin_of_a_model_that_is_not_there_is_refused_on_the_page(browser: Browser, page: Page) -> None:
    refused = browser.submit(page, SELECTION, {"strategy": "manual", "model_id": "nobody"})
    assert refused.status == 400
    assert "no such model" in refused.one("#e-model_id").get_text()
    assert refused.one("[name=strategy][value=manual]").has_attr("checked")


def test_going_back_names_both_models_and_serves_the_one_before(browser: Browser, page: Page, ready: Ready) -> None:
    page = browser.submit(page, SELECTION, {"strategy": "manual", "model_id": ready.bad})
    (dialog,) = (one for one in page.select("dialog") if "Serve good again" in one.get_text())
    assert "instead of bad" in " ".join(dialog.get_text().split())
    back = browser.submit(page, f"dialog#{dialog['id']} form")
    assert "good serves exactly as it did before" in back.words
    assert "Rolled back" in back.words
    decisions = browser.get(address(ready, "/decisions"))
    assert len(decisions.select("tbody tr")) == 3


def test_who_pinned_a_model_is_named(browser: Browser, page: Page) -> None:
    page = browser.submit(page, SELECTION, {"strategy": "manual"})
    pinned, first = page.select("[aria-label='Decisions on production'] tbody tr")
    assert "bootstrap" in pinned.get_text(), "the name of the token"
    assert first.select("a[href*='/runs/']")


@pytest.mark.parametrize(("to", "status"), [("nothing", 404), ("x" * 65, 400)])
def test_going_back_to_what_is_not_there_is_refused_on_the_page(
    browser: Browser, page: Page, ready: Ready, to: str, status: int
) -> None:
    csrf = page.one("form[action='/sign-out'] [name=csrf]")["value"]
    answer = browser.client.post(
        address(ready, "/rollback"), data={"csrf": csrf, "to": to}, headers={"accept": "text/html"}
    )
    assert answer.status_code == status
    assert Page.of(answer).one("main [role=alert]")


def test_what_a_challenger_lacks_is_said_in_rows_and_odds(browser: Browser, page: Page, ready: Ready) -> None:
    browser.submit(page, SELECTION, {"strategy": "manual", "model_id": ready.bad})
    follows = LeaderboardPatch.model_validate({"model_selection": {}, "guardrails": {"max_cost_ratio": 2}})
    leaderboards.patch(ready.workspace, ready.leaderboard.id, follows)  # the champion is the worse one
    finished(ready)
    page = browser.get(address(ready))
    assert "What good lacks" in page.words
    assert "On the 3 rows that both were scored on it is 66.7 points better" in page.words
    assert "the policy asks for 10 to 1" in page.words
    assert 0 < float(str(page.one("main progress")["value"])) < 1
    assert "it costs at most 2 times as much; its share of failed rows is higher by at most 1 %" in page.words
