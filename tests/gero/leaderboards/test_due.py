from concurrent.futures import ThreadPoolExecutor

import pytest

from gero import evaluation, leaderboards, runs
from gero.kit import clock, table
from gero.leaderboards import Fired, LeaderboardPatch
from gero.leaderboards.store import claim_due
from tests.gero.faults import Faults
from tests.gero.leaderboards.boards import board
from tests.gero.leaderboards.scheduled import Clock, end, latest, now, push, ready, state

pytestmark = pytest.mark.usefixtures("cloud")

NOTHING = Fired(started=0, skipped=0, looked_at=0)


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def test_a_cron_starts_a_run_at_its_time_and_says_so(time: Clock) -> None:
    made = ready({"cron": {}})
    assert leaderboards.run_due() == NOTHING
    assert time.tick(days=1) == Fired(started=1, skipped=0, looked_at=1)
    run = latest(made)
    assert (run.source, run.rows_limit) == ("schedule", None)
    assert (state(made).last_trigger, state(made).outcome, state(made).run_id) == ("cron", "started", run.id)
    assert str(made.next_run_at) < state(made).last_fired_at < str(now(made).next_run_at)
    assert leaderboards.run_due() == NOTHING


def test_a_scheduled_run_takes_the_rows_of_its_schedule(time: Clock) -> None:
    limit = {"rows": 3, "algorithm": "LAST_N"}
    made = ready({"cron": {}}, dataset={"mode": "LIMIT", "limit": limit})
    push(made, 0, 9)
    time.tick(days=1)
    run = latest(made)
    plan = leaderboards.plan_run(now(made), run)
    assert {row.id for row in evaluation.plan.load_block(plan, 0)} == {"r6", "r7", "r8"}
    shown = runs.get("w", made.id, run.id).dataset
    assert shown
    assert shown["limit"] == limit


def test_times_that_were_missed_are_one_run(time: Clock) -> None:
    made = ready({"cron": {}})
    assert time.tick(days=40).started == 1
    end(made)
    assert leaderboards.run_due() == NOTHING
    assert str(now(made).next_run_at) > clock.iso()


def test_a_time_at_which_a_run_is_active_is_skipped_and_noted_and_the_next_comes_as_usual(time: Clock) -> None:
    made = ready({"cron": {}})
    leaderboards.start_run(made, "manual")
    assert time.tick(days=1) == Fired(started=0, skipped=1, looked_at=1)
    assert state(made).outcome.startswith("skipped: this leaderboard already has an active run")
    assert state(made).run_id is None
    end(made)
    assert leaderboards.run_due() == NOTHING
    assert time.tick(days=1).started == 1


def test_too_few_models_are_told_as_the_reason(time: Clock) -> None:
    made = board(schedule={"triggers": {"cron": {}}})
    assert time.tick(days=1).skipped == 1
    assert "compares at least 2 models" in state(made).outcome


def test_while_paused_nothing_fires_and_nothing_is_made_up_for(time: Clock) -> None:
    made = ready({"cron": {}}, paused=True)
    assert (made.next_run_at, made.next_times) == (None, {})
    assert time.tick(days=10) == NOTHING
    resumed = LeaderboardPatch.model_validate({"schedule": {"triggers": {"cron": {}}}})
    made = leaderboards.patch("w", made.id, resumed)
    assert str(made.next_run_at) > clock.iso()
    assert leaderboards.run_due() == NOTHING
    assert time.tick(days=1).started == 1


def test_a_schedule_that_is_changed_or_taken_away_forgets_what_was_due(time: Clock) -> None:
    changed, gone, deleted = (ready({"cron": {}}) for _ in range(3))
    time.go(days=1)
    monthly = {"schedule": {"triggers": {"cron": {"preset": "MONTHLY"}}}}
    leaderboards.patch("w", changed.id, LeaderboardPatch.model_validate(monthly))
    leaderboards.patch("w", gone.id, LeaderboardPatch(schedule=None))
    leaderboards.delete("w", deleted.id)
    assert leaderboards.run_due() == NOTHING
    assert now(gone).next_run_at is None


def test_another_change_leaves_the_next_times_as_they_are(time: Clock) -> None:
    made = ready({"cron": {}, "new_data": {"check_cadence": "HOURLY"}})
    time.go(minutes=30)
    changed = leaderboards.patch("w", made.id, LeaderboardPatch(name="x"))
    assert (changed.next_run_at, changed.next_times) == (made.next_run_at, made.next_times)


def test_two_triggers_at_one_moment_are_one_run(time: Clock) -> None:
    made = ready({"cron": {}, "new_data": {"every_new_events": 1}, "model_version": {}})
    push(made, 0, 1)
    assert time.tick(days=1) == Fired(started=1, skipped=0, looked_at=1)
    assert state(made).last_trigger == "cron"
    assert len(set(now(made).next_times.values())) == 1
    assert str(now(made).next_run_at) > clock.iso()


def test_a_trigger_that_is_due_leaves_the_times_of_the_others(time: Clock) -> None:
    made = ready({"cron": {"preset": "MONTHLY"}, "new_data": {"check_cadence": "HOURLY"}})
    monthly = made.next_times["cron"]
    assert time.tick(hours=1) == Fired(started=0, skipped=0, looked_at=1)
    assert now(made).next_times["cron"] == monthly
    assert made.next_times["new_data"] < now(made).next_times["new_data"]
    assert now(made).schedule_state is None, "nothing asked for a run"


def test_a_schedule_stored_when_cron_was_all_there_was_still_fires(time: Clock) -> None:
    made = ready({"cron": {}})
    item = table.get("WS#w", f"LB#{made.id}")
    assert item
    older = made.model_dump_json(exclude={"next_times", "schedule_state"})
    table.put(item | {"doc": older})
    assert time.tick(days=1).started == 1
    assert str(now(made).next_times["cron"]) > clock.iso()


def test_one_leaderboard_in_trouble_does_not_keep_the_others_waiting(time: Clock, faults: Faults) -> None:
    broken, first, second = (ready({"cron": {}}) for _ in range(3))
    item = table.get("WS#w", f"LB#{broken.id}")
    assert item
    table.put(item | {"doc": "{}"})
    faults.fail("s3", "PutObject", 1, "AccessDenied")
    assert time.tick(days=1) == Fired(started=1, skipped=1, looked_at=2)
    assert sum(len(list(runs.listed("w", one.id, 5))) for one in (first, second)) == 1


def test_a_leaderboard_deleted_while_its_run_starts_is_no_trouble(time: Clock, faults: Faults) -> None:
    made = ready({"cron": {}})
    faults.meanwhile("stepfunctions", "StartExecution", lambda _: leaderboards.delete("w", made.id))
    assert time.tick(days=1).started == 1


@pytest.mark.usefixtures("atomic_cloud")
def test_of_many_ticks_at_once_one_claims_each_leaderboard(time: Clock) -> None:
    made = [ready({"cron": {}}) for _ in range(3)]
    time.go(days=1)
    with ThreadPoolExecutor(8) as pool:
        claimed = list(pool.map(lambda _: [one.id for one, _ in claim_due(100)], range(8)))
    assert sorted(one for tick in claimed for one in tick) == sorted(one.id for one in made)


@pytest.mark.usefixtures("atomic_cloud")
def test_of_many_ticks_at_once_one_starts_the_run(time: Clock) -> None:
    made = ready({"cron": {}, "model_version": {}})
    time.go(days=1)
    with ThreadPoolExecutor(8) as pool:
        fired = list(pool.map(lambda _: leaderboards.run_due(), range(8)))
    assert (sum(one.started for one in fired), sum(one.skipped for one in fired)) == (1, 0)
    assert len(list(runs.listed("w", made.id, 5))) == 1


def test_a_tick_that_another_one_overtakes_starts_nothing(time: Clock, faults: Faults) -> None:
    ready({"cron": {}})
    time.go(days=1)
    fired: list[Fired] = []
    faults.meanwhile("dynamodb", "PutItem", lambda _: fired.append(leaderboards.run_due()))
    assert leaderboards.run_due() == NOTHING
    assert [one.started for one in fired] == [1]


def test_a_tick_looks_at_no_more_leaderboards_than_it_may(time: Clock) -> None:
    for _ in range(3):
        ready({"cron": {}})
    time.go(days=1)
    assert leaderboards.run_due(2).looked_at == 2
    assert leaderboards.run_due(2).looked_at == 1
