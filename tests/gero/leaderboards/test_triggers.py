from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from gero import leaderboards, runs
from gero.kit import table
from gero.leaderboards import Fired
from tests.gero.leaderboards.boards import add
from tests.gero.leaderboards.scheduled import Clock, end, latest, push, ready, state

pytestmark = pytest.mark.usefixtures("cloud")


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def test_new_rows_start_a_run_when_there_are_enough_since_the_latest_was_started(time: Clock) -> None:
    made = ready({"new_data": {"check_cadence": "HOURLY", "every_new_events": 3}})
    push(made, 0, 2)
    assert time.tick(hours=1).started == 0
    push(made, 2, 1)
    assert time.tick(hours=1).started == 1
    assert state(made).last_trigger == "new_data"
    push(made, 3, 2)
    end(made)
    assert time.tick(hours=1).started == 0
    push(made, 5, 1)
    assert time.tick(hours=1).started == 1


def test_a_run_by_hand_uses_the_new_rows_and_one_pinned_to_a_version_does_not(time: Clock) -> None:
    made = ready({"new_data": {"check_cadence": "HOURLY", "every_new_events": 3}})
    push(made, 0, 3)
    run = leaderboards.start_run(made, "manual")
    leaderboards.plan_run(made, run)
    runs.finish(run, "completed")
    assert time.tick(hours=1).started == 0
    push(made, 3, 3)
    pinned = leaderboards.start_run(made, "manual", dataset_version=1)
    leaderboards.plan_run(made, pinned)
    runs.finish(pinned, "completed")
    assert time.tick(hours=1).started == 1


def test_a_run_that_could_not_be_planned_has_not_used_the_new_rows(time: Clock) -> None:
    made = ready({"new_data": {"check_cadence": "HOURLY", "every_new_events": 3}})
    push(made, 0, 3)
    assert time.tick(hours=1).started == 1
    runs.finish(latest(made), "failed", error="the dataset could not be read")
    assert time.tick(hours=1).started == 1


def test_another_model_starts_a_run_and_the_same_ones_do_not(time: Clock) -> None:
    made = ready({"model_version": {}})
    assert time.tick(days=1).started == 1, "no run has evaluated any model yet"
    assert state(made).last_trigger == "model_version"
    end(made)
    assert time.tick(days=1) == Fired(started=0, skipped=0, looked_at=1)
    added = add(made, "c")
    assert time.tick(days=1).started == 1
    end(made)
    leaderboards.candidates.remove("w", made.id, added.id)
    assert time.tick(days=1).started == 0, "one that left is no new version"


@pytest.mark.parametrize(
    "change",
    [{"url": "http://127.0.0.1:9/v2"}, {"model": "a2"}, {"parameters": {"top_p": 0.5}}, {"version": 2}],
    ids=str,
)
def test_a_model_that_answers_differently_from_now_on_is_another(time: Clock, change: dict[str, Any]) -> None:
    made = ready({"model_version": {}})
    time.tick(days=1)
    end(made)
    one = next(leaderboards.candidates.listed("w", made.id))
    assert one.endpoint is not None
    for changed, started in (({"timeout_seconds": 9}, 0), (change, 1)):
        key = {"pk": f"WS#w#LB#{made.id}", "sk": f"CANDIDATE#{one.id}"}
        renamed = replace(one, name="renamed", endpoint=replace(one.endpoint, **changed))
        table.put(key | {"doc": msgspec.json.encode(renamed).decode()})
        assert time.tick(days=1).started == started
