"""A signed-in user of a fresh API, in an empty folder."""

import json
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from gero.cli import app
from tests.gero.cli.fake_api import TOKEN, FakeApi


class Gero:
    """Runs the tool as a person would type it."""

    def __init__(self, api: FakeApi) -> None:
        self.api = api

    def __call__(self, line: str, input: str | bytes | None = None) -> Result:
        """Whatever happens, the token is never shown and no traceback either."""
        result = CliRunner().invoke(app, shlex.split(line), input=input, prog_name="gero")
        assert TOKEN not in result.output
        assert "Traceback" not in result.output
        return result

    def ok(self, line: str, input: str | bytes | None = None) -> str:
        result = self(line, input)
        assert result.exit_code == 0, result.output
        return result.stdout

    def json(self, line: str, input: str | bytes | None = None) -> Any:
        return json.loads(self.ok(f"{line} --json", input))

    def refused(self, line: str, exit_code: int = 1, input: str | bytes | None = None) -> str:
        result = self(line, input)
        assert result.exit_code == exit_code, result.output
        return result.stderr


@pytest.fixture
def api() -> Iterator[FakeApi]:
    fake = FakeApi()
    yield fake
    fake.close()


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses between attempts and polls are short."""
    monkeypatch.setattr("gero.cli.client._FIRST_PAUSE_SECONDS", 0.01)
    monkeypatch.setattr("gero.cli.polling._FIRST_PAUSE_SECONDS", 0.01)


@pytest.fixture
def nobody(api: FakeApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Gero:
    """Somebody without any configuration."""
    for name in (
        "GERO_API_URL",
        "GERO_API_TOKEN",
        "GERO_AUTH_TOKEN",
        "GERO_PUSH_TOKEN",
        "GERO_DEBUG",
        "FORCE_COLOR",
        "COLUMNS",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.chdir(tmp_path)
    return Gero(api)


@pytest.fixture
def gero(nobody: Gero, api: FakeApi, monkeypatch: pytest.MonkeyPatch) -> Gero:
    """Somebody signed in through the environment."""
    monkeypatch.setenv("GERO_API_URL", api.url)
    monkeypatch.setenv("GERO_API_TOKEN", TOKEN)
    return nobody


@pytest.fixture
def triage(api: FakeApi) -> dict[str, Any]:
    """The only leaderboard, whose rows are pushed, with two candidates."""
    leaderboard = api.add_leaderboard("Support triage", dataset_type="PUSH")
    api.add_model(leaderboard, "small-1")
    api.add_model(leaderboard, "big-1")
    return leaderboard
