"""The wizard that creates a leaderboard, as tests walk through it: a signed-in browser, files of a hub, its steps."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gero import access, leaderboards
from gero.leaderboards import Leaderboard
from infra.local.stand_ins import StandIns
from tests.functions.console import Browser, Page, browser_of_nobody

START = "/leaderboards/new"
FORM = "form#step"
BACK = "button[name=go]"
XSS = "<script>alert('x')</script>"


@pytest.fixture
def workspace(cloud: None) -> tuple[str, str]:
    """Its id and a token."""
    made, token = access.workspaces.create("test")
    return made.id, token


@pytest.fixture
def browser(workspace: tuple[str, str]) -> Iterator[Browser]:
    """The console, signed in with the token."""
    with browser_of_nobody() as browser:
        browser.sign_in(workspace[1])
        yield browser


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The start of the URLs of files: good, odd, faulty, open and tricky ones."""

    def write(name: str, *rows: dict[str, Any]) -> None:
        (tmp_path / name).write_text("".join(json.dumps(row) + "\n" for row in rows))

    write("good.jsonl", {"input": "Where?", "output": "shipping"}, {"input": "Paid twice", "output": "billing"})
    write("odd.jsonl", {"subject": "Where?", "team": "shipping"}, {"subject": "Paid twice", "team": "billing"})
    write("open.jsonl", {"input": "Write a poem"}, {"input": "Another"})
    write("tricky.jsonl", {"input": XSS, "output": XSS})
    (tmp_path / "faulty.jsonl").write_text('{"input": "a", "output": "b"}\nnonsense\n')
    with StandIns(datasets={"me/rows": tmp_path, "me/closed": tmp_path}, gated={"me/closed"}) as stand_ins:
        monkeypatch.setenv("HF_ENDPOINT", stand_ins.hub_url)
        yield "hf://datasets/me/rows"


def all_boards(workspace: tuple[str, str]) -> list[Leaderboard]:
    """The leaderboards of the workspace."""
    return list(leaderboards.listed(workspace[0]))


def at_prompt(browser: Browser, name: str = "Tickets") -> Page:
    """The second step."""
    return browser.submit(browser.get(START), FORM, {"name": name})


def at_dataset(browser: Browser, prompt: str = "Which team?") -> Page:
    """The third step."""
    return browser.submit(at_prompt(browser), FORM, {"system_prompt": prompt})


def at_evaluation(browser: Browser, **dataset: Any) -> Page:
    """The last step, after a dataset."""
    page = browser.submit(at_dataset(browser), FORM, dataset)
    assert page.address.endswith("/evaluation"), page.words
    return page


def fault_at(page: Page, name: str) -> str:
    """What is told at a field."""
    control = page.one(f"[name='{name}']:not([type=hidden])")
    assert control["aria-invalid"] == "true"
    return page.one(f"[id='e-{name}']").get_text()


def part(browser: Browser, page: Page, name: str, **fields: Any) -> Page:
    """A part of the page that htmx loads with the fields of the form."""
    sent = {"csrf": page.one(f"{FORM} [name=csrf]")["value"], **fields}
    return Page.of(browser.client.post(f"{START}/{name}", data=sent, headers={"hx-request": "true"}))
