"""Models of the Models area: recipes in versions."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.gero.cli.conftest import Gero
from tests.gero.cli.fake_api import FakeApi


def asked(api: FakeApi) -> dict[str, Any]:
    body = api.requests[-1][2]
    assert isinstance(body, dict)
    return body


@pytest.fixture
def own(gero: Gero) -> dict[str, Any]:
    made = gero.json("model create --name Own --base acme/small --prompt Hi --param temperature=0")
    assert isinstance(made, dict)
    return made


def test_a_model_is_created_with_everything_that_was_asked(
    gero: Gero, triage: dict[str, Any], api: FakeApi, tmp_path: Path
) -> None:
    (tmp_path / "prompt.txt").write_text("Name the team.")
    created = gero(
        "model create --name Triage --description Tickets --base acme/small --provider deepinfra --price-in 0.1 "
        "--prompt-file prompt.txt --examples 20 --examples-version 3 --seed 7 --param temperature=0 "
        "-l 'Support triage' --no-auto-update --no-deploy"
    )
    assert asked(api) == {
        "name": "Triage",
        "description": "Tickets",
        "creation_mode": "recipe",
        "leaderboard_ids": [triage["id"]],
        "auto_update_model": False,
        "deploy": False,
        "base": {
            "platform": "openrouter",
            "model": "acme/small",
            "provider": "deepinfra",
            "input_cost_per_million_usd": 0.1,
        },
        "system_prompt": "Name the team.",
        "examples": {"leaderboard_id": triage["id"], "dataset_version": 3, "count": 20, "seed": 7},
        "parameters": {"temperature": 0},
    }
    assert created.stdout.startswith("Created model Triage (")
    assert created.stdout.endswith("), no version answers yet\n")
    assert 'Next: gero model deploy "Triage"' in created.stderr


def test_the_token_of_a_base_is_sent_and_never_shown(gero: Gero, api: FakeApi) -> None:
    line = "model create --name Own --endpoint https://m.test/v1 --base small --auth-token-stdin"
    created = gero(line, input="sk-secret\n")
    assert asked(api)["base"] == {
        "platform": "custom",
        "endpoint_url": "https://m.test/v1",
        "model": "small",
        "auth_method": "bearer",
        "auth_token": "sk-secret",
    }
    assert "sk-secret" not in created.output + gero.ok("model show") + gero.ok("model show --json")
    assert 'Next: gero candidate add --drgero "Own"' in created.stderr


def test_an_automatic_model_takes_the_only_leaderboard(gero: Gero, triage: dict[str, Any], api: FakeApi) -> None:
    gero.ok("model create --name Auto --mode auto")
    assert asked(api) == {"name": "Auto", "creation_mode": "auto", "leaderboard_ids": [triage["id"]]}


def test_a_model_that_will_be_trained_says_how_to_start(gero: Gero) -> None:
    result = gero("model create --name Tuned --mode fine_tune --base acme/small")
    assert 'Next: gero fine-tune start -m "Tuned"' in result.stderr


def test_examples_may_be_a_file_of_lines_or_one_list(gero: Gero, api: FakeApi, tmp_path: Path) -> None:
    pair = {"input": "My parcel is late", "output": "Shipping"}
    (tmp_path / "lines.jsonl").write_text(f"{json.dumps(pair)}\n\n{json.dumps(pair)}\n")
    gero.ok("model create --name Lines --base acme/small --examples-file lines.jsonl")
    assert asked(api)["examples"] == [pair, pair]
    gero.ok("model create --name List --base acme/small --examples-file -", input=json.dumps([pair]))
    assert asked(api)["examples"] == [pair]
    gero.ok("model create --name One --base acme/small --examples-file -", input=json.dumps(pair))
    assert asked(api)["examples"] == [pair]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ("", "--base AUTHOR/MODEL of OpenRouter, or --endpoint URL"),
        ("--base small", "say where the model answers"),
        ("--price-in 1", "say where the model answers"),
        ("--base a/b --prompt x --prompt-file y", "either --prompt or --prompt-file"),
        ("--base a/b --examples-file x --examples 3", "either with --examples-file or with --examples"),
        ("--base a/b --examples-file missing.jsonl", "the examples cannot be read from missing.jsonl"),
        ("--base a/b --examples-file bad.jsonl", "bad.jsonl, line 2: not JSON"),
        ("--base a/b --examples-file empty.jsonl", "empty.jsonl holds no examples"),
        ("--base a/b --param temperature", "--param temperature is not KEY=VALUE"),
    ],
)
def test_unusable_options_are_a_usage_error(gero: Gero, tmp_path: Path, options: str, sentence: str) -> None:
    (tmp_path / "bad.jsonl").write_text('{"input": "a", "output": "b"}\n{"input"\n')
    (tmp_path / "empty.jsonl").write_text("\n")
    assert sentence in gero.refused(f"model create --name x {options}", exit_code=2)


def test_a_token_of_the_environment_alone_describes_no_base(
    gero: Gero, own: dict[str, Any], api: FakeApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GERO_AUTH_TOKEN", "sk-secret")
    gero.ok("model publish --prompt Hello")
    assert asked(api) == {"system_prompt": "Hello"}


def test_models_are_listed_and_shown_with_their_version(gero: Gero, triage: dict[str, Any]) -> None:
    gero.ok("model create --name Own --base acme/small --prompt 'Name the team.' --examples 6 --param top_p=0.5")
    assert "Own recipe 1 version 1" in " ".join(gero.ok("model list").split())
    shown = " ".join(gero.ok("model show").split())
    for told in (
        "answers version 1",
        "base acme/small (openrouter)",
        "$ / 1M $0.15 in, $0.6 out",
        "prompt Name the team.",
        "parameters top_p=0.5",
        "examples 6 of the dataset of",
        "q4 a4 and 1 more; --json has them all",
    ):
        assert told in shown
    assert gero.json("model show own")["version"]["number"] == 1


def test_a_version_is_published_with_what_is_new_only(gero: Gero, own: dict[str, Any], api: FakeApi) -> None:
    published = gero("model publish --base acme/large --note Larger")
    assert asked(api) == {"base": {"platform": "openrouter", "model": "acme/large"}, "note": "Larger"}
    assert published.stdout == "Published version 2, and it answers\n"
    waiting = gero("model publish Own --prompt Hello --no-deploy")
    assert asked(api) == {"system_prompt": "Hello", "deploy": False}
    assert waiting.stdout == "Published version 3, which does not answer yet\n"
    assert f"gero model deploy {own['id']} --version 3" in waiting.stderr
    listed = [" ".join(line.split()) for line in gero.ok("model versions").splitlines()]
    assert listed[2].startswith("3 acme/large recipe 0")
    assert listed[3].startswith("2 answers acme/large recipe 0")
    assert listed[3].endswith("Larger")
    assert gero.json("model versions --limit 1 --offset 1")["versions"][0]["number"] == 2
    assert gero.json("model show --version 1")["version"]["system_prompt"] == "Hi"
    assert "no version 9" in gero.refused("model show --version 9")


def test_what_a_version_has_can_be_taken_away(gero: Gero, own: dict[str, Any], api: FakeApi) -> None:
    gero.ok("model publish --no-prompt --no-examples --no-params")
    assert asked(api) == {"system_prompt": None, "examples": None, "parameters": {}}
    assert gero.json("model show")["version"]["system_prompt"] is None
    both = gero.refused("model publish --prompt x --no-prompt", exit_code=2)
    assert "system prompt: give it or take it away, not both" in both
    assert "say what is new in it" in gero.refused("model publish --note x", exit_code=2)


def test_the_version_that_answers_is_chosen_and_taken_back(gero: Gero, own: dict[str, Any], api: FakeApi) -> None:
    gero.ok("model publish --prompt Hello")
    assert gero.ok("model deploy --version 1") == "Version 1 of Own answers\n"
    assert gero.ok("model deploy Own") == "Version 2 of Own answers\n"
    assert asked(api) == {}
    assert gero.ok("model undeploy -m Own") == "No version of Own answers, within five seconds\n"
    assert "none is deployed" in gero.ok("model list")
    assert "the model 'Own' is not deployed" in gero.refused("model infer hello")


def test_a_model_is_asked_with_a_text_a_pipe_or_a_whole_body(gero: Gero, own: dict[str, Any], api: FakeApi) -> None:
    result = gero("model infer 'My parcel is late' -m Own")
    assert result.stdout == "Own: My parcel is late\n"
    assert "acme/small · 30 ms · $0.0002" in result.stderr
    assert gero.ok("model infer", input="from a pipe\n") == "Own: from a pipe\n"
    body = {"messages": [{"role": "user", "content": "Hi"}], "temperature": 0}
    gero.ok(f"model infer --raw '{json.dumps(body)}'")
    assert api.requests[-1] == ("POST", f"/v1/models/{own['id']}/inference", body)
    assert "give either TEXT or --raw" in gero.refused("model infer x --raw '{}'", exit_code=2)


def test_only_the_given_settings_are_changed(
    gero: Gero, own: dict[str, Any], triage: dict[str, Any], api: FakeApi
) -> None:
    gero.ok("model update Own --name Mine --no-auto-update -l 'Support triage'")
    assert asked(api) == {"name": "Mine", "leaderboard_ids": [triage["id"]], "auto_update_model": False}
    gero.ok("model update Mine --description ''")
    assert asked(api) == {"description": ""}
    assert "say what to change" in gero.refused("model update Mine", exit_code=2)


def test_the_leaderboards_of_a_model_are_listed_and_hold_it(
    gero: Gero, own: dict[str, Any], triage: dict[str, Any]
) -> None:
    gero.ok("model update Own -l 'Support triage'")
    assert "Support triage not compared" in " ".join(gero.ok("model leaderboards").split())
    added = gero.json("candidate add --drgero Own")
    assert f"Support triage {added['id'][-8:]}" in " ".join(gero.ok("model leaderboards Own").split())
    assert "leaderboards compare this model: 'Support triage'" in gero.refused("model delete Own --yes")
    gero.ok("candidate remove Own")
    assert "pass --yes to confirm" in gero.refused("model delete Own", exit_code=2)
    assert gero.json("model delete Own --yes") == {"id": own["id"], "deleted": True}
    assert "create one with `gero model create`" in gero.refused("model show")


def test_the_model_may_be_omitted_only_when_there_is_one(gero: Gero, own: dict[str, Any]) -> None:
    gero.ok("model create --name Other --base acme/large")
    shown = gero.refused("model show", exit_code=2)
    assert "say which model is meant" in shown
    assert "Other" in shown
    assert gero.json(f"model show {own['id'][-8:]}")["name"] == "Own"
