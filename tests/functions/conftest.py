"""A leaderboard ready to run: a workspace with a token, three rows on a hub, two models on a real HTTP server."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from gero import access, leaderboards
from gero.kit import workflows
from gero.leaderboards import CandidateInput, Leaderboard, LeaderboardInput
from tests.events import event
from tests.functions.console import Browser, browser_of_nobody
from tests.functions.context import Context
from tests.functions.pushing import Pushing
from tests.functions.serving import app_running
from tests.hub_server import hub_with
from tests.model_server import ModelServer

ROWS = [
    {"id": "a", "input": "Where is my parcel?", "output": "shipping"},
    {"id": "b", "input": "I was charged twice", "output": "billing"},
    {"id": "c", "input": "The app crashes", "output": "technical"},
]
RIGHT = {row["input"]: row["output"] for row in ROWS}


@dataclass(frozen=True)
class Ready:
    """What a handler test needs to know."""

    workspace: str
    token: str
    leaderboard: Leaderboard
    good: str
    bad: str
    models: ModelServer

    def event(self, function: str, case: str, **replaced: str) -> dict[str, Any]:
        """The payload of `events/` for this leaderboard."""
        ids = {"workspace": self.workspace, "leaderboard": self.leaderboard.id, "token": self.token}
        return event(function, case, **ids, **replaced)


@pytest.fixture
def context() -> Context:
    return Context()


@pytest.fixture
def pushing(cloud: None) -> Pushing:
    """A PUSH leaderboard in a workspace of its own."""
    return Pushing()


@pytest.fixture
def models() -> Iterator[ModelServer]:
    def answer(model: str, prompt: str) -> str:
        return RIGHT[prompt.removeprefix("Which team?\n\n")] if model == "good" else "billing"

    with ModelServer(answer).running() as server:
        yield server


@pytest.fixture
def ready(cloud: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, models: ModelServer) -> Iterator[Ready]:
    file = tmp_path / "rows.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    with hub_with(file) as (hub, url):
        monkeypatch.setenv("HF_ENDPOINT", hub)
        workspace, token = access.workspaces.create("test")
        wanted = LeaderboardInput(name="Tickets", system_prompt="Which team?", dataset_url=url)
        leaderboard = leaderboards.create(workspace.id, wanted)
        good, bad = (
            leaderboards.candidates.add(
                workspace.id,
                leaderboard.id,
                CandidateInput(name=name, model=name, endpoint_url=models.url, auth_token="sk-secret"),
            ).id
            for name in ("good", "bad")
        )
        yield Ready(workspace.id, token, leaderboard, good, bad, models)


@pytest.fixture
def endpoint(ready: Ready) -> Iterator[httpx.Client]:
    """The inference app on a real server, called with the workspace's token."""
    headers = {"Authorization": f"Bearer {ready.token}"}
    with app_running() as url, httpx.Client(base_url=url, headers=headers) as client:
        yield client


@pytest.fixture
def browser(ready: Ready) -> Iterator[Browser]:
    """The console, signed in with the workspace's token."""
    with browser_of_nobody() as browser:
        browser.sign_in(ready.token)
        yield browser


@pytest.fixture
def woken(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The tokens of reviews that were told of success: moto's interpreter has no tasks that wait."""
    found: list[str] = []

    def succeed(token: str) -> None:
        if token != "TASK-TOKEN":  # that of the rounds
            found.append(token)

    monkeypatch.setattr(workflows, "succeed_task", succeed)
    return found
