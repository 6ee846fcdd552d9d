"""The answers of a run on its page: signs by row and model, each leading to what was asked and answered."""

import os
from collections.abc import Iterator

import pytest
from msgspec.structs import replace

from gero import access, evaluation, leaderboards, runs
from gero.evaluation import BatchStatistics, EvaluationPlan, Finished, pack_scores
from gero.kit import new_id
from gero.leaderboards import LeaderboardPatch
from gero.runs import Run
from tests.benchmarks.prices import metered
from tests.functions.conftest import ROWS, Ready
from tests.functions.console import Browser, Page, browser_of_nobody
from tests.functions.run_pages import of
from tests.functions.workflow import dispatched, finished, started
from tests.gero.plans import candidate, job_of, stored_plan

pytestmark = pytest.mark.usefixtures("woken")
MODELS, A_PAGE = 50, 25


@pytest.fixture
def wide(ready: Ready) -> EvaluationPlan:
    """A run of fifty models on thirty rows, whose batches are all done: every third answer is wrong."""
    run = runs.start(ready.workspace, ready.leaderboard.id, source="manual", configuration={"models": []})
    names = [f"some-vendor/large-model-{number}-instruct" for number in range(MODELS)]
    plan = stored_plan(
        rows=30,
        rows_per_block=30,
        workspace_id=ready.workspace,
        leaderboard_id=ready.leaderboard.id,
        run_id=run.id,
        candidates=tuple(replace(candidate(name, "http://127.0.0.1:9"), id=new_id()) for name in names),
    )
    runs.begin(run, dataset={"version": 1, "rows": 30}, cells_total=30 * MODELS)
    runs.rounds.dispatch(plan, 1, "token", os.environ["GERO_EVALUATION_QUEUE_URL"])
    for one in plan.candidates:
        scores = pack_scores([1_000_000 if row % 3 else 0 for row in range(30)])
        job = job_of(plan, 0, one.id)
        runs.rounds.take(job, Finished(new_id(), 30, BatchStatistics(one.id, 1, 0, 30, scores), None))
    return plan


@pytest.fixture
def reader(ready: Ready) -> Iterator[Browser]:
    """Somebody of another workspace."""
    _, token = access.workspaces.create("others")
    with browser_of_nobody() as browser:
        browser.sign_in(token)
        yield browser


def signs(page: Page) -> dict[str, list[str]]:
    """Of each row, by its id, the signs of its cells, whose end tags are left out: one lies in the one before it."""
    return {
        str(row.select("th span")[-1].get_text()): [cell.contents[0].get_text().strip() for cell in row.select("td")]
        for row in page.select(".matrix tbody tr")
    }


def link(page: Page, row: str, column: int) -> str:
    """Where the sign of a row and model leads."""
    found = next(one for one in page.select(".matrix tbody tr") if one.select("th span")[-1].get_text() == row)
    return page.address.rpartition("/")[0] + "/" + str(found.select("td")[column].select("a")[0]["href"])


def test_signs_tell_who_was_right_on_which_row(browser: Browser, ready: Ready) -> None:
    page = browser.get(of(finished(ready), "/matrix"))
    assert [one.get_text() for one in page.select(".matrix thead th")] == ["Row", "good", "bad"]
    assert signs(page) == {"a": ["✓", "✗"], "b": ["✓", "✓"], "c": ["✓", "✗"]}
    assert "Where is my parcel?" in page.words


def test_failed_and_unscored_answers_have_signs_of_their_own(browser: Browser, ready: Ready) -> None:
    run = dispatched(ready)
    for candidate_id, scores, failed in (
        (ready.good, [500_000, None, 0], "4"),
        (ready.bad, [1_000, 999_000, 0], "0"),
    ):
        job = evaluation.BatchJob(ready.workspace, run.leaderboard_id, run.id, 1, 0, candidate_id)
        batch = BatchStatistics(candidate_id, 1, 0, 3, pack_scores(scores), failed=failed)
        runs.rounds.take(job, Finished(new_id(), 3, batch, None))
    assert list(signs(browser.get(of(run, "/matrix"))).values()) == [[".5", ".01"], ["?", ".99"], ["!", "✗"]]


def test_a_model_that_is_not_done_yet_has_no_link(browser: Browser, ready: Ready) -> None:
    run = dispatched(ready)
    batch = BatchStatistics(ready.good, 1, 0, 3, pack_scores([1_000_000] * 3))
    job = evaluation.BatchJob(ready.workspace, run.leaderboard_id, run.id, 1, 0, ready.good)
    runs.rounds.take(job, Finished(new_id(), 3, batch, None))
    page = browser.get(of(run, "/matrix"))
    assert list(signs(page).values()) == [["✓", "–"]] * 3
    assert len(page.select(".matrix td a")) == 3


@pytest.mark.parametrize("show", ["failures", "disagreements"])
def test_rows_are_filtered_to_what_went_wrong(browser: Browser, ready: Ready, show: str) -> None:
    run = finished(ready)
    page = browser.submit(browser.get(of(run, "/matrix")), "form[action$='/matrix']", {"show": show})
    assert set(signs(page)) == {"a", "c"}
    assert page.one("[name=show] option[selected]")["value"] == show
    of_good = browser.get(of(run, f"/matrix?show={show}&model={ready.good}"))
    assert not signs(of_good)
    assert f"No {show} here" in of_good.words
    assert "3 rows looked through" in of_good.words


def test_a_filter_that_there_is_not_is_refused(browser: Browser, ready: Ready) -> None:
    run = finished(ready)
    assert browser.get(of(run, "/matrix?show=everything")).status == 400
    assert browser.get(of(run, "/matrix?model=nobody")).status == 404
    assert browser.get(of(run, "/matrix?after=x")).status == 404


def test_a_cell_leads_to_what_was_asked_and_answered_and_why_it_is_wrong(browser: Browser, ready: Ready) -> None:
    address = link(browser.get(of(finished(ready), "/matrix")), "a", 1)
    page, part = browser.get(address), browser.get(address, part=True)
    for shown in (page, part):
        for told in (
            "bad",
            "Wrong",
            "billing",
            "shipping",
            "Where is my parcel?",
            "'billing' is not 'shipping'",
            "20 in",
        ):
            assert told in shown.words
    assert page.one("h1").get_text() == "Tickets"
    assert part.one("dialog[data-open] [data-closes]")
    assert not part.select("h1")


def test_one_attribute_of_the_table_loads_a_cell_into_its_dialog(browser: Browser, ready: Ready) -> None:
    page = browser.get(of(finished(ready), "/matrix"))
    table = page.one("table.matrix")
    assert (table["hx-boost"], table["hx-target"], table["hx-push-url"]) == ("true", "#cell", "false")
    assert page.one("#cell")
    assert {frozenset(one.attrs) for one in page.select(".matrix td a")} == {frozenset({"href"})}


def test_a_failed_call_says_how_it_failed(browser: Browser, ready: Ready) -> None:
    ready.models.fault = lambda model, prompt, attempt: 400 if model == "bad" else 200
    page = browser.get(of(finished(ready), "/matrix"))
    assert {cells[1] for cells in signs(page).values()} == {"!"}
    cell = browser.get(link(page, "a", 1), part=True)
    assert "Failed" in cell.words
    assert "It failed: the endpoint answered 400: told to fail" in cell.words


def test_what_was_asked_and_answered_is_text(browser: Browser, ready: Ready) -> None:
    ready.models.answer = lambda model, prompt: "<img src=x onerror=alert(1)>"
    page = browser.get(of(finished(ready), "/matrix"))
    for shown in (browser.get(link(page, "a", 0)), browser.get(link(page, "a", 0), part=True)):
        assert "<img src=x onerror=alert(1)>" in shown.words
        assert not shown.select("img[src=x]")


def test_texts_that_are_not_to_be_kept_are_not_shown(browser: Browser, ready: Ready) -> None:
    run = finished(ready)
    hidden = LeaderboardPatch.model_validate({"traces": {"capture_content": False}})
    leaderboards.patch(ready.workspace, ready.leaderboard.id, hidden)
    cell = browser.get(link(browser.get(of(run, "/matrix")), "a", 1), part=True)
    assert "It is not kept." in cell.words
    assert ROWS[0]["input"] not in cell.words


def test_cells_that_there_are_not_are_not_found(browser: Browser, ready: Ready) -> None:
    run = finished(ready)
    for place in ("/matrix/0-9/0", "/matrix/9-0/0", "/matrix/x/0", "/matrix/0-0/2"):
        assert browser.get(of(run, place)).status == 404, place
    assert browser.get(of(run, "/matrix/0-0/-1")).status == 400


def test_a_run_that_was_not_planned_has_no_answers(browser: Browser, ready: Ready) -> None:
    page = browser.get(of(started(ready), "/matrix"))
    assert "No answers" in page.words
    assert "not planned yet" in page.words


def test_another_workspace_sees_none_of_it(reader: Browser, ready: Ready) -> None:
    run = finished(ready)
    for path in ("/matrix", "/matrix/0-0/0"):
        for part in (False, True):
            assert reader.get(of(run, path), part=part).status == 404
    csrf = reader.get("/leaderboards").one("form[action='/sign-out'] [name=csrf]")["value"]
    assert reader.client.post(of(run, "/bundle"), data={"csrf": csrf}).status_code == 404


def test_pages_follow_each_other(browser: Browser, wide: EvaluationPlan) -> None:
    address = f"/leaderboards/{wide.leaderboard_id}/runs/{wide.run_id}/matrix"
    first = browser.get(address)
    assert len(signs(first)) == A_PAGE
    [more] = [str(one["href"]) for one in first.select(".pager a")]
    second = browser.get(more)
    assert len(signs(second)) == 30 - A_PAGE
    assert not set(signs(first)) & set(signs(second))
    assert [str(one["href"]) for one in second.select(".pager a")] == [f"{address}?show=all"]


def test_fifty_models_fit_a_page_that_is_read_in_few_calls(browser: Browser, wide: EvaluationPlan) -> None:
    address = f"/leaderboards/{wide.leaderboard_id}/runs/{wide.run_id}"
    for path in ("/matrix", ""):
        browser.get(address + path)  # so that what never changes is known
        with metered() as meter:
            answer = browser.client.get(address + path, headers={"accept": "text/html"})
            calls = meter.bill().calls
        assert answer.status_code == 200
        assert len(answer.content) < 70_000, path
        assert sum(calls.values()) <= 12, calls


def test_a_bundle_is_made_by_a_button_and_downloaded(browser: Browser, ready: Ready) -> None:
    run = finished(ready)
    page = browser.get(of(run))
    form = page.one("form#bundle")
    assert {one.get_text() for one in page.select("button[form=bundle], form#bundle button")} == {
        "Download",
        "Download the bundle",
    }
    csrf = form.select("[name=csrf]")[0]["value"]
    sent = browser.client.post(str(form["hx-post"]), data={"csrf": csrf}, headers={"hx-request": "true"})
    assert (sent.status_code, sent.content) == (204, b"")
    assert "X-Amz-Signature" in sent.headers["hx-redirect"]
    plain = Page.of(browser.client.post(str(form["action"]), data={"csrf": csrf}, headers={"accept": "text/html"}))
    assert "X-Amz-Signature" in str(plain.one("main .actions a[href^=http]")["href"])


def test_an_active_run_says_when_there_will_be_a_bundle(browser: Browser, ready: Ready) -> None:
    page = browser.get(of(dispatched(ready)))
    buttons = page.select("button[aria-describedby='why-no-bundle']")
    assert [button.has_attr("disabled") for button in buttons] == [True, True]
    assert page.one("#why-no-bundle").get_text() == "It can be downloaded when the run has ended."
    assert not page.select("form.bundle")


def test_who_may_not_read_leaderboards_gets_no_answers(ready: Ready) -> None:
    run: Run = finished(ready)
    _, secret = access.tokens.create(ready.workspace, "reviewer", ["leaderboards:review"])
    with browser_of_nobody() as browser:
        browser.sign_in(secret)
        for path in ("/matrix", "/matrix/0-0/0"):
            assert browser.get(of(run, path)).status == 403
            assert browser.get(of(run, path), part=True).status == 403
        csrf = browser.get("/reviews").one("form[action='/sign-out'] [name=csrf]")["value"]
        answer = browser.client.post(of(run, "/bundle"), data={"csrf": csrf}, headers={"accept": "text/html"})
        assert answer.status_code == 403
