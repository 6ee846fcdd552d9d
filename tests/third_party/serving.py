"""Gero's inference endpoint for clients of others, with a model behind it that is told what to do."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import pytest

from gero import access, leaderboards, models
from gero.access import BudgetTerms
from gero.kit import table
from gero.leaderboards import Leaderboard, LeaderboardInput
from gero.models import ModelInput
from gero.providers import Endpoint, target
from gero.providers.target import Target
from tests.cloud import empty_cloud
from tests.functions.serving import app_running
from tests.model_server import ModelServer
from tests.third_party import scripted


class Served(NamedTuple):
    """Where it answers, to whom, under which names, and who answers in the end."""

    url: str
    token: str
    poor_token: str
    """Of a budget that no question fits into."""
    names: list[str]
    model: ModelServer


@contextmanager
def served() -> Iterator[Served]:
    """A leaderboard with a model in production, one without, and a Dr.Gero model."""
    model = ModelServer(lambda model, prompt: "")
    scripted.play(model)
    with pytest.MonkeyPatch.context() as patch, empty_cloud(patch), model.running(), app_running() as url:
        workspace, token = access.workspaces.create("clients")
        board = _leaderboard(workspace.id, "Ticket Teams / EU")
        _leaderboard(workspace.id, "Unranked")
        endpoint = Endpoint("custom", model.url, "sorter-1", output_nanos_per_million=10**9)
        production = Target("c", "Sorter", "Answer briefly: {input}", endpoint)
        table.put(target.item(target.key(workspace.id, board.id), production))
        base = {"platform": "custom", "endpoint_url": model.url, "model": "sorter-2"}
        own = models.create(workspace.id, ModelInput.model_validate({"name": "Own Sorter", "base": base}))
        names = ["ticket-teams-eu", board.name, board.id, "own-sorter", own.name, own.id]
        _, poor = access.tokens.create(workspace.id, "poor", ["leaderboards:inference"], budget=BudgetTerms(1))
        yield Served(f"{url}/v1", token, poor, names, model)


def _leaderboard(workspace_id: str, name: str) -> Leaderboard:
    wanted = {"name": name, "system_prompt": "Answer briefly", "dataset_type": "PUSH"}
    return leaderboards.create(workspace_id, LeaderboardInput.model_validate(wanted))
