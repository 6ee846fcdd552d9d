"""The Ranking tab: ranking and plots, what serves and why, what a challenger lacks, the way back, the endpoint."""

from typing import Any

import pytest

from functions.api.routes.ranking import read_ranking
from gero import access, leaderboards, runs
from gero.access import Principal
from gero.kit import aws
from gero.leaderboards import CandidateInput
from tests.functions.conftest import Ready
from tests.functions.console import Browser, Page, browser_of_nobody
from tests.functions.pushing import Pushing
from tests.functions.workflow import finished, planned, started


def address(ready: Ready, end: str = "") -> str:
    return f"/leaderboards/{ready.leaderboard.id}{end}"


@pytest.fixture
def page(browser: Browser, ready: Ready) -> Page:
    finished(ready)
    return browser.get(address(ready))


def ranked(
    ready: Ready, *, ids: list[str] | None = None, change: dict[str, dict[str, Any]] | None = None, **notes: Any
) -> None:
    """A further run of the same figures, with other notes; of `ids`: each model with those of the first."""
    stored = leaderboards.get(ready.workspace, ready.leaderboard.id)
    document = runs.get(ready.workspace, stored.id, str(stored.latest_run_id)).ranking
    assert document
    first = document["entries"][0]
    if ids:
        document["entries"] = [
            first | {"candidate_id": one, "name": f"vendor-{n}/model-{n}-instruct", "rank": n + 1, "cost_nanos": n}
            for n, one in enumerate(ids)
        ]
    document["entries"] = [one | (change or {}).get(one["candidate_id"], {}) for one in document["entries"]]
    run = started(ready)
    latest = leaderboards.store.writes(leaderboards.get(ready.workspace, stored.id), latest_run_id=run.id)
    assert runs.finish(run, "completed", also=latest, ranking=document | notes)


def read(browser: Browser, path: str) -> tuple[Page, int]:
    """A page, and how many calls of AWS it takes."""
    calls: list[str] = []
    clients = [aws.client(one) for one in ("dynamodb", "s3")]

    def note(model: Any, **_: Any) -> None:
        calls.append(model.name)

    for client in clients:
        client.meta.events.register("before-call.*", note)
    try:
        page = browser.get(path)
        return page, len(calls)
    finally:
        for client in clients:
            client.meta.events.unregister("before-call.*", note)


def reader(ready: Ready, *scopes: str) -> str:
    return access.tokens.create(ready.workspace, "reader", scopes)[1]


def test_the_table_says_what_the_api_says(page: Page, ready: Ready) -> None:
    ranking = read_ranking(Principal(ready.workspace, "t", ("*",)), ready.leaderboard.id)
    rows = page.select("table tbody tr")[: len(ranking.entries)]
    for row, entry in zip(rows, ranking.entries, strict=True):
        words = row.get_text(" ")
        assert entry.name in words
        assert entry.rank_label.replace("-", "–") in words
        assert f"{100 * (entry.score or 0):.1f} %" in words
    assert "serves" in rows[0].get_text()


def test_both_plots_are_there_and_can_be_read_without_seeing(page: Page) -> None:
    whiskers, pareto = page.select("svg.chart")
    for plot, title in ((whiskers, "Score of each model"), (pareto, "Quality against cost")):
        assert plot["role"] == "img"
        assert title in plot.select_one("title").get_text()  # type: ignore[union-attr]
        assert len(plot.select(".dot")) == 2
    assert any("good: 100.0 %" in one.get_text() for one in whiskers.select("g > title"))


def test_names_of_models_are_texts_in_tables_and_plots(browser: Browser, ready: Ready) -> None:
    hostile = '"><script>alert(1)</script>'
    wanted = CandidateInput(name=hostile, model="bad", endpoint_url=ready.models.url)
    leaderboards.candidates.add(ready.workspace, ready.leaderboard.id, wanted)
    finished(ready)
    page = browser.get(address(ready))
    assert hostile in page.one("table tbody tr:has(th:-soup-contains('script')) th").get_text()
    for plot in page.select("svg.chart"):
        assert any(hostile in one.get_text() for one in plot.select("title"))
        assert not plot.select("script")
    assert len(page.select("script")) == 2, "htmx and our own"


def test_the_endpoint_is_shown_with_programs_to_copy(page: Page, ready: Ready) -> None:
    for key in ("curl", "python", "js"):
        text = page.one(f"#sample-{key}").get_text()
        assert "http://inference.test/v1" in text
        assert '"tickets"' in text
        assert "GERO_API_TOKEN" in text
        assert ready.token not in text


def test_a_ranking_says_what_it_rests_on(browser: Browser, page: Page, ready: Ready) -> None:
    dropped = {ready.bad: {"round": 2, "rows": 50, "why": "it cannot win any more"}}
    race = {"end": "tie", "rounds": 4, "dropped": dropped, "calls_saved": 150, "calls_planned": 400}
    judge = {"name": "judge-1", "mode": "pointwise", "flip_rate": 0.1, "n_audits": 20, "warnings": ["same family"]}
    judge["agreement"] = {"kappa": 0.7, "n": 40}
    people = {"votes": 7, "reviewed": 5}
    ranked(ready, race=race, judge=judge, human=people, provisional="There are too few verdicts.")
    page = browser.get(address(ready))
    assert "Provisional. There are too few verdicts." in page.words
    assert "those left are as good as each other, after 4 rounds; 150 of 400 calls saved" in page.words
    assert "judge-1, pointwise; another verdict on 10 % of 20 audits" in page.words
    assert "agreement with people κ 0.70 on 40 verdicts. same family" in page.words
    assert "7 verdicts on 5 items" in page.words
    assert "dropped in round 2" in page.words


def test_a_model_that_was_given_up_or_has_left_is_marked(browser: Browser, page: Page, ready: Ready) -> None:
    ranked(ready, change={ready.bad: {"n_not_asked": 2, "score": None, "score_low": None, "score_high": None}})
    leaderboards.candidates.remove(ready.workspace, ready.leaderboard.id, ready.bad)
    row = browser.get(address(ready)).select("[aria-label=Ranking] tbody tr")[-1]
    assert "given up" in row.get_text()
    assert "removed" in row.get_text()
    assert not row.select("a"), "there is no page of it any more"


def test_fifty_models_fit_on_a_page_with_few_reads(browser: Browser, page: Page, ready: Ready) -> None:
    ids = [ready.good, ready.bad]
    for number in range(48):
        wanted = CandidateInput(
            name=f"vendor-{number}/model-{number}-instruct", model="m", endpoint_url="http://a.test"
        )
        ids.append(leaderboards.candidates.add(ready.workspace, ready.leaderboard.id, wanted).id)
    ranked(ready, ids=ids)
    page, reads = read(browser, address(ready))
    assert reads <= 12, "session, token, workspace; leaderboard, run, models, decisions, production, name"
    assert len(page.select("[aria-label=Ranking] tbody tr")) == 50
    assert len(page.select("svg.chart")[0].select(".whisker")) == 20
    whole = browser.client.get(address(ready, "?all=1"), headers={"accept": "text/html"})
    assert len(Page.of(whole).select("svg.chart")[0].select(".whisker")) == 50
    assert len(whole.content) < 70_000


def test_who_may_only_read_sees_no_switch_and_is_refused(page: Page, ready: Ready) -> None:
    with browser_of_nobody() as browser:
        browser.sign_in(reader(ready, "leaderboards:read"))
        page = browser.get(address(ready))
        assert not page.select("form[action$='/selection'] button")
        assert not page.select("dialog form")
        assert not page.select("a[href$='/run'], a[href$='/models/new']")
        csrf = page.one("form[action='/sign-out'] [name=csrf]")["value"]
        for end in ("/selection", "/rollback", "/run"):
            answer = browser.client.post(address(ready, end), data={"csrf": csrf}, headers={"accept": "text/html"})
            assert answer.status_code == 403, end


def test_another_workspace_sees_nothing(page: Page, ready: Ready) -> None:
    with browser_of_nobody() as browser:
        browser.sign_in(access.workspaces.create("other")[1])
        for end in ("", "/detail", "/runs", "/run", "/decisions", "/traces", "/dataset", "/schedule", "/edit/prompt"):
            assert browser.get(address(ready, end)).status == 404, end


def test_a_pushed_dataset_without_rows_is_what_is_missing(pushing: Pushing) -> None:
    pushing.add_models()
    where = f"/leaderboards/{pushing.leaderboard.id}"
    with browser_of_nobody() as browser:
        browser.sign_in(pushing.token)
        page = browser.get(where)
        assert "no rows yet" in page.words
        assert page.one(f".empty a[href='{where}/detail#push']")
        pushing.push("a", "b")
        assert "2 models are ready" in browser.get(where).words


def test_rows_that_are_missing_before_models_can_be_added_are_counted(
    pushing: Pushing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GERO_MIN_PUSHED_ROWS", "100")
    pushing.push("a", "b")
    with browser_of_nobody() as browser:
        browser.sign_in(pushing.token)
        assert "push 98 more" in browser.get(f"/leaderboards/{pushing.leaderboard.id}").words


def test_the_first_run_is_watched_from_the_page(browser: Browser, ready: Ready) -> None:
    run = planned(ready)
    assert browser.get(address(ready)).one(f".empty a[href$='/runs/{run.id}']")


def test_without_a_ranking_the_page_says_what_comes_next(browser: Browser, ready: Ready) -> None:
    page = browser.get(address(ready))
    assert "2 models are ready" in page.words
    leaderboards.candidates.remove(ready.workspace, ready.leaderboard.id, ready.bad)
    assert "A ranking needs at least two" in browser.get(address(ready)).words
    assert browser.get(address(ready, "/run")).one("a.btn.primary[href$='/models/new']")
