"""Production and notifications with the tool against the API as it is deployed."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from functions.api.app import create_app
from tests.functions.conftest import Ready, models, ready
from tests.functions.workflow import finished
from tests.gero.cli.conftest import Gero
from tests.gero.cli.real_api import served
from tests.webhook_server import webhook_server

__all__ = ["models", "ready"]  # fixtures, found by their names


@pytest.fixture
def real(nobody: Gero, ready: Ready, tmp_path: Path) -> Iterator[Gero]:
    with served(create_app()) as api_url:
        (tmp_path / ".gero").mkdir()
        found = {"api_url": api_url, "inference_url": api_url, "token": ready.token}
        (tmp_path / ".gero" / "local.json").write_text(json.dumps(found))
        yield nobody


def test_who_serves_is_shown_and_brought_back(real: Gero, ready: Ready) -> None:
    assert "No model serves yet" in real.ok("production show")
    finished(ready)
    assert "becomes the first production model" in " ".join(real.ok("production show").split())
    assert real.ok("production pin bad") == "Pinned bad: runs do not replace it\n"
    first = real.json("production history")["decisions"][-1]["id"]
    assert "good serves exactly as it did before" in real.ok(f"production rollback --to {first[-8:]} --yes")
    assert real.ok("production history").count("a person") == 2
    assert "no other model served before this one" in real.refused("production rollback --yes")
    assert real.ok("production unpin") == "Took the pin away; good serves\n"


def test_a_webhook_is_set_tried_shown_and_removed(real: Gero, ready: Ready) -> None:
    with webhook_server() as receiver:
        secret = real.ok(f"notification set {receiver.url} --event run.completed").strip()
        assert real.ok("notification test") == "The test event arrived\n"
        assert receiver.received[0].is_signed_by(secret)
        receiver.status = 500
        assert "it answered 500" in real.refused("notification test")
        shown = real.ok("notification show")
        assert "it answered 500" in shown
        assert secret not in shown
        assert "url: give an https URL" in real.refused("notification set ftp://x.example.com")
        real.ok("notification remove --yes")
        assert "there is no webhook" in real.ok("notification show")
