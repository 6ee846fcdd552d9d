"""The tool against the API as it is deployed, instead of the one in memory: names of fields and paths are the same."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from functions.api.app import create_app
from functions.serve_inference.handler import handler
from gero import datasets
from gero.datasets import Row
from infra.local.stand_ins.fine_tuning import FineTuning
from tests import openrouter_server
from tests.functions.conftest import Ready, models, ready
from tests.gero.cli.conftest import Gero
from tests.gero.cli.real_api import served
from tests.gero.models.made import tuning

__all__ = ["models", "ready"]  # fixtures, found by their names

TUNING_KEY = "sk-tuning-0123456789"


@pytest.fixture
def real(nobody: Gero, ready: Ready, tmp_path: Path) -> Iterator[Gero]:
    """Somebody who finds the address and the token as `make run` leaves them."""
    with served(create_app()) as api_url, served(handler) as inference_url:
        (tmp_path / ".gero").mkdir()
        found = {"api_url": api_url, "inference_url": inference_url, "token": ready.token}
        (tmp_path / ".gero" / "local.json").write_text(json.dumps(found))
        yield nobody


def test_models_of_openrouter_are_looked_up_tested_chosen_and_added(
    real: Gero, monkeypatch: pytest.MonkeyPatch
) -> None:
    with openrouter_server.serving(monkeypatch):
        offered = real.json("base-model list hearth --limit 2")
        assert (offered["count"], offered["base_models"][0]["platform"]) == (2, "openrouter")
        assert "hearth/" not in real.ok("base-model list --open-weights --limit 200")
        assert "OpenRouter is not connected" in real.refused("candidate test --model hearth/phrases")
        assert "the token is not valid" in real.refused("integration check openrouter", input="sk-or-v1-wrong\n")
        assert "Connected openrouter" in real.ok("integration connect openrouter", input=f"{openrouter_server.KEY}\n")
        assert "openrouter" in real.ok("integration list")
        shown = real.ok("candidate test --model hearth/phrases --input 'Where is my parcel?'")
        assert "as the endpoint counts" in shown
        assert real.ok("candidate add --model hearth/phrases --test --param temperature=0").startswith("Added")
        assert "did you mean hearth/phrases" in real.refused("candidate add --model hearth/phrase")
        limits = "--count 2 --max-price-in 2 --max-price-out 8 --max-p95 5000"
        chosen = real.json(f"candidate auto-select {limits}")
        assert len(chosen["chosen"]) == 2
        assert chosen["chosen"][0]["reason"] in " ".join(real.ok(f"candidate auto-select {limits}").split())
        added = real.json(f"candidate auto-select {limits} --add")
        assert [one["model"] for one in added["models"]] == [one["model"] for one in chosen["chosen"]]
        assert "hearth/phrases" in real.ok("candidate list")
        assert "the workspace's account" in real.ok("candidate show hearth/phrases")


def test_a_candidate_that_fails_its_test_is_not_added(real: Gero, ready: Ready) -> None:
    shown = real("candidate add --endpoint http://127.0.0.1:9/v1 --model none --test --json")
    assert shown.exit_code == 1
    assert json.loads(shown.stdout)["test"]["ok"] is False
    assert "gero: the model did not answer and was not added: " in shown.stderr
    assert [one["name"] for one in real.json("candidate list")["models"]] == ["good", "bad"]
    assert real.json("candidate test bad --input hello")["output"] == "billing"


def test_a_model_is_made_published_deployed_asked_and_compared(real: Gero, ready: Ready) -> None:
    datasets.freeze(ready.workspace, ready.leaderboard.id, [Row("r", "Hello?", ["sales"])], {"kind": "test"})
    base = f"--endpoint {ready.models.url} --base bad --auth-token-stdin --price-in 0.1"
    made = "--prompt 'Be brief.' --examples 1 --seed 3 --param top_p=1 -l Tickets --description Sorts"
    created = real.json(f"model create --name Sorter {base} {made}", input="sk-secret\n")
    assert (created["deployed_version"], created["version"]["examples"][0]["output"]) == (1, "sales")
    assert real.ok("model infer 'Where is my parcel?'") == "billing\n"
    assert "Published version 2, which does not answer yet" in real.ok("model publish --no-examples --no-deploy")
    gone = real.json(
        "model publish --no-prompt --no-params --note Bare --param top_p=1".replace(" --param top_p=1", "")
    )
    assert (gone["system_prompt"], gone["parameters"], gone["note"]) == (None, {}, "Bare")
    assert real.ok("model deploy --version 2") == "Version 2 of Sorter answers\n"
    assert [one["number"] for one in real.json("model versions --limit 50")["versions"]] == [3, 2, 1]
    assert "Be brief." in real.ok("model show Sorter --version 1")
    assert "Sorter" in real.ok("model list")
    assert real.json("model update --name Sorts --auto-update")["name"] == "Sorts"
    assert "not compared" in real.ok("model leaderboards")
    real.ok("candidate add --drgero Sorts")
    assert "version 2" in " ".join(real.ok("candidate list").split())
    assert "'Tickets'" in real.refused("model delete --yes")
    real.ok("candidate remove Sorts")
    assert real.ok("model undeploy") == "No version of Sorts answers, within five seconds\n"
    assert "deploy" in real.refused("candidate add --drgero Sorts")
    real.ok("model delete --yes")


def test_a_model_is_trained_until_it_has_a_version(real: Gero, ready: Ready) -> None:
    rows = [Row(f"r{n}", f"word{n} question", [f"team {n}"]) for n in range(50)]
    datasets.freeze(ready.workspace, ready.leaderboard.id, rows, {"kind": "test"})
    with tuning(FineTuning(api_key=TUNING_KEY)) as url:
        base = f"--endpoint {url} --base keyword-small --auth-token-stdin"
        real.ok(f"model create --name Tuned --mode fine_tune {base} -l Tickets", input=f"{TUNING_KEY}\n")
        options = "--rows 20 --algorithm last_n --training-share 0.9 --hyperparameter n_epochs=2 --suffix teams"
        assert "became version 2" in " ".join(real.ok(f"fine-tune start {options} --wait").split())
        assert "succeeded" in real.ok("fine-tune list")
        run = real.json("fine-tune start --dataset-version 1")
        assert real.json(f"fine-tune show {run['id']}")["rows"] == 40
        assert len(real.json("fine-tune sync")["runs"]) == 1
        assert "is cancelled" in real.ok("fine-tune cancel")
        assert real.ok("fine-tune sync") == "No run is open\n"
        assert "trained on 18 rows" in " ".join(real.ok("model show").split())


def test_how_answers_are_scored_and_what_runs_may_do_is_taken_as_it_is_sent(real: Gero, ready: Ready) -> None:
    judge = "--judge acme/judge --judge-provider huggingface --judge-mode pairwise --rubric Kind --audit-percent 5"
    people = "--human-mode rating --review-rows 7 --reviewers 2 --min-labels 3"
    run = "--racing on --no-reuse --target dataset --max-cost 1.25 --max-cost-ratio 2 --max-error-increase none"
    shown = real.json(f"leaderboard update {judge} {people} {run}")
    assert (shown["eval_type"], shown["judge"]["model"], shown["judge"]["min_labels"]) == ("judge", "acme/judge", 3)
    assert shown["human"] == {"mode": "rating", "rows": 7, "reviewers_per_item": 2}
    assert (shown["racing"], shown["reuse_answers"], shown["max_run_cost_usd"]) == ("on", False, 1.25)
    assert (shown["guardrails"]["max_cost_ratio"], shown["guardrails"]["max_error_increase"]) == (2.0, None)
    kept = real.json("leaderboard update --judge auto --judge-provider openrouter --max-cost none --reuse")["judge"]
    assert (kept["model"], kept["rubric"], kept["audit_percent"]) == (None, "Kind", 5)
    read = real.json(r"leaderboard update --eval exact --normalizer regex --pattern '(\d+)'")
    assert (read["normalizers"], read["answer_pattern"]) == (["regex"], r"(\d+)")


def test_a_run_is_forecast_and_started_with_its_limit(real: Gero, ready: Ready) -> None:
    found = real.json("forecast --rows 2 --max-cost 0.5")
    assert (found["rows"], found["calls"], found["max_cost_usd"], found["may_pause"]) == (2, 4, 0.5, False)
    assert "2 rows of the file as it is now" in real.ok("forecast --rows 2")
    started = real("run --rows 2 --fresh --max-cost 0.5")
    assert started.exit_code == 0
    assert started.stderr.startswith("Forecast: 4 calls, about $0 ")
    run = real.json("runs show")
    assert (run["fresh"], run["max_cost_usd"], run["status"]) == (True, 0.5, "queued")
    assert "this run is not paused but queued" in real.refused("runs resume --max-cost 1")
