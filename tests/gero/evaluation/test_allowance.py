import asyncio
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gero.evaluation import allowance
from gero.evaluation.allowance import Allowance, Report, State, shared
from gero.kit import log, table
from gero.providers import CallFailed, Pace
from tests.gero.plans import stored_plan

MOST = 64


def test_twenty_workers_that_start_at_once_ask_no_more_than_one_would() -> None:
    state: State | None = None
    for round_ in range(3):
        for number in range(20):
            state = shared(state, f"w{number}", Report("a", MOST), 1_000 + round_ * 100 + number)
    assert state is not None
    shares = [one.share for one in state.holders.values()]
    assert len(shares) == 20
    assert sum(shares) <= MOST + 20
    assert max(shares) - min(shares) <= 3, "shares are equal once everybody has spoken"


def told(state: State | None, now: int, workers: int = 4, **report: Any) -> State:
    """The state after all workers reported the same."""
    for number in range(workers):
        state = shared(state, f"w{number}", Report("a", MOST, **report), now + number)
    assert state is not None
    return state


def test_the_limit_doubles_while_they_could_use_more_up_to_what_all_may() -> None:
    state, limits = told(None, 0), []
    for tick in range(1, 5):
        state = told(state, tick * 2_000 + 100, saturated=True)
        limits.append(state.limit)
    assert limits == [128, 256, 256, 256]
    assert told(state, 60_000).limit == 256, "nobody needs more, nobody takes it away"


def test_the_limit_is_cut_once_for_all_and_grows_slowly_from_then_on() -> None:
    state = told(told(None, 0), 2_100, saturated=True)
    assert state.limit == 128
    cut = told(state, 4_200, kept=0.25)
    assert (cut.limit, cut.cut) == (64, True), "four who say the same are one cut, by half at most"
    assert told(cut, 6_300, saturated=True).limit == 80
    assert told(state, 4_200, kept=0.9).limit == 115


def test_what_one_learns_all_know() -> None:
    state = shared(None, "a", Report("a", MOST, blocked_until=10_000), 1_000)
    state = shared(state, "b", Report("a", MOST), 1_500)
    assert state.blocked_until == 10_000
    state = shared(state, "a", Report("a", MOST, stopped="the key is wrong"), 2_000)
    state = shared(state, "b", Report("a", MOST, stopped="another"), 2_500)
    assert state.candidates["a"].stopped == "the key is wrong"


def test_what_is_wrong_with_one_candidate_says_nothing_of_another_at_the_same_address() -> None:
    state = shared(None, "w", Report("a", MOST, stopped="the key is wrong"), 1_000)
    state = shared(state, "w", Report("b", MOST, answered=True), 2_000)
    assert state.candidates["b"].stopped is None
    assert not state.candidates["a"].answered


def test_a_worker_that_is_silent_gives_its_share_back() -> None:
    state = told(None, 0, workers=2)
    state = shared(state, "w1", Report("a", MOST), 9_000)
    assert list(state.holders) == ["w1"]
    assert state.holders["w1"].share == MOST


def over(state: State | None, start: int, seconds: int, **report: Any) -> State:
    """The state after a worker reported the same every ten seconds."""
    for passed in range(0, seconds, 10):
        state = shared(state, "w", Report("a", MOST, **report), start + passed * 1_000)
    assert state is not None
    return state


def reason(state: State) -> str | None:
    return state.candidates["a"].stopped


def test_an_endpoint_that_is_asked_for_a_quarter_of_an_hour_without_an_answer_is_given_up() -> None:
    assert reason(over(None, 1, 15 * 60, waiting="waking")) is None
    assert "waking all the time" in str(reason(over(None, 1, 15 * 60 + 20, waiting="waking")))
    answered = over(over(None, 1, 600, waiting="waking"), 600_001, 10, answered=True)
    assert reason(over(answered, 610_001, 800, waiting="throttled")) is None


def test_an_endpoint_that_answers_and_just_now_refused_one_call_is_not_silent() -> None:
    now = 1_800_000_000_000
    assert reason(over(None, now, 60, answered=True, waiting="throttled")) is None


def test_one_that_never_answered_and_only_refuses_has_three_minutes() -> None:
    assert reason(over(None, 1, 180, waiting="throttled")) is None
    assert "for 3 minutes: it was throttled all the time" in str(reason(over(None, 1, 200, waiting="throttled")))


def test_a_batch_that_begins_does_not_end_the_silence() -> None:
    state: State | None = None
    for passed in range(0, 20 * 60, 10):
        waiting = None if passed % 300 == 0 else "waking"
        state = shared(state, "w", Report("a", MOST, waiting=waiting), 1 + passed * 1_000)
    assert state is not None
    assert "waking all the time" in str(reason(state))


def test_time_in_which_nobody_asks_is_no_silence() -> None:
    state = over(None, 1, 600, waiting="waking")
    assert reason(over(state, 3_600_000, 600, waiting="waking")) is None


reports = st.builds(
    Report,
    candidate_id=st.sampled_from("ab"),
    most=st.just(MOST),
    saturated=st.booleans(),
    kept=st.sampled_from([1.0, 0.9, 0.5, 0.1]),
    answered=st.booleans(),
    blocked_until=st.integers(0, 60_000),
)


@settings(max_examples=300)
@given(st.lists(st.tuples(st.integers(0, 7), reports, st.integers(0, 5_000)), min_size=1, max_size=60))
def test_whatever_is_reported_the_shares_keep_to_the_limit(steps: list[tuple[int, Report, int]]) -> None:
    state: State | None = None
    now = 0
    for number, report, passed in steps:
        now += passed
        before: State | None = state
        state = shared(state, f"w{number}", report, now)
        live = {name: one.share for name, one in state.holders.items() if one.until > now}
        assert 1 <= state.limit <= MOST * 8
        assert live[f"w{number}"] <= MOST
        others = sum(share for name, share in live.items() if name != f"w{number}")
        assert live[f"w{number}"] == 1 or others + live[f"w{number}"] <= state.limit
        assert before is None or state.limit <= 2 * before.limit


@pytest.mark.usefixtures("cloud")
async def test_workers_meet_in_one_item_and_what_stops_one_stops_the_other() -> None:
    plan = stored_plan(in_flight=64)
    paces = [Pace(64), Pace(64)]
    workers = [Allowance(plan, plan.candidates[0], pace, f"w{number}") for number, pace in enumerate(paces)]
    for _ in range(2):
        for worker in workers:
            await worker.share()
    assert [pace.ceiling for pace in paces] == [32, 32]
    for _ in range(3):
        paces[0].note(CallFailed("the endpoint answered 401", "refused"), 0)
    for worker in workers:
        await worker.share()
    assert str(paces[1].stopped).startswith("the endpoint answered 401")


@pytest.mark.usefixtures("cloud")
async def test_exchanges_at_once_are_all_counted() -> None:
    plan = stored_plan(in_flight=8)
    one = Allowance(plan, plan.candidates[0], Pace(8))
    await asyncio.gather(*(one.share() for _ in range(4)))
    (item,) = list(table.query(f"WS#w#RUN#{plan.run_id}", "PACE#"))
    assert item["number"] == 4
    assert list(msgspec.json.decode(item["doc"], type=State).holders) == [allowance.WORKER]


@pytest.mark.usefixtures("cloud")
async def test_a_table_that_fails_leaves_the_share_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    plan, pace, failures = stored_plan(in_flight=8), Pace(8), []
    monkeypatch.setattr(log, "failure", lambda name, error, **_: failures.append(name))
    monkeypatch.setattr(table, "get", lambda *_, **__: 1 / 0)
    await Allowance(plan, plan.candidates[0], pace).share()
    assert (pace.ceiling, failures) == (8, ["allowance.missed"])


@pytest.mark.usefixtures("cloud")
async def test_what_a_run_knows_of_a_candidate_a_late_worker_knows_at_once() -> None:
    plan = stored_plan(in_flight=8)
    early, late = Pace(8), Pace(8)
    first = Allowance(plan, plan.candidates[0], early, "early")
    await first.share()
    early.note(None, 0)
    await first.share()
    await Allowance(plan, plan.candidates[0], late, "late").share()
    for _ in range(5):
        late.note(CallFailed("the endpoint answered 403", "refused"), 0)
    assert late.stopped is None, "it answered others: five refusals are not its first calls"


@pytest.mark.usefixtures("cloud")
async def test_an_answer_of_an_earlier_batch_is_told_once() -> None:
    plan, pace = stored_plan(in_flight=8), Pace(8)
    pace.note(None, 0)
    later = Allowance(plan, plan.candidates[0], pace)
    assert later._report().answered is False
