"""Where a leaderboard answers, and the programs that ask it."""

import ast
import json
import subprocess
from typing import Any

import pytest

from tests.gero.cli.conftest import Gero
from tests.gero.cli.fake_api import TOKEN, FakeApi


@pytest.fixture
def served(triage: dict[str, Any], api: FakeApi) -> dict[str, Any]:
    """A leaderboard that has a model in production."""
    api.leaderboards[triage["id"]]["production"] = {"model_id": "m", "name": "small-1"}
    return triage


def test_the_base_address_the_name_and_programs_are_shown(gero: Gero, served: dict[str, Any], api: FakeApi) -> None:
    shown = gero.ok("endpoint 'Support triage'")
    assert f"base URL  {api.url}/v1\nmodel     support-triage\n" in shown
    assert "GERO_API_TOKEN" in shown
    assert "messages  get the prompt in front" in shown
    found = gero.json("endpoint")
    assert (found["base_url"], found["model"], found["leaderboard_id"]) == (
        f"{api.url}/v1",
        "support-triage",
        served["id"],
    )
    for program in found["samples"].values():
        assert program in shown
        assert '"support-triage"' in program


def test_two_of_one_name_are_asked_by_their_ids(gero: Gero, served: dict[str, Any], api: FakeApi) -> None:
    api.add_leaderboard("Support TRIAGE", production={"model_id": "m", "name": "small-1"})
    assert gero.json(f"endpoint {served['id']}")["model"] == served["id"]


def test_before_a_run_it_is_said_that_nothing_answers(gero: Gero, triage: dict[str, Any], api: FakeApi) -> None:
    result = gero("endpoint")
    assert f"model     {triage['id']}" in result.stdout
    assert result.stderr == "No model serves it yet: complete a run first, with gero run\n"


def test_the_programs_are_programs(gero: Gero, served: dict[str, Any]) -> None:
    python = gero.ok("endpoint --sample python")
    calls = [node for node in ast.walk(ast.parse(python)) if isinstance(node, ast.Call)]
    given = {one.arg: ast.literal_eval(one.value) for one in calls[1].keywords}
    assert given == {"model": "support-triage", "messages": [{"role": "user", "content": "Hello"}]}
    script = gero.ok("endpoint --sample javascript")
    checked = ["node", "--input-type=module", "--check"]
    assert subprocess.run(checked, input=script, text=True, check=False).returncode == 0


def test_the_curl_call_sends_the_question_with_the_token_of_the_environment(
    gero: Gero, served: dict[str, Any], api: FakeApi
) -> None:
    shown = gero.ok("endpoint --sample curl")
    assert TOKEN not in shown
    subprocess.run(["bash", "-c", f"{shown.strip()} -s"], check=True, capture_output=True)
    method, path, body = api.requests[-1]
    assert (method, path) == ("POST", "/v1/chat/completions")
    assert body == {"model": "support-triage", "messages": [{"role": "user", "content": "Hello"}]}
    assert json.dumps(body["messages"]) in gero.ok("endpoint --sample python")
