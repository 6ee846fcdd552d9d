"""What holds for each command alike."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from gero.cli import app
from tests.gero.cli.conftest import Gero
from tests.gero.cli.fake_access import VALID_TOKEN
from tests.gero.cli.fake_api import TOKEN, FakeApi

JOURNEY = (
    "login --token {token} --api-url {url}",
    "status",
    "leaderboard create --name Feedback --prompt x --push",
    "leaderboard list",
    "leaderboard show",
    "leaderboard update --name Triage",
    "candidate add --endpoint https://m.test --model a",
    "candidate add --endpoint https://m.test --model b",
    "candidate add --endpoint https://m.test --model c",
    "candidate test --model acme/small --input hello",
    "candidate auto-select --count 2 --add",
    "candidate list",
    "candidate show c",
    "candidate remove c",
    "base-model list",
    "model create --name Own --base acme/small --examples 2 -l Triage",
    "model list",
    "model show",
    "model update --description x",
    "model publish --prompt x",
    "model versions",
    "model undeploy",
    "model deploy",
    "model infer hello",
    "model leaderboards",
    "fine-tune start",
    "fine-tune list",
    "fine-tune show",
    "fine-tune sync",
    "fine-tune cancel",
    "model delete --yes",
    "dataset check https://huggingface.co/good.jsonl",
    "dataset show",
    "push rows.jsonl",
    "dataset add-traces t0",
    "dataset consolidate --wait",
    "dataset versions",
    "dataset rows",
    "dataset compare 1 1",
    "dataset export",
    "dataset remove t0 --yes",
    "push-token create --name web",
    "push-token list",
    "push-token rotate web",
    "push-token revoke web",
    "push-token delete web --yes",
    "schedule set --every daily",
    "schedule show",
    "schedule clear --yes",
    "integration check huggingface",
    "integration connect huggingface",
    "integration list",
    "integration disconnect huggingface --yes",
    "telemetry set https://otlp.example.com --header x-honeycomb-team",
    "telemetry show",
    "telemetry remove --yes",
    "forecast",
    "run --max-cost 0.01",
    "runs resume --max-cost none",
    "runs cancel",
    "run --rows 5 --wait",
    "runs list",
    "runs show",
    "runs matrix --show failures",
    "runs cell 0-1 a",
    "runs bundle",
    "ranking",
    "judge",
    "review next",
    "review vote 0123456789abcde0 a",
    "review skip 0123456789abcde1",
    "review undo 0123456789abcde1",
    "review status",
    "review close --yes",
    "production show",
    "production history",
    "production rollback --yes",
    "production pin b",
    "production unpin",
    "shadow show",
    "shadow forget --yes",
    "notification set https://hooks.test/gero",
    "notification show",
    "notification test",
    "notification remove --yes",
    "infer hello",
    "endpoint",
    "traces list",
    "traces show t0",
    "traces add --input hello --id a",
    "traces feedback t0 --score up",
    "token create --name ci --scope leaderboards:run",
    "token list",
    "token show ci",
    "token update ci --budget 5",
    "token rotate ci",
    "token revoke ci",
    "token delete ci --yes",
    "member invite anna@example.com",
    "member invite ben@example.com --role reviewer",
    "member revoke-invitation ben@example.com",
    "member list",
    "member set-role olga@example.com admin",
    "member remove olga@example.com --yes",
    "workspace",
    "leaderboard delete --yes",
    "logout",
)


def names(command: Any, path: tuple[str, ...] = ()) -> Iterator[str]:
    if not hasattr(command, "commands"):
        yield " ".join(path)
    for name, below in getattr(command, "commands", {}).items():
        yield from names(below, (*path, name))


def test_with_json_stdout_is_json_and_stderr_is_quiet(gero: Gero, api: FakeApi, tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text('{"input": "a", "output": "b"}\n')
    for line in JOURNEY:
        result = gero(f"{line.format(token=TOKEN, url=api.url)} --json", input=VALID_TOKEN)
        assert result.exit_code == 0, (line, result.output)
        assert isinstance(json.loads(result.stdout), dict)
        assert "--wait" in line or result.stderr == "", line


def test_the_journey_has_every_command() -> None:
    missing = [name for name in names(get_command(app)) if not any(line.startswith(name) for line in JOURNEY)]
    assert missing == []


@pytest.mark.parametrize("name", list(names(get_command(app))))
def test_help_has_an_example_and_the_shared_options(nobody: Gero, name: str) -> None:
    shown = nobody.ok(f"{name} --help")
    assert f"$ gero {name}" in " ".join(shown.split()) or f"| gero {name}" in shown
    for option in ("--json", "--api-url", "--token"):
        assert option in shown


def test_a_leaderboard_may_always_be_named_with_l(gero: Gero, triage: dict[str, Any]) -> None:
    for line in ("dataset show", "leaderboard show", "candidate list", "schedule show", "runs list"):
        assert gero.ok(f"{line} -l 'Support triage'") == gero.ok(f"{line} 'Support triage'"), line
    assert "give the leaderboard once" in gero.refused("dataset show a -l b", exit_code=2)


def test_a_model_may_always_be_named_with_m(gero: Gero) -> None:
    gero.ok("model create --name Own --base acme/small")
    for line in ("model show", "model versions", "model leaderboards"):
        assert gero.ok(f"{line} -m Own") == gero.ok(f"{line} Own"), line
    assert "give the model once, by its place or with -m" in gero.refused("model show a -m b", exit_code=2)


def test_an_unexpected_error_is_one_sentence(gero: Gero, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*arguments: Any) -> None:
        raise KeyError("leaderboards")

    monkeypatch.setattr("gero.cli.lookup.leaderboard", broken)
    assert gero.refused("leaderboard show") == "gero: unexpected KeyError: 'leaderboards'; GERO_DEBUG=1 shows where\n"


def test_the_version_is_that_of_the_package(nobody: Gero) -> None:
    assert nobody.ok("--version").startswith("gero ")
