"""How answers are scored and what runs may do, as options of a leaderboard and as its card tells it."""

from pathlib import Path
from typing import Any

import pytest

from tests.gero.cli.conftest import Gero
from tests.gero.cli.fake_api import FakeApi


def card(gero: Gero) -> str:
    return " ".join(gero.ok("leaderboard show").split())


def test_a_leaderboard_is_judged_by_a_model_with_a_rubric_from_a_file(gero: Gero, api: FakeApi, tmp_path: Path) -> None:
    (tmp_path / "rubric.txt").write_text("Polite and right.")
    judge = "--judge acme/judge --judge-mode pairwise --rubric-file rubric.txt --audit-percent 20 --min-labels 0"
    gero.ok(f"leaderboard create --name Replies --prompt x --push {judge}")
    assert api.requests[-1][2] == {
        "name": "Replies",
        "system_prompt": "x",
        "dataset_type": "PUSH",
        "eval_type": "judge",
        "judge": {
            "mode": "pairwise",
            "audit_percent": 20,
            "min_labels": 0,
            "model": "acme/judge",
            "rubric": "Polite and right.",
        },
    }


def test_a_judge_may_be_chosen_automatically_and_a_rubric_taken_away(gero: Gero, triage: Any, api: FakeApi) -> None:
    gero.ok("leaderboard update --judge auto --rubric none --judge-provider openrouter")
    sent = api.requests[-1][2]
    assert (sent["eval_type"], sent["judge"]["model"], sent["judge"]["rubric"]) == ("judge", None, None)
    assert "a judge that is chosen automatically, on openrouter, 10 % judged twice" in card(gero)


def test_what_is_not_named_of_a_judge_stays_as_it_is(gero: Gero, triage: dict[str, Any], api: FakeApi) -> None:
    gero.ok("leaderboard update --judge acme/judge --rubric Kind")
    gero.ok("leaderboard update --audit-percent 50")
    assert api.requests[-1][2]["judge"] == {
        **triage["judge"],
        "model": "acme/judge",
        "rubric": "Kind",
        "audit_percent": 50,
    }
    assert "eval_type" not in api.requests[-1][2]
    assert "acme/judge, on openrouter, 50 % judged twice: Kind" in card(gero)


def test_a_model_of_the_workspace_judges_by_its_name(gero: Gero, triage: dict[str, Any], api: FakeApi) -> None:
    model = gero.json("model create --name Own --base acme/small")
    gero.ok("leaderboard update --judge Own --judge-provider drgero")
    assert api.requests[-1][2]["judge"]["model"] == model["id"]


def test_people_review(gero: Gero, triage: dict[str, Any], api: FakeApi) -> None:
    gero.ok("leaderboard update --eval human --human-mode rating --review-rows 40 --reviewers 2")
    people = {"mode": "rating", "rows": 40, "reviewers_per_item": 2}
    assert api.requests[-1][2] == {"eval_type": "human", "human": people}
    assert "people, each on a scale, 40 rows of a run, 2 reviewers each" in card(gero)


def test_an_answer_is_read_by_a_pattern(gero: Gero, triage: dict[str, Any], api: FakeApi) -> None:
    gero.ok(r"leaderboard update --normalizer regex --normalizer case --pattern 'Answer: (\w+)'")
    assert api.requests[-1][2] == {"normalizers": ["regex", "case"], "answer_pattern": r"Answer: (\w+)"}
    assert r"exact match after regex, case, pattern Answer: (\w+)" in card(gero)
    gero.ok("leaderboard update --pattern none --normalizer json")
    assert api.requests[-1][2] == {"normalizers": ["json"], "answer_pattern": None}


def test_runs_are_raced_reuse_answers_and_stop_at_a_cost(gero: Gero, triage: dict[str, Any], api: FakeApi) -> None:
    gero.ok("leaderboard update --racing on --no-reuse --target dataset --max-cost 2.50")
    assert api.requests[-1][2] == {
        "racing": "on",
        "reuse_answers": False,
        "evaluation_target": "dataset",
        "max_run_cost_usd": 2.5,
    }
    shown = card(gero)
    for told in ("ranked for exactly these rows", "raced always", "what earlier runs have asked", "pauses at $2.50"):
        assert told in shown
    gero.ok("leaderboard update --max-cost none --reuse")
    assert api.requests[-1][2] == {"reuse_answers": True, "max_run_cost_usd": None}


def test_a_better_model_keeps_to_guardrails(gero: Gero, triage: dict[str, Any], api: FakeApi) -> None:
    gero.ok("leaderboard update --max-cost-ratio 1.5 --max-error-increase 0")
    sent = {"max_cost_ratio": 1.5, "max_latency_ratio": None, "max_error_increase": 0.0}
    assert api.requests[-1][2] == {"guardrails": sent}
    assert "at most 1.5 times the cost and 0.0% more errors" in card(gero)
    gero.ok("leaderboard update --max-cost-ratio none --max-error-increase none")
    assert api.requests[-1][2]["guardrails"] == dict.fromkeys(sent)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ("--rubric x --rubric-file y", "either --rubric or --rubric-file"),
        ("--rubric-file missing.txt", "the rubric cannot be read from missing.txt"),
        ("--max-cost much", "--max-cost much is neither a number, such as 2.5, nor none"),
        ("--max-cost=-1", "neither a number"),
        ("--max-cost inf", "neither a number"),
        ("--max-cost nan", "neither a number"),
    ],
)
def test_options_that_cannot_be_are_usage_errors(gero: Gero, triage: Any, options: str, sentence: str) -> None:
    assert sentence in gero.refused(f"leaderboard update {options}", exit_code=2)


def test_the_judge_card_says_how_far_to_trust_it_and_what_people_make_of_it(gero: Gero, triage: dict[str, Any]) -> None:
    told = " ".join(gero.ok("judge").split())
    for part in (
        "Provisional: The judge was compared with people on 60 of the 100 verdicts",
        "acme/judge, pointwise, another verdict on 5% (1%–17%) of 40 audits",
        "agreement with people κ 0.71 on 60 verdicts, 40 more verdicts of people needed",
        "Warning: it is of the family of small-1",
        "small-1 - large-1 +0.040 -0.020 +0.010 -0.030 to +0.050 60",
    ):
        assert part in told, told
