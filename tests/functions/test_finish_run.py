from functions.finish_run.handler import handler
from gero import leaderboards, providers, runs
from gero.leaderboards import LeaderboardPatch, ModelSelection
from gero.providers.target import Target
from tests.functions.conftest import Ready
from tests.functions.context import Context
from tests.functions.workflow import finished, ranked, started


def served(ready: Ready) -> Target:
    target = providers.target.load(providers.target.key(ready.workspace, ready.leaderboard.id))
    assert isinstance(target, Target)
    return target


def test_the_first_run_puts_its_best_model_into_production_and_unlocks(ready: Ready) -> None:
    run = finished(ready)
    assert run.status == "completed"
    assert run.decision
    assert run.decision["action"] == "first"
    leaderboard = leaderboards.get(ready.workspace, ready.leaderboard.id)
    assert leaderboard.production
    assert leaderboard.production.name == "good"
    assert leaderboard.latest_run_id == run.id
    assert served(ready).prompt == "Which team?"
    assert runs.active_run_id(ready.workspace, ready.leaderboard.id) is None


def test_three_rows_are_no_evidence_for_a_change(ready: Ready) -> None:
    finished(ready)
    ready.models.answer = lambda model, prompt: "billing" if model == "good" else "shipping"
    leaderboards.patch(ready.workspace, ready.leaderboard.id, LeaderboardPatch(system_prompt="Team?"))
    run = finished(ready)
    assert run.decision
    assert run.decision["action"] in ("hold", "keep")
    assert served(ready).name == "good"


def test_a_model_without_one_right_answer_is_not_put_into_production(ready: Ready) -> None:
    ready.models.answer = lambda model, prompt: "<html>please log in</html>"
    run = finished(ready)
    assert run.status == "completed"
    assert run.decision
    assert run.decision["reason"] == "No model gave a right answer on 3 rows, so none is put into production."
    assert leaderboards.get(ready.workspace, ready.leaderboard.id).production is None


def test_a_pinned_model_is_served_whatever_the_ranking_says(ready: Ready) -> None:
    pin = LeaderboardPatch(model_selection=ModelSelection(mode="manual", model_id=ready.bad))
    leaderboards.patch(ready.workspace, ready.leaderboard.id, pin)
    run = finished(ready)
    assert served(ready).name == "bad"
    assert run.decision
    assert (run.decision["action"], run.decision["candidate_id"]) == ("keep", ready.bad)


def test_a_failed_run_tells_why_and_unlocks(ready: Ready, context: Context) -> None:
    run = started(ready)
    handler(ready.event("finish_run", "failed", run=run.id), context)
    failed = runs.get(ready.workspace, ready.leaderboard.id, run.id)
    assert (failed.status, failed.error) == ("failed", "the dataset has no rows")
    assert runs.active_run_id(ready.workspace, ready.leaderboard.id) is None


def test_a_run_without_a_single_answer_fails_with_what_the_models_said(ready: Ready) -> None:
    ready.models.fault = lambda model, prompt, attempt: 401
    run = finished(ready)
    assert run.status == "failed"
    assert run.error
    assert "no model gave a single answer: the endpoint answered 401: told to fail" in run.error
    assert leaderboards.get(ready.workspace, ready.leaderboard.id).production is None


def test_finishing_twice_or_after_a_cancel_changes_nothing(ready: Ready, context: Context) -> None:
    run = ranked(ready)
    runs.cancel(runs.get(ready.workspace, ready.leaderboard.id, run.id))
    handler(ready.event("finish_run", "ranked", run=run.id), context)
    assert runs.get(ready.workspace, ready.leaderboard.id, run.id).status == "cancelled"
    assert leaderboards.get(ready.workspace, ready.leaderboard.id).production is None
