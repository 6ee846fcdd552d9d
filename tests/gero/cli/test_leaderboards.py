from pathlib import Path
from typing import Any

import pytest

from tests.gero.cli.conftest import Gero
from tests.gero.cli.fake_api import FakeApi

URL = "https://huggingface.co/datasets/acme/rows/resolve/main/rows.jsonl"


def test_a_leaderboard_is_created_with_everything_that_was_asked(gero: Gero, api: FakeApi, tmp_path: Path) -> None:
    (tmp_path / "prompt.txt").write_text("Answer with one word.")
    options = "--normalizer case --normalizer number --concurrency 8 --policy strict"
    created = gero.json(f"leaderboard create --name Triage --prompt-file prompt.txt --dataset {URL} {options}")
    assert created["name"] == "Triage"
    assert api.requests[-1][2] == {
        "name": "Triage",
        "system_prompt": "Answer with one word.",
        "dataset_type": "GET",
        "dataset_url": URL,
        "normalizers": ["case", "number"],
        "concurrency": 8,
        "promotion_policy": "strict",
    }


def test_a_pushed_leaderboard_takes_its_prompt_from_a_pipe(gero: Gero, api: FakeApi) -> None:
    result = gero("leaderboard create --name Feedback --push --prompt-file -", input="Answer briefly.")
    assert result.stdout.startswith("Created leaderboard Feedback (")
    assert 'Next: gero candidate add "Feedback"' in result.stderr
    assert api.requests[-1][2] == {"name": "Feedback", "system_prompt": "Answer briefly.", "dataset_type": "PUSH"}


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ("--prompt x", "either --dataset URL or --push"),
        (f"--prompt x --dataset {URL} --push", "either --dataset URL or --push"),
        ("--push", "--prompt TEXT or --prompt-file FILE"),
        ("--push --prompt x --prompt-file y", "either --prompt or --prompt-file"),
        ("--push --prompt-file missing.txt", "cannot be read from missing.txt"),
    ],
)
def test_contradictory_options_are_a_usage_error(gero: Gero, options: str, sentence: str) -> None:
    assert sentence in gero.refused(f"leaderboard create --name x {options}", exit_code=2)


def test_faults_of_the_dataset_are_shown_by_line(gero: Gero) -> None:
    shown = gero.refused("leaderboard create --name x --prompt y --dataset https://huggingface.co/bad")
    assert shown == "gero: dataset_url: the dataset has faults\n  line 7: output: is missing\n"


def test_leaderboards_are_listed_over_all_pages(gero: Gero, api: FakeApi) -> None:
    for number in range(203):
        api.add_leaderboard(f"board {number}")
    assert gero.json("leaderboard list --limit 202")["count"] == 202
    assert "board 49" in gero.ok("leaderboard list")
    assert "board 50" not in gero.ok("leaderboard list")
    assert gero.json("leaderboard show 'board 202'")["name"] == "board 202"


def test_a_leaderboard_is_meant_by_name_in_any_case_by_id_or_by_the_end_of_it(
    gero: Gero, triage: dict[str, Any], api: FakeApi
) -> None:
    api.add_leaderboard("Other")
    for reference in ("Support triage", "support TRIAGE", triage["id"], triage["id"][-8:]):
        assert gero.json(f"leaderboard show '{reference}'")["id"] == triage["id"]
    assert "Answer." in gero.ok("leaderboard show 'Support triage'")


def test_an_unknown_or_ambiguous_name_lists_what_there_is(gero: Gero, triage: dict[str, Any], api: FakeApi) -> None:
    shown = gero.refused("leaderboard show Nonsense")
    assert shown == f"gero: no leaderboard matches 'Nonsense', there are:\n  {triage['id']}  Support triage\n"
    twin = api.add_leaderboard("Support triage")
    shown = gero.refused("ranking 'Support triage'")
    assert "2 leaderboards match 'Support triage', say which one by its id:" in shown
    assert twin["id"] in shown


def test_the_leaderboard_may_be_omitted_only_when_there_is_one(gero: Gero, api: FakeApi) -> None:
    assert "create one with `gero leaderboard create`" in gero.refused("leaderboard show")
    api.add_leaderboard("One")
    assert gero.json("leaderboard show")["name"] == "One"
    api.add_leaderboard("Two")
    shown = gero.refused("leaderboard show", exit_code=2)
    assert "say which leaderboard is meant" in shown
    assert "Two" in shown


def test_only_the_given_fields_are_changed(gero: Gero, triage: dict[str, Any], api: FakeApi) -> None:
    gero.ok("leaderboard update --policy eager --name Triage")
    assert api.requests[-1][2] == {"name": "Triage", "promotion_policy": "eager"}
    assert "say what to change" in gero.refused("leaderboard update", exit_code=2)


def test_production_is_selected_by_the_name_of_a_candidate(gero: Gero, triage: dict[str, Any], api: FakeApi) -> None:
    big = next(model for model in api.models[triage["id"]].values() if model["name"] == "big-1")
    gero.ok("leaderboard update --select big-1")
    assert api.requests[-1][2] == {"model_selection": {"mode": "manual", "model_id": big["id"]}}
    gero.ok("leaderboard update --select winner")
    assert api.requests[-1][2] == {"model_selection": {"mode": "ranking_winner"}}
    assert "no candidate matches 'huge-1'" in gero.refused("leaderboard update --select huge-1")


def test_deleting_asks_unless_yes(gero: Gero, triage: dict[str, Any], api: FakeApi) -> None:
    assert "pass --yes to confirm" in gero.refused("leaderboard delete", exit_code=2)
    assert triage["id"] in api.leaderboards
    assert gero.json("leaderboard delete --yes") == {"id": triage["id"], "deleted": True}
    assert not api.leaderboards


def test_a_candidate_is_added_with_everything_that_was_asked(gero: Gero, triage: dict[str, Any], api: FakeApi) -> None:
    options = "--param temperature=0.2 --param stop=END --price-in 0.15 --price-out 0.6 --timeout 20"
    added = gero("candidate add --endpoint https://m.test/v1 --model cold --auth-token-stdin " + options, "sk-secret\n")
    assert added.stdout.startswith("Added candidate cold (")
    assert "sk-secret" not in added.output
    assert api.requests[-1][2] == {
        "platform": "custom",
        "endpoint_url": "https://m.test/v1",
        "model": "cold",
        "auth_method": "bearer",
        "auth_token": "sk-secret",
        "parameters": {"temperature": 0.2, "stop": "END"},
        "input_cost_per_million_usd": 0.15,
        "output_cost_per_million_usd": 0.6,
        "timeout_seconds": 20,
    }


def test_the_token_of_a_candidate_may_come_from_the_environment(
    gero: Gero, triage: dict[str, Any], api: FakeApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GERO_AUTH_TOKEN", "sk-secret")
    assert "sk-secret" not in gero.ok("candidate add --help")
    added = gero.json("candidate add --endpoint https://m.test/v1 --model cold --auth-header X-Key")
    assert "sk-secret" not in str(added)
    assert api.requests[-1][2]["auth_method"] == "custom_header"
    assert api.requests[-1][2]["auth_token"] == "sk-secret"
    gero.ok("candidate add --endpoint https://m.test/v1 --model open --auth none")
    assert "auth_token" not in api.requests[-1][2]


def test_a_parameter_without_a_value_is_a_usage_error(gero: Gero, triage: dict[str, Any]) -> None:
    assert "KEY=VALUE" in gero.refused("candidate add --endpoint https://m.test/v1 --param temperature", exit_code=2)


def test_candidates_are_listed_and_removed_by_name(gero: Gero, triage: dict[str, Any], api: FakeApi) -> None:
    shown = gero.ok("candidate list 'Support triage'")
    assert "small-1" in shown
    assert "https://models.test/v1" in shown
    assert gero.ok("candidate remove small-1") == "Removed candidate small-1\n"
    assert [model["name"] for model in gero.json("candidate list")["models"]] == ["big-1"]


def test_a_leaderboard_has_a_field_mapping_and_the_settings_of_its_pushed_rows(gero: Gero, api: FakeApi) -> None:
    sizes = "--max-samples 1000 --no-auto-limit --sampling last_n --daily-limit 500 --monthly-limit 9000"
    times = "--end-date 2026-12-31 --consolidate-events 50 --consolidate-hours 6 --no-dedupe --run-on-new-version"
    fields = "--field input=question --field expected=answer.text"
    gero.ok(f"leaderboard create --name Feedback --prompt x --push {fields} {sizes} {times}")
    assert api.requests[-1][2] == {
        "name": "Feedback",
        "system_prompt": "x",
        "dataset_type": "PUSH",
        "field_mapping": {"input": "question", "expected": "answer.text"},
        "max_samples_to_gather": 1000,
        "auto_limit_size": False,
        "sampling_algorithm": "LAST_N",
        "daily_event_limit": 500,
        "monthly_event_limit": 9000,
        "end_date": "2026-12-31",
        "consolidate_every_events": 50,
        "consolidate_every_hours": 6,
        "dedupe": False,
        "run_on_new_version": True,
    }
    shown = " ".join(gero.ok("leaderboard show").split())
    for told in (
        "input ← question, expected ← answer.text",
        "at most 1,000 rows, more are refused, repeated ones too",
        "500 rows a day, 9,000 rows a month, until 2026-12-31",
        "every 50 rows or 6 h, then a run",
    ):
        assert told in shown
    gero.ok("leaderboard update --daily-limit none --end-date none --dedupe --field none")
    changed: dict[str, Any] = {"daily_event_limit": None, "end_date": None, "dedupe": True, "field_mapping": {}}
    assert api.requests[-1][2] == changed
    assert "neither a number of rows nor none" in gero.refused("leaderboard update --daily-limit many", exit_code=2)
