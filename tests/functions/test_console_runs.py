"""The page of a run: what people see of it from its start to its end."""

import pytest

from functions.evaluate_batch.handler import handler as evaluate_batch
from functions.finish_run.handler import handler as finish_run
from gero import leaderboards, runs
from gero.evaluation import BatchJob, BatchStatistics, Finished, pack_scores
from gero.leaderboards import LeaderboardPatch
from tests.functions.conftest import Ready
from tests.functions.console import Browser
from tests.functions.context import Context
from tests.functions.run_pages import lines, of, paused
from tests.functions.workflow import dispatched, finished, received, started

pytestmark = pytest.mark.usefixtures("woken")


def test_a_run_is_watched_model_by_model(browser: Browser, ready: Ready) -> None:
    run = dispatched(ready)
    page = browser.get(of(run))
    poller = page.one("[hx-get]:not(details)")
    assert (poller["hx-get"], poller["hx-trigger"]) == (of(run, "/live?seen=running"), "every 2s")
    assert lines(page) == ["good Waiting 0 of 3 – 0 $0", "bad Waiting 0 of 3 – 0 $0"]
    evaluate_batch({"Records": received()}, Context())
    part = browser.get(str(poller["hx-get"]), part=True)
    assert part.status == 200
    assert lines(part) == ["good All rows 3 of 3 100.0 % 43.9 % to 100.0 % 0 $0", "bad Waiting 0 of 3 – 0 $0"]
    assert part.one("#run-figures progress")["value"] == "3"
    assert not part.select("form, dialog"), "what is typed, or asked, is not replaced every two seconds"


def test_when_its_status_changes_the_whole_page_is_loaded_anew(browser: Browser, ready: Ready) -> None:
    run = paused(ready)
    answer = browser.client.get(of(run, "/live?seen=running"), headers={"hx-request": "true"})
    assert (answer.status_code, answer.headers["hx-refresh"]) == (286, "true")
    same = browser.client.get(of(run, "/live?seen=paused"), headers={"hx-request": "true"})
    assert (same.status_code, same.headers.get("hx-refresh")) == (200, None)


def test_after_its_end_nobody_polls(browser: Browser, ready: Ready) -> None:
    run = finished(ready)
    answer = browser.client.get(of(run, "/live?seen=completed"), headers={"hx-request": "true"})
    assert (answer.status_code, answer.headers["hx-refresh"]) == (286, "true")
    assert not [one for one in browser.get(of(run)).select("[hx-trigger]") if "every" in str(one["hx-trigger"])]


def test_a_run_that_is_not_planned_yet_names_the_models_it_will_ask(browser: Browser, ready: Ready) -> None:
    page = browser.get(of(started(ready)))
    assert "Queued" in page.words
    assert "It is being planned" in page.words
    assert lines(page) == ["good Waiting 0 – 0 $0", "bad Waiting 0 – 0 $0"]
    assert "not read yet" in page.words


def test_a_model_that_was_given_up_says_why_while_others_go_on(browser: Browser, ready: Ready) -> None:
    run = dispatched(ready)
    evaluate_batch({"Records": received()}, Context())
    job = BatchJob.decode(received()[0]["body"])
    rows = BatchStatistics(job.candidate_id, job.round, job.block, 3, pack_scores([None] * 3), n_not_asked=3)
    runs.rounds.take(job, Finished("results", 0, rows, "the endpoint answered 401: invalid key"))
    good, bad = lines(browser.get(of(run)))
    assert good.startswith("good All rows 3 of 3")
    assert bad.startswith("bad Given up the endpoint answered 401: invalid key")


def test_a_completed_run_tells_its_result_decision_ranking_and_cost(browser: Browser, ready: Ready) -> None:
    finished(ready)
    run = finished(ready)
    page = browser.get(of(run))
    for told in ("Completed", "good leads (1.000", "Kept", "Policy: default", "Run again"):
        assert told in page.words
    assert "6 answers of earlier runs" in page.words
    assert "Version 1, 3 rows" in page.words
    ranking = [" ".join(row.get_text(" ").split()) for row in page.select("table tbody tr")]
    assert [row.split()[:2] for row in ranking] == [["1-2", "good"], ["1-2", "bad"]]
    assert not page.select("#run-models")


def test_a_failed_run_says_what_to_do(browser: Browser, ready: Ready) -> None:
    ready.models.fault = lambda model, prompt, attempt: 401
    page = browser.get(of(finished(ready)))
    assert "It failed: no model gave a single answer" in page.words
    assert "then run again" in page.words
    assert "Run again" in page.words


def test_a_run_that_failed_before_it_was_planned_has_a_page(browser: Browser, ready: Ready) -> None:
    run = started(ready)
    error = {"Error": "Invalid", "Cause": '{"errorMessage": "row x has no expected answer"}'}
    finish_run({**ready.event("finish_run", "ranked", run=run.id), "error": error}, Context())
    page = browser.get(of(run))
    assert "It failed: row x has no expected answer" in page.words
    assert not page.select(f"a[href='{of(run, '/matrix')}']"), "it has no answers to look at"
    assert "There is nothing to download, as no row was read." in page.words
    assert not page.select("form#bundle, button[form=bundle]")


def test_the_configuration_of_a_run_is_a_page_and_a_part(browser: Browser, ready: Ready) -> None:
    run = finished(ready)
    leaderboards.patch(ready.workspace, ready.leaderboard.id, LeaderboardPatch(system_prompt="Another one?"))
    address = of(run, "/configuration/leaderboard")
    page, part = browser.get(address), browser.get(address, part=True)
    for shown in (page, part):
        assert '"system_prompt": "Which team?"' in shown.one("pre").get_text()
    assert page.one("h1")
    assert not part.select("h1")
    models = browser.get(of(run, "/configuration/models")).one("pre").get_text()
    assert '"name": "good"' in models
    assert "sk-secret" not in models
    assert browser.get(of(run, "/configuration/plan")).status == 404
    assert address in [str(one["hx-get"]) for one in browser.get(of(run)).select("details[hx-get]")]


def test_what_models_and_errors_say_is_text(browser: Browser, ready: Ready) -> None:
    ready.models.fault = lambda model, prompt, attempt: 401
    ready.models.fault_text = "<script>alert(1)</script>"
    page = browser.get(of(finished(ready)))
    assert "<script>alert(1)</script>" in page.words
    assert not [one for one in page.select("script") if not one.get("src")]
