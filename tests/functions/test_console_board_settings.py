"""Changing a leaderboard in the console: the wizard's steps, and how its endpoint answers."""

from collections.abc import Iterator
from typing import Any

import pytest

from gero import leaderboards
from tests.functions.conftest import Ready
from tests.functions.console import Browser, browser_of_nobody
from tests.functions.pushing import Pushing


def address(ready: Ready, end: str = "/detail") -> str:
    return f"/leaderboards/{ready.leaderboard.id}{end}"


def stored(ready: Ready) -> leaderboards.Leaderboard:
    return leaderboards.get(ready.workspace, ready.leaderboard.id)


@pytest.fixture
def browser_of_pusher(pushing: Pushing) -> Iterator[Browser]:
    """A browser in the workspace of a PUSH leaderboard."""
    with browser_of_nobody() as browser:
        browser.sign_in(pushing.token)
        yield browser


@pytest.mark.parametrize(
    ("step", "fields", "changed"),
    [
        ("dataset", {"field_mapping.rubric": "rule"}, {"field_mapping": {"rubric": "rule"}}),
        ("prompt", {"system_prompt": "Sort it: {input}"}, {"system_prompt": "Sort it: {input}"}),
        ("evaluation", {"eval_type": "human", "human.rows": "7"}, {"eval_type": "human"}),
        ("evaluation", {"concurrency": "3", "max_run_cost_usd": "2.5"}, {"concurrency": 3}),
    ],
)
def test_a_part_is_changed_with_the_form_that_made_it(
    browser: Browser, ready: Ready, step: str, fields: dict[str, str], changed: dict[str, Any]
) -> None:
    before = stored(ready)
    page = browser.get(address(ready, f"/edit/{step}"))
    page = browser.submit(page, f"form[action$='/edit/{step}']", fields)
    assert page.status == 200, page.words
    assert page.address.startswith(address(ready))
    after = stored(ready)
    assert {name: getattr(after, name) for name in changed} == changed
    same = before.model_dump().keys() - {*changed, "version", "updated_at", "human", "max_run_cost_usd"}
    assert {name: getattr(after, name) for name in same} == {name: getattr(before, name) for name in same}


def test_what_cannot_be_stands_at_its_field_and_changes_nothing(browser: Browser, ready: Ready) -> None:
    before = stored(ready)
    for step, field, value in (("prompt", "system_prompt", ""), ("evaluation", "concurrency", "0")):
        page = browser.submit(
            browser.get(address(ready, f"/edit/{step}")), f"form[action$='/edit/{step}']", {field: value}
        )
        assert page.status == 400
        assert page.one(f"#e-{field}")
    assert stored(ready) == before


def test_the_limits_of_pushed_rows_are_changed_and_the_kind_stays(pushing: Pushing, browser_of_pusher: Browser) -> None:
    browser, edit = browser_of_pusher, f"/leaderboards/{pushing.leaderboard.id}/edit/dataset"
    page = browser.submit(browser.get(edit), "form[action$='/edit/dataset']", {"daily_event_limit": "1,000"})
    assert "Saved" in page.words
    assert "0 of 1,000, 1,000 left" in page.words
    wanted = {"dataset_type": "GET", "dataset_url": "hf://datasets/a/b/c.jsonl"}
    page = browser.submit(browser.get(edit), "form[action$='/edit/dataset']", wanted)
    assert page.status == 400
    assert "pushed rows stay" in page.words
    assert leaderboards.get(pushing.workspace, pushing.leaderboard.id).dataset_type == "PUSH"


def test_how_the_endpoint_answers_is_changed(browser: Browser, ready: Ready) -> None:
    page = browser.submit(
        browser.get(address(ready, "/edit/serving")),
        "form[action$='/edit/serving']",
        {"fallbacks": "1", "redact": "email\nphone", "retention_days": "30", "percent": "5", "capture_content": None},
    )
    assert page.status == 200
    after = stored(ready)
    assert (after.inference.fallbacks, after.inference.shadow.percent) == (1, 5)
    assert (after.traces.redact, after.traces.retention_days, after.traces.capture_content) == (
        ["email", "phone"],
        30,
        False,
    )
    page = browser.submit(
        browser.get(address(ready, "/edit/serving")),
        "form[action$='/edit/serving']",
        {"redact": "(((", "fallbacks": "77"},
    )
    assert page.status == 400
    assert page.one("#e-redact")
    assert page.one("#e-fallbacks")
