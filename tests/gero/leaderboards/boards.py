"""Leaderboards for tests."""

from collections.abc import Iterable
from typing import Any

from gero import datasets, leaderboards
from gero.datasets import Pushed, Row
from gero.kit import new_id
from gero.leaderboards import Candidate, CandidateInput, Leaderboard, LeaderboardInput

URL = "https://huggingface.co/datasets/a/b/resolve/main/f.jsonl"


def board(workspace_id: str = "w", **fields: Any) -> Leaderboard:
    """A new leaderboard whose rows are pushed."""
    defaults = {"name": "Tickets", "system_prompt": "Say {input}", "dataset_type": "PUSH"}
    return leaderboards.create(workspace_id, LeaderboardInput.model_validate(defaults | fields))


def add(leaderboard: Leaderboard, model: str, **fields: Any) -> Candidate:
    """A candidate of it."""
    wanted = {"name": model, "model": model, "endpoint_url": "http://127.0.0.1:9/v1"} | fields
    wanted_input = CandidateInput.model_validate(wanted)
    return leaderboards.candidates.add(leaderboard.workspace_id, leaderboard.id, wanted_input)


def push(leaderboard: Leaderboard, rows: Iterable[Row]) -> Pushed:
    """Rows pushed to it, as by one request."""
    batch_id = new_id()
    found = list(enumerate(rows))
    return datasets.push(leaderboard.workspace_id, leaderboard.id, found, leaderboard.rules(), batch_id)
