from collections.abc import Iterator

import pytest

from gero.leaderboards import Candidate, Leaderboard
from infra.local.stand_ins.openrouter import OpenRouter
from tests.gero.leaderboards.boards import add, board
from tests.openrouter_server import connected


@pytest.fixture
def made(cloud: None) -> Leaderboard:
    """A new leaderboard."""
    return board()


@pytest.fixture
def openrouter(cloud: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenRouter]:
    """OpenRouter, connected in the workspace of `made`."""
    with connected(monkeypatch) as openrouter:
        yield openrouter


@pytest.fixture
def good(made: Leaderboard) -> Candidate:
    return add(made, "good")


@pytest.fixture
def bad(made: Leaderboard) -> Candidate:
    return add(made, "bad")
