"""Candidates: where they answer, a test of one, and those that Gero chooses."""

import json
from typing import Any

import pytest

from tests.gero.cli.conftest import Gero
from tests.gero.cli.fake_api import FakeApi

BROKEN = "--endpoint https://broken.test/v1 --model small"


def asked(api: FakeApi) -> dict[str, Any]:
    body = api.requests[-1][2]
    assert isinstance(body, dict)
    return body


@pytest.mark.parametrize(
    ("options", "body"),
    [
        ("--model acme/small", {"platform": "openrouter", "model": "acme/small"}),
        (
            "--model acme/small --provider deepinfra/fp8 --quantization fp8 --price-in 0",
            {
                "platform": "openrouter",
                "model": "acme/small",
                "provider": "deepinfra/fp8",
                "quantization": "fp8",
                "input_cost_per_million_usd": 0,
            },
        ),
        (
            "--endpoint https://x.eu.aws.endpoints.huggingface.cloud",
            {"platform": "huggingface", "endpoint_url": "https://x.eu.aws.endpoints.huggingface.cloud"},
        ),
        (
            "--platform huggingface --model meta/llama --provider together",
            {"platform": "huggingface", "model": "meta/llama", "provider": "together"},
        ),
        (
            "--endpoint https://notreallyhuggingface.cloud --model a/b",
            {
                "platform": "custom",
                "endpoint_url": "https://notreallyhuggingface.cloud",
                "model": "a/b",
                "auth_method": "none",
            },
        ),
        (
            "--endpoint https://[nonsense --name x",
            {"platform": "custom", "endpoint_url": "https://[nonsense", "name": "x", "auth_method": "none"},
        ),
    ],
)
def test_the_platform_is_guessed_from_what_is_given(
    gero: Gero, triage: dict[str, Any], api: FakeApi, options: str, body: dict[str, Any]
) -> None:
    gero.ok(f"candidate add {options}")
    assert asked(api) == body


def test_a_model_without_an_address_is_a_usage_error(gero: Gero, triage: dict[str, Any]) -> None:
    shown = gero.refused("candidate add --model small", exit_code=2)
    assert "say where the model answers: AUTHOR/MODEL for OpenRouter, or --endpoint URL, or --platform" in shown
    assert "say where the model answers" in gero.refused("candidate test", exit_code=2)


def test_a_token_of_the_environment_is_not_sent_where_the_platform_has_its_own(
    gero: Gero, triage: dict[str, Any], api: FakeApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GERO_AUTH_TOKEN", "sk-secret")
    gero.ok("candidate add --model acme/small")
    assert asked(api) == {"platform": "openrouter", "model": "acme/small"}
    gero.ok("candidate add --model acme/small --auth-token sk-other")
    assert asked(api)["auth_token"] == "sk-other"  # the API says that there is no use for it
    gero.ok("candidate test small-1")
    assert asked(api) == {}


def test_a_model_of_the_workspace_is_added_by_its_name(gero: Gero, triage: dict[str, Any], api: FakeApi) -> None:
    own = gero.json("model create --name Own --base acme/small")
    gero.ok("candidate add --drgero own")
    assert asked(api) == {"platform": "drgero", "drgero_model_id": own["id"]}
    assert "no model matches 'nobody'" in gero.refused("candidate add --drgero nobody")


def test_the_list_shows_platform_version_and_provider(gero: Gero, triage: dict[str, Any], api: FakeApi) -> None:
    plain = gero.ok("candidate list").splitlines()[0].split()
    assert plain == ["id", "name", "platform", "model", "endpoint", "$", "in", "$", "out"]
    gero.ok("model create --name Own --base acme/small")
    gero.ok("candidate add --drgero Own")
    gero.ok("candidate add --model acme/large --provider deepinfra --quantization fp8 --name Large")
    shown = [" ".join(line.split()) for line in gero.ok("candidate list").splitlines()]
    assert "platform model provider endpoint" in shown[0]
    large = next(line for line in shown if "Large" in line)
    assert "Large OpenRouter acme/large deepinfra fp8 – –" in large
    assert any("Own Dr.Gero version 1 acme/small – – –" in line for line in shown)
    own = next(one for one in api.models[triage["id"]].values() if one["name"] == "Own")
    own["drgero_version"] = None
    assert "none is deployed" in gero.ok("candidate list")


def test_the_list_fits_a_terminal_of_eighty_columns(
    gero: Gero, triage: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    gero.ok("candidate add --model acme/large --provider deepinfra --quantization fp8 --price-in 3 --price-out 12")
    monkeypatch.setenv("COLUMNS", "80")
    lines = gero.ok("candidate list").splitlines()
    assert max(map(len, lines)) <= 80
    assert any("$12.00" in line for line in lines)


def test_a_candidate_is_shown_whole_but_without_its_token(gero: Gero, triage: dict[str, Any]) -> None:
    gero.ok("candidate add --endpoint https://m.test/v1 --model cold --auth-token-stdin --param top_p=0.5", "sk-secret")
    shown = " ".join(gero.ok("candidate show cold").split())
    assert "platform custom endpoint https://m.test/v1 model cold auth bearer parameters top_p=0.5" in shown
    assert "sk-secret" not in shown


def test_a_test_shows_the_answer_and_what_it_took(gero: Gero, triage: dict[str, Any], api: FakeApi) -> None:
    shown = " ".join(gero.ok("candidate test --model acme/small --provider deepinfra --input 'My parcel'").split())
    assert asked(api) == {
        "platform": "openrouter",
        "model": "acme/small",
        "provider": "deepinfra",
        "input": "My parcel",
    }
    for told in (
        "asked My parcel",
        "answer Shipping",
        "latency 412 ms",
        "cost $0.000123",
        "tokens 9 in, 3 out, as the endpoint counts",
        "provider deepinfra",
    ):
        assert told in shown
    assert [one["name"] for one in gero.json("candidate list")["models"]] == ["small-1", "big-1"]


def test_a_candidate_that_is_there_is_tested_by_its_name(gero: Gero, triage: dict[str, Any], api: FakeApi) -> None:
    assert "tokens 9 in, 3 out, estimated" in " ".join(gero.ok("candidate test small-1").split())
    small = next(one for one in api.models[triage["id"]].values() if one["name"] == "small-1")
    assert api.requests[-1] == ("POST", f"/api/leaderboards/{triage['id']}/models/{small['id']}/test", {})
    assert gero.json("candidate test small-1 --input hello")["input"] == "hello"
    assert "not" not in gero.ok("candidate test small-1 -l 'Support triage'")
    shown = gero.refused("candidate test small-1 --model acme/small", exit_code=2)
    assert "give either a CANDIDATE that is there, or options" in shown


def test_a_failed_test_fails_the_command_with_the_hint(gero: Gero, triage: dict[str, Any]) -> None:
    shown = gero(f"candidate test {BROKEN}")
    assert (shown.exit_code, shown.stdout) == (1, "")
    assert shown.stderr == (
        "gero: the model did not answer: the endpoint answered with 401: bad key\n"
        "  try: check its key\n"
        "  asked: Where is my parcel?\n"
    )
    failed = gero(f"candidate test {BROKEN} --json")
    assert failed.exit_code == 1
    assert json.loads(failed.stdout)["code"] == "unauthorized"


def test_adding_with_a_test_adds_only_what_answers(gero: Gero, triage: dict[str, Any], api: FakeApi) -> None:
    shown = gero(f"candidate add {BROKEN} --test --json")
    assert shown.exit_code == 1
    assert json.loads(shown.stdout)["test"]["ok"] is False
    assert "gero: the model did not answer and was not added: the endpoint answered with 401" in shown.stderr
    assert len(api.models[triage["id"]]) == 2
    added = gero("candidate add --model acme/small --test --input hello")
    assert added.stdout.startswith("Added candidate acme/small (")
    assert "It answered in the test: Shipping · 412 ms · $0.000123 · 9 in, 3 out" in added.stderr
    assert asked(api) == {"platform": "openrouter", "model": "acme/small"}
    assert len(api.models[triage["id"]]) == 3
    assert gero.json("candidate add --model acme/large --test")["test"]["output"] == "Shipping"
    assert "--input is what --test asks" in gero.refused("candidate add --model a/b --input x", exit_code=2)


def test_a_token_from_stdin_is_read_once_for_test_and_adding(gero: Gero, triage: dict[str, Any], api: FakeApi) -> None:
    gero.ok("candidate add --endpoint https://m.test --model x --auth-token-stdin --test", "sk-secret\n")
    test, added = [body for method, _, body in api.requests if method == "POST"]
    assert test == added
    assert added["auth_token"] == "sk-secret"


def test_auto_select_shows_its_choice_with_reasons_and_adds_nothing(
    gero: Gero, triage: dict[str, Any], api: FakeApi
) -> None:
    result = gero(
        "candidate auto-select --count 2 --max-price-in 0.5 --max-price-out 2 --max-p95 1500 --max-p99 3000 "
        "--open-weights --refresh"
    )
    assert asked(api) == {
        "count": 2,
        "max_input_cost_per_million_usd": 0.5,
        "max_output_cost_per_million_usd": 2.0,
        "max_latency_p95_ms": 1500.0,
        "max_latency_p99_ms": 3000.0,
        "open_weights_only": True,
        "refresh": True,
        "dry_run": True,
    }
    shown = [" ".join(line.split()) for line in result.stdout.splitlines()]
    assert "acme/small any $0.15 $0.6 128,000 640 ms~ 900 ms closed" in shown
    assert "meta/llama-70b deepinfra/fp8 $0.1 $0.4 128,000 640 ms~ 900 ms open" in shown
    assert "acme/small: the newest of its price at $0.15" in shown
    assert "considered 3 models, 2 eligible" in shown
    assert "input too expensive 1" in shown
    assert any("interpolated between the p90 and p99" in line for line in shown)
    assert "OpenRouter's list, read 12 min 34 s ago" in shown
    assert "Nothing was added: the same command with --add adds them" in result.stderr
    assert len(api.models[triage["id"]]) == 2


def test_auto_select_adds_what_is_not_there_yet(gero: Gero, triage: dict[str, Any], api: FakeApi) -> None:
    gero.ok("candidate add --model acme/large")
    result = gero("candidate auto-select --add")
    assert asked(api) == {"dry_run": False}
    assert f"Added 2 candidates, 1 was there already. Next: gero run {triage['id']} --wait" in result.stderr
    again = gero("candidate auto-select --add --json")
    assert json.loads(again.stdout)["added"] == 0
    assert again.stderr == ""


def test_auto_select_without_a_choice_says_what_stood_against_it(
    gero: Gero, triage: dict[str, Any], api: FakeApi
) -> None:
    api.catalogue["stale"] = True
    result = gero("candidate auto-select --max-price-in 0.01")
    assert "No model is within these limits" in result.stdout
    assert "input too expensive 3" in " ".join(result.stdout.split())
    assert "OpenRouter cannot be asked just now" in result.stdout
    assert result.stderr == ""


def test_base_models_are_listed_with_prices_and_the_age_of_the_list(gero: Gero, api: FakeApi) -> None:
    result = gero("base-model list --limit 2")
    assert "acme/large $3.00 $12.00 128,000 closed 2025-06-15" in " ".join(result.stdout.split())
    assert "2 of 3; the next ones: --offset 2. OpenRouter's list, read 12 min 34 s ago" in result.stderr
    rest = gero("base-model list --limit 2 --offset 2")
    assert "meta/llama-70b" in rest.stdout
    assert "next ones" not in rest.stderr
    found = gero.json("base-model list llama --open-weights")
    assert [one["id"] for one in found["base_models"]] == ["meta/llama-70b"]
    assert gero.json("base-model list acme --open-weights")["base_models"] == []
