"""Starting a run: the forecast before it, its options, and why it cannot start."""

import json
from pathlib import Path

import pytest

from gero import access, leaderboards, runs
from tests.functions.conftest import Ready
from tests.functions.console import Browser, Page, browser_of_nobody
from tests.functions.pushing import Pushing
from tests.functions.workflow import finished, planned

FORM = "form[action$='/run']"


def address(ready: Ready, end: str = "/run") -> str:
    return f"/leaderboards/{ready.leaderboard.id}{end}"


def opened(browser: Browser, path: str) -> Page:
    """The page with its form as the button sends it, without htmx."""
    page = browser.get(path)
    del page.one(FORM)["hx-post"]
    return page


def figures(page: Page) -> dict[str, str]:
    """The figures of a forecast by what they are of."""
    shown = page.select("dl.figures > div")
    return {one.dt.get_text(): " ".join(one.dd.get_text(" ").split()) for one in shown if one.dt and one.dd}


def active(ready: Ready) -> str | None:
    return runs.active_run_id(ready.workspace, ready.leaderboard.id)


def test_the_forecast_is_shown_before_a_run_starts(browser: Browser, ready: Ready) -> None:
    page = browser.get(address(ready))
    assert figures(page)["Calls"] == "6 3 rows", "two models, three rows"
    assert figures(page)["Tokens"].endswith("out")
    assert "Rows: the file as it is now" in page.words
    assert [row.get_text() for row in page.select("[aria-label='Forecast by model'] tbody th")] == ["good", "bad"]
    assert not active(ready), "the forecast starts nothing"


def test_other_options_give_another_forecast_and_start_nothing(browser: Browser, ready: Ready) -> None:
    page = browser.get(address(ready))
    part = browser.submit(page, FORM, {"rows": "1"})
    assert figures(part)["Calls"] == "2 1 row"
    assert not part.select("html"), "htmx is given the part alone"
    again = browser.client.post(
        address(ready, "/run/forecast"),
        data={"csrf": page.one(f"{FORM} [name=csrf]")["value"], "rows": "2"},
        headers={"accept": "text/html"},
    )
    assert figures(Page.of(again))["Calls"] == "4 2 rows"
    assert Page.of(again).one("[name=rows]")["value"] == "2"
    assert not active(ready)


def test_answers_of_earlier_runs_are_told_and_asked_again_when_wanted(browser: Browser, ready: Ready) -> None:
    finished(ready)
    page = browser.get(address(ready))
    assert figures(page)["Reused"].startswith("6")
    fresh = browser.submit(page, FORM, {"fresh": "on"})
    assert "Reused" not in figures(fresh)
    assert figures(fresh)["Calls"].startswith("6")


def test_a_run_starts_with_its_options_and_is_watched(browser: Browser, ready: Ready) -> None:
    landed = browser.submit(opened(browser, address(ready)), FORM, {"rows": "2", "max_cost_usd": "5"})
    run_id = active(ready)
    assert run_id
    assert landed.address == address(ready, f"/runs/{run_id}")
    run = runs.get(ready.workspace, ready.leaderboard.id, run_id)
    assert (run.rows_limit, run.max_cost_nanos, run.fresh) == (2, 5_000_000_000, False)


def test_enter_in_a_field_forecasts_and_does_not_start(browser: Browser, ready: Ready) -> None:
    first = browser.get(address(ready)).select(f"{FORM} button")[0]
    assert str(first["formaction"]).endswith("/run/forecast"), "the first button is what browsers press"


@pytest.mark.parametrize(("field", "value"), [("rows", "many"), ("rows", "0"), ("max_cost_usd", "-1")])
def test_wrong_options_stand_at_their_field_and_start_nothing(
    browser: Browser, ready: Ready, field: str, value: str
) -> None:
    refused = browser.submit(opened(browser, address(ready)), FORM, {field: value})
    assert refused.status == 400
    assert refused.one(f"#e-{field}")
    assert refused.one(f"[name={field}]")["value"] == value
    assert f"{field}: " in browser.submit(browser.get(address(ready)), FORM, {field: value}).words, "for htmx, too"
    assert not active(ready)


def test_a_version_that_is_not_there_is_refused_at_its_field(browser: Browser, ready: Ready) -> None:
    refused = browser.submit(opened(browser, address(ready)), FORM, {"dataset_version": "7"})
    assert refused.status == 400
    assert "no version 7" in refused.one("#e-dataset_version").get_text()


def test_while_a_run_is_active_another_cannot_start_and_the_page_says_why(browser: Browser, ready: Ready) -> None:
    run = planned(ready)
    page = opened(browser, address(ready))
    assert page.one("#start-run").has_attr("disabled")
    assert page.select(f"#forecast a[href$='/runs/{run.id}']")
    assert browser.submit(page, FORM).status == 409


def test_one_model_is_too_few_and_the_page_leads_to_another(browser: Browser, ready: Ready) -> None:
    leaderboards.candidates.remove(ready.workspace, ready.leaderboard.id, ready.bad)
    page = browser.get(address(ready))
    assert page.one("a.btn.primary[href$='/models/new']")
    assert not page.select(FORM)


def test_without_rows_the_run_waits_for_them(pushing: Pushing) -> None:
    pushing.add_models()
    with browser_of_nobody() as browser:
        browser.sign_in(pushing.token)
        page = browser.get(f"/leaderboards/{pushing.leaderboard.id}/run")
        assert "no rows yet" in page.one("#forecast [role=alert]").get_text()
        assert page.one("#forecast a[href$='/detail#push']")
        assert page.one("#start-run").has_attr("disabled")
        pushing.push("a", "b")
        page = browser.get(f"/leaderboards/{pushing.leaderboard.id}/run")
        assert not page.one("#start-run").has_attr("disabled")


def test_what_the_plan_does_not_allow_is_said_before_the_run_and_fewer_rows_help(
    browser: Browser, ready: Ready, tmp_path: Path
) -> None:
    rows = (json.dumps({"id": str(number), "input": "Where?", "output": "here"}) for number in range(10_001))
    (tmp_path / "rows.jsonl").write_text("\n".join(rows))
    access.workspaces.set_plan(ready.workspace, "free")
    page = browser.get(address(ready))
    assert page.one("#forecast [role=alert] a[href='/settings/plan']")
    assert page.one("#start-run").has_attr("disabled")
    fewer = browser.submit(page, FORM, {"rows": "10000"})
    assert not fewer.select("[role=alert]")
    assert not fewer.one("#start-run").has_attr("disabled")


def test_who_may_only_read_cannot_start(browser: Browser, ready: Ready) -> None:
    _, secret = access.tokens.create(ready.workspace, "reader", ["leaderboards:read"])
    with browser_of_nobody() as other:
        other.sign_in(secret)
        page = other.get(address(ready, ""))
        assert not page.select("a[href$='/run']")
        csrf = page.one("form[action='/sign-out'] [name=csrf]")["value"]
        assert other.get(address(ready)).status == 403
        for end in ("/run", "/run/forecast"):
            answer = other.client.post(address(ready, end), data={"csrf": csrf}, headers={"accept": "text/html"})
            assert answer.status_code == 403, end
    assert not active(ready)


def test_another_workspace_finds_nothing_to_run(ready: Ready) -> None:
    with browser_of_nobody() as other:
        page = other.sign_in(access.workspaces.create("other")[1])
        page = other.get("/leaderboards")
        csrf = page.one("form[action='/sign-out'] [name=csrf]")["value"]
        assert other.get(address(ready)).status == 404
        for end in ("/run", "/run/forecast"):
            answer = other.client.post(address(ready, end), data={"csrf": csrf}, headers={"accept": "text/html"})
            assert answer.status_code == 404, end
