import asyncio
import random
import time
from collections.abc import Callable

import pytest

from gero.providers import CallFailed, Pace, Stopped

LATER = time.monotonic() + 1000
THROTTLED = CallFailed("the endpoint answered 429", "throttled")
FAILED = CallFailed("the endpoint answered 500", "failed")


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gero.providers.pace._PAUSE_SECONDS", 0.001)


async def drive(pace: Pace, calls: int, outcome: Callable[[int, int], CallFailed | None]) -> list[int]:
    """Make calls at the pace; `outcome(number, under way)` says how each ends. Returns how many were under way."""
    under_way: list[int] = []
    numbers = iter(range(calls))

    async def lane() -> None:
        for number in numbers:
            era = await pace.turn(LATER)
            under_way.append(pace.active)
            error = outcome(number, pace.active)
            await asyncio.sleep(0)
            pace.leave()
            pace.note(error, era)

    await asyncio.gather(*(lane() for _ in range(pace.most)))
    return under_way


async def answer(pace: Pace, calls: int, refused_of: int = 0) -> None:
    """End so many calls, as if all that are allowed were under way; each `refused_of`-th was one too many."""
    for number in range(1, calls + 1):
        pace.active = pace.allowed - 1
        pace.note(THROTTLED if refused_of and number % refused_of == 0 else None, pace._era)


async def test_what_is_not_used_does_not_grow() -> None:
    pace = Pace(64)
    for _ in range(100):
        pace.note(None, pace._era)
    assert pace.allowed == 48


async def test_it_starts_below_what_it_may_and_grows_with_the_answers() -> None:
    pace = Pace(64)
    assert pace.allowed == 48
    await answer(pace, 16)
    assert pace.allowed == 64
    assert max(await drive(pace, 500, lambda *_: None)) == 64


async def test_a_small_leaderboard_starts_with_all_it_may() -> None:
    assert [Pace(most).allowed for most in (1, 3, 4, 8, 16)] == [1, 3, 4, 8, 16]


async def test_single_refusals_do_not_slow_it_down() -> None:
    pace, chance = Pace(64), random.Random(1)
    under_way = await drive(pace, 6000, lambda *_: THROTTLED if chance.random() < 0.05 else None)
    assert sum(under_way) / len(under_way) >= 32


@pytest.mark.parametrize(("refused_of", "left"), [(8, 52), (4, 40), (3, 32)])
async def test_more_than_a_tenth_of_refusals_cuts_it_by_half_at_most_and_it_grows_again_slowly(
    refused_of: int, left: int
) -> None:
    pace = Pace(64)
    await answer(pace, 48 + 20)
    pace._begin_window()
    await answer(pace, 64, refused_of)
    assert (pace.allowed, pace.kept < 1) == (left, True)
    await answer(pace, max(40, left))
    assert pace.allowed == left + left // 16


async def test_it_finds_the_pace_that_a_limited_server_keeps() -> None:
    """A server that serves eight at a time and refuses the ninth."""
    pace = Pace(64)
    outcomes: list[bool] = []

    def limited(number: int, under_way: int) -> CallFailed | None:
        outcomes.append(under_way > 8)
        return THROTTLED if under_way > 8 else None

    await drive(pace, 2000, limited)
    assert pace.allowed <= 16
    assert sum(outcomes[500:]) / 1500 < 0.1, "few calls are wasted once the pace is found"


async def test_when_most_are_refused_nobody_asks_until_the_time_the_server_names() -> None:
    pace = Pace(16)
    told = CallFailed("429", "throttled", retry_after=7)
    for _ in range(3):
        pace.note(told, pace._era)
    assert 6 < pace.blocked_seconds <= 7


async def test_the_pauses_double_while_everything_is_refused() -> None:
    pace, pauses = Pace(16), []
    for _ in range(4):
        for _ in range(3):
            pace.note(THROTTLED, pace._era)
        pauses.append(pace.blocked_seconds)
        await asyncio.sleep(pace.blocked_seconds)
    assert pauses[3] > 4 * pauses[0]
    assert pace.allowed == 1


async def test_the_share_of_others_is_a_ceiling() -> None:
    pace = Pace(64)
    pace.ceiling = 5
    assert max(await drive(pace, 200, lambda *_: None)) == 5
    assert pace.saturated


async def test_those_who_wait_start_when_the_ceiling_rises() -> None:
    pace = Pace(4)
    pace.ceiling = 1
    await pace.turn(LATER)
    waiting = [asyncio.create_task(pace.turn(LATER)) for _ in range(2)]
    await asyncio.sleep(0.01)
    assert not any(one.done() for one in waiting)
    pace.ceiling = 3
    pace.wake()
    await asyncio.wait_for(asyncio.gather(*waiting), 1)
    assert pace.active == 3


async def test_those_who_wait_are_told_when_the_endpoint_is_given_up() -> None:
    pace = Pace(1)
    await pace.turn(LATER)
    waiting = asyncio.create_task(pace.turn(LATER))
    await asyncio.sleep(0)
    pace.stop("it is gone")
    with pytest.raises(Stopped, match="it is gone"):
        await asyncio.wait_for(waiting, 1)
    pace.stop("another reason")
    assert pace.stopped == "it is gone"


async def test_an_endpoint_that_wakes_up_is_looked_at_every_few_seconds() -> None:
    pace = Pace(8)
    pace.note(CallFailed("503", "waking"), pace._era)
    assert 4 < pace.blocked_seconds <= 5
    assert pace.allowed == 8, "a start is no reason to slow down"


async def test_a_waiter_that_was_ended_does_not_take_anothers_turn() -> None:
    pace = Pace(1)
    await pace.turn(LATER)
    ended, waiting = asyncio.create_task(pace.turn(LATER)), asyncio.create_task(pace.turn(LATER))
    await asyncio.sleep(0)
    ended.cancel()
    await asyncio.sleep(0)
    pace.leave()
    pace.note(FAILED, pace._era)
    await asyncio.wait_for(waiting, 1)


async def test_calls_that_were_under_way_at_a_cut_are_one_cut() -> None:
    pace = Pace(64)
    eras = [await pace.turn(LATER) for _ in range(48)]
    for era in eras:
        pace.leave()
        pace.note(THROTTLED, era)
    assert pace.allowed == 24
    assert pace.blocked_seconds < 0.002


async def test_a_turn_that_does_not_come_in_time_is_told() -> None:
    pace = Pace(1)
    await pace.turn(LATER)
    with pytest.raises(TimeoutError):
        await pace.turn(time.monotonic() + 0.01)
    pace.leave()
    pace.block(60)
    with pytest.raises(TimeoutError):
        await pace.turn(time.monotonic() + 0.01)
    assert pace.active == 0
