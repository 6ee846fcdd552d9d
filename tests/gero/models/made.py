"""Models, rows and fine-tuning servers for tests."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from gero import datasets, models
from gero.datasets import DatasetVersion, Row
from gero.models import Model, ModelInput, ModelVersion, VersionInput
from infra.local.stand_ins.background import BackgroundServers
from infra.local.stand_ins.fine_tuning import FineTuning

URL = "http://127.0.0.1:9/v1/chat/completions"
SECRET = "sk-secret-0123456789"
BASE = {"platform": "custom", "endpoint_url": URL, "model": "keyword-small"}


def made(**fields: Any) -> Model:
    """A new model of workspace w."""
    return models.create("w", ModelInput.model_validate({"name": "Tickets", "base": BASE} | fields))


def published(model: Model, **fields: Any) -> ModelVersion:
    """The next version of it."""
    return models.publish("w", model.id, VersionInput.model_validate(fields))


def rows(count: int, start: int = 0) -> list[Row]:
    """Rows with different questions, each about its own number."""
    return [Row(f"r{number}", f"question {number}", [f"answer {number}"]) for number in range(start, start + count)]


def frozen(found: list[Row], leaderboard_id: str = "lb") -> DatasetVersion:
    """The rows as a dataset version of a leaderboard of workspace w."""
    return datasets.freeze("w", leaderboard_id, found, {"kind": "test"})


def digests(found: list[Row]) -> set[bytes]:
    """What stands for the rows' inputs."""
    return {datasets.input_digest(row.input) for row in found}


@contextmanager
def tuning(server: FineTuning, *around: Any) -> Iterator[str]:
    """Serve a fine-tuning stand-in; gives the address of its chat completions."""
    servers = BackgroundServers()
    try:
        yield f"{servers.serve(server.app(*around))}/v1/chat/completions"
    finally:
        servers.close()
