"""The Detail tab: models, dataset, push tokens, settings, schedule, notifications."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from gero import access, leaderboards, runs
from gero.kit import aws
from gero.leaderboards import Candidate, CandidateInput, LeaderboardPatch
from tests.functions.conftest import Ready
from tests.functions.console import Browser, browser_of_nobody
from tests.functions.workflow import finished, planned

LONG = "p" * 2000


def address(ready: Ready, end: str = "/detail") -> str:
    return f"/leaderboards/{ready.leaderboard.id}{end}"


def stored(ready: Ready) -> leaderboards.Leaderboard:
    return leaderboards.get(ready.workspace, ready.leaderboard.id)


def add_model(ready: Ready, name: str) -> Candidate:
    """One more model, with a secret and long parameters."""
    secret = {"auth_token": f"sk-{name}", "parameters": {"notes": LONG}}
    described = CandidateInput.model_validate({"name": name, "model": name, "endpoint_url": ready.models.url} | secret)
    return leaderboards.candidates.add(ready.workspace, ready.leaderboard.id, described)


@contextmanager
def counted_calls() -> Iterator[list[str]]:
    """The names of the calls to the cloud."""
    made: list[str] = []

    def note(model: Any, **_: Any) -> None:
        made.append(model.name)

    clients = [aws.client(service) for service in ("dynamodb", "s3")]
    for client in clients:
        client.meta.events.register("before-call.*", note)
    try:
        yield made
    finally:
        for client in clients:
            client.meta.events.unregister("before-call.*", note)


def test_everything_a_leaderboard_is_stands_there_and_no_secret(browser: Browser, ready: Ready) -> None:
    finished(ready)
    page = browser.get(address(ready))
    words = page.words
    for told in ("good", "bad", "Which team?", "Get dataset", str(ready.leaderboard.dataset_url), "Exact", "Version 1"):
        assert told in words, told
    assert f"/api/leaderboards/{ready.leaderboard.id}/traces" in words
    assert "sk-secret" not in str(page)


def test_one_model_is_told_whole_but_its_secret(browser: Browser, ready: Ready) -> None:
    third = add_model(ready, "third").id
    tab = browser.get(address(ready))
    assert LONG not in str(tab), "it is on the model's own page"
    page = browser.get(str(tab.one(f"#models th a[href$='{third}']")["href"]))
    for told in ("third", ready.models.url, "sealed, sent as bearer", LONG, "60 seconds"):
        assert told in page.words, told
    assert "sk-third" not in str(page)
    page = browser.submit(page, "dialog form")
    assert "The model is taken off" in page.words


def test_the_tab_of_fifty_models_is_small_and_asks_the_cloud_seldom(browser: Browser, ready: Ready) -> None:
    for number in range(48):
        add_model(ready, f"vendor-{number}/model-{number}-instruct")
    browser.get(address(ready))
    with counted_calls() as calls:
        page = browser.get(address(ready))
    assert len(page.select("#models tbody tr")) == 50
    assert len(str(page).encode()) < 70_000
    assert len(calls) <= 14, calls


def test_a_model_is_removed_after_it_was_named(browser: Browser, ready: Ready) -> None:
    page = browser.get(address(ready))
    question = browser.get(str(page.one(f"#models [hx-get*='{ready.bad}/remove']")["hx-get"]), part=True)
    assert "Remove bad?" in question.words
    page = browser.submit(question, "form")
    assert "The model is taken off" in page.words
    assert [one.name for one in leaderboards.candidates.listed(ready.workspace, ready.leaderboard.id)] == ["good"]


def test_a_model_that_serves_or_is_being_asked_cannot_be_removed(browser: Browser, ready: Ready) -> None:
    finished(ready)
    page = browser.get(address(ready))
    assert not page.select(f"[hx-get*='{ready.good}/remove']")
    assert "It serves" in str(page.one("#models button[disabled]")["title"])
    planned(ready)
    page = browser.get(address(ready))
    assert not page.select("[hx-get*='/remove']")
    assert len(page.select("#models button[disabled]")) == 2
    csrf = page.one("form[action='/sign-out'] [name=csrf]")["value"]
    answer = browser.client.post(
        address(ready, f"/models/{ready.bad}/remove"), data={"csrf": csrf}, headers={"accept": "text/html"}
    )
    assert answer.status_code == 409


def test_a_model_of_the_leaderboard_can_be_asked_once(browser: Browser, ready: Ready) -> None:
    csrf = browser.get(address(ready)).one("form[action='/sign-out'] [name=csrf]")["value"]
    ready.models.answer = lambda model, prompt: "shipping"
    answer = browser.client.post(
        address(ready, f"/models/{ready.good}/try"), data={"csrf": csrf}, headers={"hx-request": "true"}
    )
    assert answer.status_code == 200
    assert "It answers" in answer.text
    assert "shipping" in answer.text


def test_who_may_only_read_sees_no_controls(ready: Ready) -> None:
    _, secret = access.tokens.create(ready.workspace, "reader", ["leaderboards:read"])
    with browser_of_nobody() as browser:
        browser.sign_in(secret)
        page = browser.get(address(ready))
        assert page.status == 200
        assert not page.select("main form")
        for end in ("/schedule", "/edit/prompt", "/edit/serving", f"/models/{ready.good}/remove"):
            assert browser.get(address(ready, end)).status == 403
        model = browser.get(address(ready, f"/models/{ready.good}"))
        assert model.status == 200
        assert not model.select("main form, main button")
        csrf = page.one("form[action='/sign-out'] [name=csrf]")["value"]
        for end in (f"/models/{ready.good}/try", "/dataset/consolidate", "/push-tokens", "/webhook", "/schedule"):
            answer = browser.client.post(address(ready, end), data={"csrf": csrf}, headers={"accept": "text/html"})
            assert answer.status_code == 403, end


def test_another_workspace_finds_nothing(ready: Ready) -> None:
    with browser_of_nobody() as other:
        other.sign_in(access.workspaces.create("other")[1])
        for end in ("/detail", "/schedule", "/edit/prompt", "/edit/serving", "/dataset", f"/models/{ready.good}"):
            assert other.get(address(ready, end)).status == 404, end


def test_hostile_texts_are_texts(browser: Browser, ready: Ready) -> None:
    hostile = "<img src=x onerror=alert(1)>"
    leaderboards.patch(ready.workspace, ready.leaderboard.id, LeaderboardPatch(name=hostile, system_prompt=hostile))
    page = browser.get(address(ready))
    assert hostile in page.get_text()
    assert not page.select("img[src=x]")
    assert runs.active_run_id(ready.workspace, ready.leaderboard.id) is None
