"""STUB, replaced by the models helper."""

from typing import Any

from gero.kit import NotFound
from gero.kit.table import Write
from gero.providers import Endpoint


def get(workspace_id: str, model_id: str) -> Any:
    """The model. NotFound when there is none."""
    raise NotFound("no such model in this workspace")


def deployed_endpoint(workspace_id: str, model_id: str) -> Endpoint:
    """How the deployed version is called."""
    raise NotFound("no such model in this workspace")


def link(workspace_id: str, model_id: str, leaderboard_id: str, candidate_id: str) -> Write:
    """The write that notes that a leaderboard's candidate is this model; for a transaction."""
    raise NotImplementedError


def unlink(workspace_id: str, model_id: str, leaderboard_id: str, candidate_id: str) -> None:
    """Take the note away."""
