from datetime import UTC, datetime, timedelta, timezone

import pytest

from gero.kit import clock, new_id, workflows

pytestmark = pytest.mark.usefixtures("cloud")


def test_starting_twice_is_one_execution() -> None:
    name = new_id()
    assert workflows.status(name) is None
    first = workflows.start(name, {"a": 1, "b": 2})
    assert workflows.start(name, {"b": 2, "a": 1}) == first == workflows.execution_arn(name)
    assert workflows.status(name) == "RUNNING"


def test_an_execution_that_was_stopped_or_never_started_can_be_stopped() -> None:
    name = new_id()
    workflows.stop(name, "cancelled")
    workflows.start(name, {})
    workflows.stop(name, "cancelled")
    workflows.stop(name, "cancelled")
    assert workflows.status(name) == "ABORTED"


def test_moments_are_stored_in_utc_so_that_text_order_is_time_order() -> None:
    tokyo = datetime(2026, 7, 1, 9, 0, tzinfo=timezone(timedelta(hours=9)))
    assert clock.iso(tokyo) == "2026-07-01T00:00:00.000Z"
    moments = [datetime(2026, 1, 1, tzinfo=UTC) + timedelta(milliseconds=n * 137) for n in range(50)]
    assert sorted(map(clock.iso, moments)) == [clock.iso(moment) for moment in moments]
    assert clock.parse(clock.iso(moments[7])) == moments[7]
