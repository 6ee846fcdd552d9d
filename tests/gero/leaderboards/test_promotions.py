from typing import Any

import pytest
from msgspec.structs import replace

from gero import leaderboards, runs
from gero.kit import table, workflows
from gero.leaderboards import Candidate, Leaderboard, LeaderboardPatch, production, promotions
from tests.gero.leaderboards.boards import board
from tests.gero.leaderboards.decided import complete, evaluated, forget_history, pin

pytestmark = pytest.mark.usefixtures("cloud")


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Leaderboard:
    monkeypatch.setattr(workflows, "succeed_task", lambda _: None)
    return board(promotion_policy="default")


def history(made: Leaderboard) -> list[Any]:
    return [(one.action, one.name, one.previous_name, one.by) for one in promotions.listed("w", made.id)]


def test_every_decision_of_a_run_is_kept_with_its_evidence(made: Leaderboard, good: Candidate, bad: Candidate) -> None:
    complete(made, {"good": 30, "bad": 90}, rows=100)
    complete(made, {"good": 31, "bad": 30}, rows=100)
    decision = complete(made, {"good": 90, "bad": 10}, rows=100)
    assert history(made) == [
        ("promote", "good", "bad", None),
        ("hold", "bad", "bad", None),
        ("first", "bad", None, None),
    ]
    newest, held, first = promotions.listed("w", made.id)
    assert (newest.changed, held.changed, first.changed) == (True, False, True)
    assert decision is not None
    assert (newest.reason, newest.evidence, newest.policy) == (decision.reason, decision.evidence, "default")
    assert newest.evidence is not None
    assert newest.evidence.log_e_better > newest.evidence.log_threshold
    assert (held.rows_needed or 0) > 0
    assert newest.run_id == leaderboards.get("w", made.id).latest_run_id
    assert [one.name for one in promotions.listed("w", made.id, limit=1)] == ["good"]


def test_what_a_person_selects_is_kept_with_who_it_was(made: Leaderboard, good: Candidate, bad: Candidate) -> None:
    complete(made, {"good": 3, "bad": 1})
    pin(made, bad.id)
    pin(made, None)
    assert history(made) == [
        ("unpin", "good", "bad", "token-1"),
        ("pin", "bad", "good", "token-1"),
        ("first", "good", None, None),
    ]


def test_a_decision_that_lost_to_another_change_is_no_history(
    made: Leaderboard, good: Candidate, bad: Candidate, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = evaluated(made, {"good": 3, "bad": 1})
    finish, interrupted = runs.finish, [True]

    def interrupt(*arguments: Any, **named: Any) -> bool:
        if interrupted:
            interrupted.clear()
            leaderboards.patch("w", made.id, LeaderboardPatch(name="Theirs"))
        return finish(*arguments, **named)

    monkeypatch.setattr(runs, "finish", interrupt)
    assert production.complete_run(*found) is not None
    assert production.complete_run(*found) is None
    assert history(made) == [("first", "good", None, None)]
    assert len(list(table.query(f"WS#w#LB#{made.id}", "SERVED#"))) == 1


def test_what_has_served_is_kept_once_however_many_runs_keep_it(
    made: Leaderboard, good: Candidate, bad: Candidate
) -> None:
    for _ in range(3):
        complete(made, {"good": 3, "bad": 1})
    assert [one[0] for one in history(made)] == ["keep", "keep", "first"]
    assert len({one.served_id for one in promotions.listed("w", made.id)}) == 1
    complete(made, {"good": 3, "bad": 1}, prompt="Another {input}")
    assert len({one.served_id for one in promotions.listed("w", made.id)}) == 2


def test_what_serves_from_before_there_was_a_history_is_its_first_record(
    made: Leaderboard, good: Candidate, bad: Candidate
) -> None:
    complete(made, {"good": 3, "bad": 1})
    since = leaderboards.get("w", made.id).production
    forget_history(made)
    complete(made, {"good": 0, "bad": 3})
    pin(made, bad.id)
    assert history(made) == [
        ("pin", "bad", "good", "token-1"),
        ("hold", "good", "good", None),
        ("first", "good", None, None),
    ]
    first = list(promotions.listed("w", made.id))[-1]
    assert since is not None
    assert (first.at, first.run_id, first.reason) == (since.since, since.run_id, since.reason)


def test_a_provisional_ranking_is_held_and_says_why(made: Leaderboard, good: Candidate, bad: Candidate) -> None:
    complete(made, {"good": 30, "bad": 90}, rows=100)
    run, plan, standing = evaluated(made, {"good": 99, "bad": 10}, rows=100)
    decision = production.complete_run(run, plan, standing, provisional="the judge was not checked")
    assert decision is not None
    assert (decision.action, decision.candidate_id) == ("hold", bad.id)
    assert "the judge was not checked" in next(promotions.listed("w", made.id)).reason


def test_the_guardrails_of_the_leaderboard_hold_a_better_model_back(
    made: Leaderboard, good: Candidate, bad: Candidate
) -> None:
    complete(made, {"good": 30, "bad": 60}, rows=100)
    failing = {"good": 5}
    decision = production.complete_run(*evaluated(made, {"good": 95, "bad": 30}, rows=100, errors=failing))
    assert decision is not None
    assert (decision.action, "fails on 5.0% of rows" in decision.reason) == ("hold", True)
    wider = LeaderboardPatch.model_validate({"guardrails": {"max_error_increase": 0.1}})
    leaderboards.patch("w", made.id, wider)
    decision = production.complete_run(*evaluated(made, {"good": 95, "bad": 30}, rows=100, errors=failing))
    assert decision is not None
    assert decision.action == "promote"


def test_a_leaderboard_of_exactly_these_rows_follows_their_mean(
    made: Leaderboard, good: Candidate, bad: Candidate
) -> None:
    complete(made, {"good": 30, "bad": 60}, rows=100)
    run, plan, standing = evaluated(made, {"good": 51, "bad": 50}, rows=100)
    decision = production.complete_run(run, replace(plan, target="dataset"), standing)
    assert decision is not None
    assert (decision.action, decision.candidate_id) == ("promote", good.id)
    assert next(promotions.listed("w", made.id)).evidence == decision.evidence
