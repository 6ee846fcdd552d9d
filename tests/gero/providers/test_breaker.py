import pytest

from gero.providers import Breakers, CallFailed
from gero.providers import breaker as breakers_module
from gero.providers.breaker import FAILURES


class Clock:
    """A monotonic clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    monkeypatch.setattr(breakers_module, "time", found)
    return found


def failed(condition: str = "failed") -> CallFailed:
    return CallFailed("down", condition)  # type: ignore[arg-type]


def broken(breakers: Breakers) -> None:
    for _ in range(FAILURES):
        assert not breakers.refuses("a")
        breakers.note("a", failed())


def test_an_endpoint_that_fails_again_and_again_is_left_alone_and_others_are_not(clock: Clock) -> None:
    breakers = Breakers()
    broken(breakers)
    assert breakers.refuses("a")
    assert not breakers.refuses("b")


def test_an_answer_in_between_begins_the_count_anew(clock: Clock) -> None:
    breakers = Breakers()
    for _ in range(3 * FAILURES):
        breakers.note("a", failed())
        breakers.note("a", None)
    assert not breakers.refuses("a")


def test_after_its_pause_one_caller_tries_it_and_its_answer_opens_it_for_all(clock: Clock) -> None:
    breakers = Breakers()
    broken(breakers)
    clock.now += 10.1
    assert not breakers.refuses("a")
    assert breakers.refuses("a"), "a second caller waits for the first one's result"
    breakers.note("a", None)
    assert not breakers.refuses("a")


def test_a_failed_try_doubles_the_pause(clock: Clock) -> None:
    breakers = Breakers()
    broken(breakers)
    clock.now += 10.1
    assert not breakers.refuses("a")
    breakers.note("a", failed())
    clock.now += 19
    assert breakers.refuses("a")
    clock.now += 2
    assert not breakers.refuses("a")


def test_a_caller_that_never_told_its_result_is_not_waited_for_for_ever(clock: Clock) -> None:
    breakers = Breakers()
    broken(breakers)
    clock.now += 10.1
    assert not breakers.refuses("a")
    clock.now += 31
    assert not breakers.refuses("a")


def test_a_request_that_is_not_accepted_says_nothing_about_the_endpoint(clock: Clock) -> None:
    breakers = Breakers()
    for _ in range(3 * FAILURES):
        breakers.note("a", failed("rejected"))
    assert not breakers.refuses("a")


def test_a_try_that_came_to_nothing_leaves_the_next_one_to_others(clock: Clock) -> None:
    breakers = Breakers()
    broken(breakers)
    clock.now += 10.1
    assert not breakers.refuses("a")
    breakers.release("a")
    assert not breakers.refuses("a")
