import pytest

from gero.providers import CallFailed
from gero.providers.health import Health
from gero.providers.refusal import Condition


class Clock:
    """`time.monotonic` under the test's hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("gero.providers.health.time.monotonic", clock)
    return clock


def met(health: Health, condition: Condition, times: int = 1) -> Health:
    for _ in range(times):
        health.note(CallFailed(f"it was {condition}", condition))
    return health


@pytest.mark.parametrize(("condition", "calls"), [("refused", 3), ("exhausted", 3), ("rejected", 10)])
def test_an_endpoint_is_given_up_on_its_first_calls(condition: Condition, calls: int) -> None:
    health = met(Health(), condition, calls - 1)
    assert not health.stopped
    assert str(met(health, condition).stopped).startswith(f"it was {condition} (on its first calls; ")


def test_passing_trouble_must_last_before_an_endpoint_is_given_up(clock: Clock) -> None:
    health = met(Health(), "failed", 40)
    assert health.stopped is None
    clock.now += 15
    assert met(health, "failed").stopped


def test_an_endpoint_that_answered_once_gets_more_credit(clock: Clock) -> None:
    health = Health()
    health.note(None)
    assert met(health, "refused", 9).stopped is None
    assert met(health, "refused").stopped, "its key was taken away"
    health = Health()
    health.note(None)
    assert met(health, "rejected", 1000).stopped is None, "rows can be refused for what they say"
    assert met(health, "failed", 60).stopped is None
    clock.now += 120
    assert met(health, "failed").stopped


def test_an_answer_makes_up_for_all_before_it() -> None:
    health = Health()
    for _ in range(20):
        met(health, "refused", 2)
        health.note(None)
    assert health.stopped is None


def test_too_many_calls_and_a_slow_start_are_no_failure() -> None:
    health = met(met(Health(), "throttled", 1000), "waking", 1000)
    assert (health.stopped, health.waiting) == (None, "waking")
    health.note(None)
    assert health.waiting is None


def test_waiting_is_no_part_of_the_time_that_trouble_must_last(clock: Clock) -> None:
    health = met(Health(), "waking")
    clock.now += 60
    assert not met(health, "failed", 40).stopped, "a cold start often ends in a burst of errors"
