"""Models of OpenRouter on the console: chosen by price and latency, or by name."""

from collections.abc import Iterator

import pytest

from gero import access, leaderboards
from gero.leaderboards import Candidate, LeaderboardInput, candidates
from infra.local.stand_ins.openrouter import OpenRouter
from tests.functions.conftest import Ready
from tests.functions.console import Browser, Page
from tests.openrouter_server import KEY, connected, serving

FORM = "form#model"


@pytest.fixture
def openrouter(ready: Ready, monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenRouter]:
    with connected(monkeypatch, workspace_id=ready.workspace) as openrouter:
        yield openrouter


def at(ready: Ready, way: str = "auto") -> str:
    return f"/leaderboards/{ready.leaderboard.id}/models/new?way={way}"


def present(ready: Ready) -> dict[str, Candidate]:
    return {one.name: one for one in candidates.listed(ready.workspace, ready.leaderboard.id)}


def test_the_choice_is_shown_and_only_then_added(browser: Browser, ready: Ready, openrouter: OpenRouter) -> None:
    limits = {"count": "3", "max_latency_p95_ms": "500", "max_input_cost_per_million_usd": "1"}
    part = browser.submit(browser.get(at(ready)), "form#limits", limits)
    rows = part.select("tbody tr")
    assert len(rows) == 3
    assert "$" in rows[0].get_text()
    assert " ms" in rows[0].get_text()
    assert "Price group 1 of 3" in rows[0].get_text()
    assert "too slow" in part.one("details").get_text()
    assert len(present(ready)) == 2
    browser.submit(part, "form#add-chosen")
    shown = {one.get_text() for one in part.select("tbody th .below")}
    assert {
        f"{one.endpoint.model} by {one.endpoint.provider}"
        for one in present(ready).values()
        if one.endpoint and one.platform == "openrouter"
    } == shown


def test_auto_select_offers_as_many_as_the_plan_allows(browser: Browser, ready: Ready, openrouter: OpenRouter) -> None:
    access.workspaces.set_plan(ready.workspace, "free")
    page = browser.get(at(ready))
    assert page.one("#limits [name=count]")["value"] == page.one("#limits [name=count]")["max"] == "3"
    assert len(browser.submit(page, "form#limits").select("tbody tr")) == 3
    refused = browser.submit(page, "form#limits", {"count": "4"})
    assert refused.status == 402
    assert "at most 3 models at once" in refused.one("[role=alert]").get_text()


def test_without_scripts_the_choice_is_a_page(browser: Browser, ready: Ready, openrouter: OpenRouter) -> None:
    page = browser.get(at(ready))
    sent = {"csrf": page.one("form#limits [name=csrf]")["value"], "count": "2"}
    answer = browser.client.post(f"/leaderboards/{ready.leaderboard.id}/models/choice", data=sent)
    shown = Page.of(answer)
    assert shown.one("h1").get_text() == "Tickets"
    assert len(shown.select("#choice tbody tr")) == 2
    assert shown.one("#limits [name=count]")["value"] == "2"


@pytest.mark.parametrize(
    ("fields", "told"),
    [({"count": "21"}, "20"), ({"max_latency_p95_ms": "fast"}, "not a number"), ({"count": "two"}, "whole number")],
)
def test_a_faulty_limit_is_told(
    browser: Browser, ready: Ready, openrouter: OpenRouter, fields: dict[str, str], told: str
) -> None:
    part = browser.submit(browser.get(at(ready)), "form#limits", fields)
    assert part.status == 400
    assert told in part.one("[role=alert]").get_text()


def test_without_openrouter_the_way_to_connect_it_is_shown(
    browser: Browser, ready: Ready, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(monkeypatch):
        for way, form in (("auto", "form#limits"), ("openrouter", FORM)):
            page = browser.get(at(ready, way))
            assert page.one("main a[href='/settings/integrations']")
            assert page.one(f"{form} button.primary").has_attr("disabled")
        refused = browser.submit(browser.get(at(ready, "openrouter")), FORM, {"model": "hearth/words-mini"})
    assert refused.status == 409
    assert "OpenRouter is not connected" in refused.words
    assert len(present(ready)) == 2


def test_models_of_openrouter_are_suggested_while_one_types(
    browser: Browser, ready: Ready, openrouter: OpenRouter
) -> None:
    page = browser.get(at(ready, "openrouter"))
    assert page.select("datalist option") == []
    path = str(page.one("[name=model]")["hx-get"])
    assert [one["value"] for one in browser.get(f"{path}?model=words+mini", part=True).select("option")] == [
        "hearth/words-mini"
    ]
    assert len(browser.get(path, part=True).select("option")) <= 20
    assert browser.get(f"{path}?model={'a-long-name/' * 4}", part=True).status == 200


def test_a_push_dataset_with_few_rows_says_how_many_are_missing(
    browser: Browser, ready: Ready, openrouter: OpenRouter
) -> None:
    pushed = LeaderboardInput(name="Pushed", system_prompt="x", dataset_type="PUSH")
    board = leaderboards.create(ready.workspace, pushed)
    path = f"/leaderboards/{board.id}/models/new"
    page = browser.get(path)
    assert "push 100 more" in page.one("#why-not").get_text()
    part = browser.submit(page, "form#limits")
    assert part.one("form#add-chosen button").has_attr("disabled")
    refused = browser.submit(part, "form#add-chosen")
    assert refused.status == 409
    assert "push 100 more" in refused.words


def test_the_key_of_openrouter_is_on_no_page(browser: Browser, ready: Ready, openrouter: OpenRouter) -> None:
    pages = [browser.get(at(ready, way)) for way in ("auto", "openrouter", "custom", "huggingface", "drgero")]
    pages.append(browser.submit(pages[0], "form#limits"))
    assert not any(KEY in str(page) for page in pages)


def test_a_model_of_openrouter_is_added_with_its_pin(browser: Browser, ready: Ready, openrouter: OpenRouter) -> None:
    fields = {"model": "lumen/words-8b", "provider": "swift", "quantization": "bf16", "name": "Words"}
    page = browser.submit(browser.get(at(ready, "openrouter")), FORM, fields)
    assert page.address == f"/leaderboards/{ready.leaderboard.id}"
    endpoint = present(ready)["Words"].endpoint
    assert endpoint
    assert (endpoint.model, endpoint.provider, endpoint.quantization) == ("lumen/words-8b", "swift", "bf16")
    assert endpoint.integration == "openrouter"


@pytest.mark.parametrize(
    ("fields", "name", "told"),
    [
        ({"model": "hearth/word-mini"}, "model", "did you mean hearth/words-mini"),
        ({"model": ""}, "model", "give the model's id"),
        ({"model": "lumen/words-8b", "provider": "nobody"}, "provider", "is served by"),
        ({"model": "lumen/words-8b", "parameters": "{"}, "parameters", "not JSON"),
        ({"model": "lumen/words-8b", "parameters": "[1]"}, "parameters", "JSON object"),
        ({"model": "lumen/words-8b", "timeout_seconds": "101"}, "timeout_seconds", "100"),
        ({"model": "lumen/words-8b", "input_cost_per_million_usd": "free"}, "input_cost_per_million_usd", "number"),
    ],
)
def test_a_fault_stands_at_its_field_and_nothing_is_added(
    browser: Browser, ready: Ready, openrouter: OpenRouter, fields: dict[str, str], name: str, told: str
) -> None:
    page = browser.submit(browser.get(at(ready, "openrouter")), FORM, fields)
    assert page.status == 400
    assert told in page.one(f"#e-{name}").get_text()
    assert page.one(f"[name={name}]")["aria-invalid"] == "true"
    assert page.one("[name=model]")["value"] == fields["model"]
    assert len(present(ready)) == 2
