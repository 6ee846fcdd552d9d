"""What people who watch a run see of its candidates, before, within and between rounds."""

import os
from typing import Any

import pytest

from gero import evaluation, ranking, runs
from gero.evaluation import BatchStatistics, EvaluationPlan, Finished, Race, Tally, pack_scores
from gero.kit import workflows
from gero.ranking import Contender, interim_standing
from gero.runs import Run, rounds
from gero.traces import SCORE_SCALE
from tests.gero.plans import job_of, stored_plan


@pytest.fixture(autouse=True)
def nobody_to_wake(monkeypatch: pytest.MonkeyPatch) -> None:
    """moto's interpreter has no tasks that wait."""
    monkeypatch.setattr(workflows, "succeed_task", lambda token: None)


@pytest.fixture
def run(cloud: None) -> Run:
    return runs.start("w", "l", source="manual", configuration={})


def planned(run: Run, **changed: Any) -> EvaluationPlan:
    """Seven rows for a and b: two blocks of three in the first round, one row in the second."""
    plan = stored_plan(run_id=run.id, rows=7, **changed)
    dispatch(plan, 1)
    return plan


def dispatch(plan: EvaluationPlan, number: int) -> None:
    rounds.dispatch(plan, number, "token", os.environ["GERO_EVALUATION_QUEUE_URL"])


def take(
    plan: EvaluationPlan, block: int, candidate: str, scores: list[int | None], number: int = 1, **also: Any
) -> None:
    job = job_of(plan, block, candidate, number)
    error = also.pop("error", None)
    found = BatchStatistics(candidate, number, block, len(scores), pack_scores(scores), **also)
    rounds.take(job, Finished(f"results/{job.name}", len(scores), found, error))


def standing(plan: EvaluationPlan, run: Run) -> dict[str, Contender]:
    now = runs.get("w", "l", run.id)
    return {one.id: one for one in interim_standing(plan, now).contenders}


RIGHT, WRONG = SCORE_SCALE, 0


def test_before_the_first_answer_everybody_waits(run: Run) -> None:
    plan = planned(run)
    waiting = Contender("a", "a", rows_planned=7)
    assert standing(plan, run)["a"] == waiting
    assert interim_standing(plan, runs.get("w", "l", run.id)).round == 1


def test_within_a_round_batches_and_what_workers_have_in_hand_count(run: Run) -> None:
    plan = planned(run)
    take(plan, 0, "a", [RIGHT, WRONG, RIGHT], n_errors=1, paid_nanos=10, judge_nanos=3)
    rounds.report(job_of(plan, 1, "a"), Tally(cells_done=2, errors=1, cost_nanos=4))
    rounds.report(job_of(plan, 0, "b"), Tally(cells_done=0, errors=0, cost_nanos=0))
    found = standing(plan, run)
    assert (found["a"].state, found["a"].rows_done, found["a"].rows_planned) == ("asked", 5, 7)
    assert (found["a"].n_errors, found["a"].cost_nanos) == (2, 17)
    assert found["a"].score == pytest.approx(2 / 3)
    assert found["a"].score_low is not None
    assert found["a"].score_high is not None
    assert 0 < found["a"].score_low < 2 / 3 < found["a"].score_high < 1
    assert (found["b"].state, found["b"].rows_done, found["b"].score) == ("asked", 0, None)


def test_after_a_round_nothing_is_counted_twice(run: Run) -> None:
    plan = planned(run)
    for block in (0, 1):
        take(plan, block, "a", [RIGHT] * 3, paid_nanos=5)
        take(plan, block, "b", [WRONG] * 3, paid_nanos=5)
    runs.show_ranking(run, ranking.rank_round(plan, 1).document(), 14)
    between = standing(plan, run)
    assert (between["a"].rows_done, between["a"].cost_nanos, between["a"].score) == (6, 10, 1.0)
    assert interim_standing(plan, runs.get("w", "l", run.id)).batches == 0, "batches that are ranked are not read again"
    dispatch(plan, 2)
    take(plan, 2, "a", [WRONG], number=2, paid_nanos=5)
    after = standing(plan, run)
    assert (after["a"].state, after["a"].rows_done, after["a"].cost_nanos) == ("done", 7, 15)
    assert after["a"].score == 1.0, "the score is that of the rounds that were ranked"
    assert (after["b"].state, after["b"].rows_done) == ("waiting", 6)


def test_a_candidate_that_was_given_up_says_why_at_once(run: Run) -> None:
    plan = planned(run)
    take(plan, 0, "b", [None] * 3, n_not_asked=3, error="401: invalid key")
    found = standing(plan, run)["b"]
    assert (found.state, found.why, found.score) == ("given_up", "401: invalid key", None)


def test_whom_a_race_dropped_is_planned_no_more_rows(run: Run) -> None:
    plan = planned(run, race=Race())
    for block in (0, 1):
        take(plan, block, "a", [RIGHT] * 3)
        take(plan, block, "b", [WRONG] * 3)
    document = ranking.rank_round(plan, 1).document()
    document["race"]["dropped"] = {"b": {"round": 1, "rows": 6, "log_e": 4.0, "why": "it is not the best"}}
    runs.show_ranking(run, document, 13)
    found = standing(plan, run)["b"]
    assert (found.state, found.dropped_in, found.rows_planned, found.why) == ("dropped", 1, 6, "it is not the best")


def test_the_limits_of_a_race_are_those_that_hold_at_any_time(run: Run) -> None:
    raced, whole = planned(run, race=Race()), None
    take(raced, 0, "a", [RIGHT, WRONG, RIGHT])
    found = standing(raced, run)["a"]
    other = runs.start("w", "other", source="manual", configuration={})
    whole = stored_plan(run_id=other.id, leaderboard_id="other", rows=7)
    dispatch(whole, 1)
    take(whole, 0, "a", [RIGHT, WRONG, RIGHT])
    plain = interim_standing(whole, runs.get("w", "other", other.id)).contenders[0]
    assert found.score_low is not None
    assert plain.score_low is not None
    assert found.score_low < plain.score_low


def test_a_run_that_reported_nothing_yet_has_no_round(run: Run) -> None:
    plan = stored_plan(run_id=run.id)
    assert interim_standing(plan, run).round == 0
    assert evaluation.plan.load("w", "l", run.id) == plan
