import pytest

from gero import evaluation, leaderboards, runs
from gero.kit import Conflict, workflows
from gero.leaderboards import Candidate, Leaderboard, LeaderboardPatch, ModelSelection, production
from gero.providers import target
from gero.providers.target import NoTarget
from tests.gero.leaderboards.boards import add, board
from tests.gero.leaderboards.decided import complete, evaluated, pin, serving

pytestmark = pytest.mark.usefixtures("cloud")


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Leaderboard:
    monkeypatch.setattr(workflows, "succeed_task", lambda _: None)
    return board(promotion_policy="top")


def served(made: Leaderboard) -> str:
    """The name of the model that serves."""
    return serving(made).name


def test_a_run_serves_its_best_model_with_the_prompt_it_was_evaluated_with(
    made: Leaderboard, good: Candidate, bad: Candidate
) -> None:
    run, plan, standing = evaluated(made, {"good": 3, "bad": 1}, prompt="Evaluated {input}")
    leaderboards.patch("w", made.id, LeaderboardPatch(system_prompt="Changed meanwhile {input}"))
    decision = production.complete_run(run, plan, standing)
    assert decision is not None
    assert (decision.action, decision.candidate_id) == ("first", good.id)
    assert served(made) == "good"
    assert target.load(target.key("w", made.id)).prompt == "Evaluated {input}"  # type: ignore[union-attr]
    assert leaderboards.get("w", made.id).latest_run_id == run.id
    ended = runs.get("w", made.id, run.id)
    assert (ended.status, ended.decision and ended.decision["candidate_id"]) == ("completed", good.id)
    assert runs.active_run_id("w", made.id) is None


def test_completing_again_changes_nothing(made: Leaderboard, good: Candidate, bad: Candidate) -> None:
    run, plan, standing = evaluated(made, {"good": 3, "bad": 1})
    production.complete_run(run, plan, standing)
    before = leaderboards.get("w", made.id)
    assert production.complete_run(run, plan, standing) is None
    assert leaderboards.get("w", made.id) == before


def test_a_cancelled_run_promotes_nobody(made: Leaderboard, good: Candidate, bad: Candidate) -> None:
    run, plan, standing = evaluated(made, {"good": 3, "bad": 1})
    runs.cancel(run)
    assert production.complete_run(run, plan, standing) is None
    assert target.load(target.key("w", made.id)) == NoTarget()
    assert leaderboards.get("w", made.id).production is None


def test_the_champion_keeps_the_moment_since_when_it_serves(made: Leaderboard, good: Candidate, bad: Candidate) -> None:
    complete(made, {"good": 3, "bad": 1})
    first = leaderboards.get("w", made.id).production
    complete(made, {"good": 3, "bad": 1}, prompt="New {input}")
    again = leaderboards.get("w", made.id).production
    assert first is not None
    assert again is not None
    assert (again.since, again.run_id != first.run_id) == (first.since, True)
    assert target.load(target.key("w", made.id)).prompt == "New {input}"  # type: ignore[union-attr]
    complete(made, {"good": 1, "bad": 3})
    assert served(made) == "bad"


def test_a_pinned_model_is_served_whatever_the_ranking_says(made: Leaderboard, good: Candidate, bad: Candidate) -> None:
    pin(made, bad.id)
    assert target.load(target.key("w", made.id)) == NoTarget()  # it takes effect with the first completed run
    complete(made, {"good": 3, "bad": 1})
    assert served(made) == "bad"


def test_a_pin_serves_at_once_and_taking_it_away_brings_back_the_top(
    made: Leaderboard, good: Candidate, bad: Candidate
) -> None:
    complete(made, {"good": 3, "bad": 1})
    pin(made, bad.id)
    assert served(made) == "bad"
    pin(made, None)
    assert served(made) == "good"


def test_taking_a_pin_away_skips_models_that_are_gone(made: Leaderboard, good: Candidate, bad: Candidate) -> None:
    complete(made, {"good": 3, "bad": 1})
    pin(made, bad.id)
    leaderboards.candidates.remove("w", made.id, good.id)
    pin(made, None)
    assert served(made) == "bad"


def test_a_change_that_came_between_is_kept_and_the_run_still_completes(
    made: Leaderboard, good: Candidate, bad: Candidate, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = evaluated(made, {"good": 3, "bad": 1})
    finish, interrupted = runs.finish, [True]

    def interrupt(*arguments: object, **named: object) -> bool:
        if interrupted:
            interrupted.clear()
            leaderboards.patch("w", made.id, LeaderboardPatch(name="Theirs"))
        return finish(*arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(runs, "finish", interrupt)
    assert production.complete_run(*found) is not None
    assert (served(made), leaderboards.get("w", made.id).name) == ("good", "Theirs")


def test_a_model_that_serves_or_is_pinned_cannot_be_removed(made: Leaderboard, good: Candidate, bad: Candidate) -> None:
    complete(made, {"good": 3, "bad": 1})
    current = leaderboards.get("w", made.id)
    production.check_removable(current, bad.id)
    with pytest.raises(Conflict) as refused:
        production.check_removable(current, good.id)
    assert refused.value.code == "model_in_production"
    pinned = current.model_copy(update={"model_selection": ModelSelection(mode="manual", model_id=bad.id)})
    with pytest.raises(Conflict) as refused:
        production.check_removable(pinned, bad.id)
    assert refused.value.code == "model_pinned"


def test_a_candidate_that_is_gone_serves_on_and_its_results_stay(made: Leaderboard, good: Candidate) -> None:
    add(made, "bad")
    complete(made, {"good": 3, "bad": 1})
    leaderboards.candidates.remove("w", made.id, good.id)
    assert served(made) == "good"
    assert evaluation.plan.load("w", made.id, str(leaderboards.get("w", made.id).latest_run_id)).candidate(good.id)
