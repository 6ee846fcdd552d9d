from datetime import timedelta

import boto3
import pytest

from functions.start_due.handler import handler
from gero import leaderboards, runs
from gero.kit import clock, workflows
from gero.leaderboards import LeaderboardPatch
from tests.functions.conftest import Ready
from tests.functions.context import Context
from tests.functions.workflow import started

DAILY = {"version": 2, "triggers": {"cron": {"enabled": True, "preset": "DAILY"}}}


def later(monkeypatch: pytest.MonkeyPatch, by: timedelta) -> None:
    moment = clock.now() + by
    monkeypatch.setattr(clock, "now", lambda: moment)


def test_a_scheduled_run_starts_when_its_time_has_come_and_only_once(
    ready: Ready, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    leaderboards.patch(ready.workspace, ready.leaderboard.id, LeaderboardPatch.model_validate({"schedule": DAILY}))
    event = ready.event("start_due", "tick")
    assert handler(event, context)["started"] == 0
    later(monkeypatch, timedelta(days=1))
    assert handler(event, context)["started"] == 1
    assert handler(event, context)["started"] == 0
    (run,) = runs.listed(ready.workspace, ready.leaderboard.id, 5)
    assert run.source == "schedule"


def test_a_time_that_comes_while_a_run_is_active_is_skipped_and_noted(
    ready: Ready, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    leaderboards.patch(ready.workspace, ready.leaderboard.id, LeaderboardPatch.model_validate({"schedule": DAILY}))
    started(ready)
    later(monkeypatch, timedelta(days=1))
    told = handler(ready.event("start_due", "tick"), context)
    assert (told["started"], told["skipped"], told["looked_at"]) == (0, 1, 1)
    board = leaderboards.get(ready.workspace, ready.leaderboard.id)
    assert board.next_run_at
    assert board.next_run_at > clock.iso()
    assert board.schedule_state
    assert board.schedule_state.outcome.startswith("skipped: this leaderboard already has an active run")


def test_nothing_due_is_nothing_done(ready: Ready, context: Context) -> None:
    told = handler(ready.event("start_due", "tick"), context)
    assert told == {
        "started": 0,
        "skipped": 0,
        "looked_at": 0,
        "looked_after": 0,
        "queued": 0,
        "synced": 0,
        "swept": 0,
        "told": 0,
    }


def test_what_a_deleted_leaderboard_left_is_swept(ready: Ready, context: Context) -> None:
    leaderboards.delete(ready.workspace, ready.leaderboard.id)
    assert list(leaderboards.candidates.listed(ready.workspace, ready.leaderboard.id)), "it is there until it is swept"
    assert handler(ready.event("start_due", "tick"), context)["swept"] == 1
    assert not list(leaderboards.candidates.listed(ready.workspace, ready.leaderboard.id))
    assert handler(ready.event("start_due", "tick"), context)["swept"] == 0


def test_a_run_whose_workflow_died_is_ended_and_its_leaderboard_unlocked(
    ready: Ready, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = started(ready)
    boto3.client("stepfunctions").stop_execution(executionArn=workflows.execution_arn(run.id))
    later(monkeypatch, timedelta(hours=1))
    assert handler(ready.event("start_due", "tick"), context)["looked_after"] == 1
    assert runs.get(ready.workspace, ready.leaderboard.id, run.id).status == "failed"
    assert runs.active_run_id(ready.workspace, ready.leaderboard.id) is None
