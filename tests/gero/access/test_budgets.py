import pytest

from gero.access import BudgetState, budget_store, budgets, tokens
from gero.kit import PaymentRequired, table
from gero.kit.table import Changes
from tests.gero.access.budgeted import LIMIT, SHARE, Budgeted, Clock, anew, budgeted
from tests.gero.faults import Faults

__all__ = ["anew"]
pytestmark = pytest.mark.usefixtures("cloud", "anew")


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch, "2026-06-17T10:20:30.000Z")  # a Wednesday


def refusal(of: Budgeted, worst: int) -> PaymentRequired:
    with pytest.raises(PaymentRequired) as refused:
        budgets.reserve(of.caller, worst)
    assert refused.value.status == 402
    return refused.value


def test_what_a_request_may_cost_is_set_aside_and_what_it_cost_is_counted() -> None:
    one = budgeted()
    hold = budgets.reserve(one.caller, 3 * SHARE)
    assert hold.state == one.state() == BudgetState(LIMIT, 0, 47 * SHARE, 3 * SHARE)
    assert budgets.settle(hold, SHARE) == one.state() == BudgetState(LIMIT, SHARE, 49 * SHARE, 0)


def test_a_warm_request_reads_nothing_and_writes_twice(faults: Faults) -> None:
    one = budgeted()
    one.spend(SHARE)
    reads = faults.answer("dynamodb", "GetItem", 0, lambda _: {})
    writes = faults.answer("dynamodb", "UpdateItem", 0, lambda _: {})
    for _ in range(3):
        one.spend(SHARE)
    assert (len(reads), len(writes)) == (0, 6)


def test_the_headers_are_the_documented_ones(time: Clock) -> None:
    one = budgeted(25_000_000_000, "monthly")
    state = budgets.settle(budgets.reserve(one.caller, 6_000_000_000), 5_580_000_000)
    assert state.headers() == {
        "X-Dr.Gero-Token-Budget-Limit-Usd": "25.00",
        "X-Dr.Gero-Token-Budget-Remaining-Usd": "19.42",
        "X-Dr.Gero-Token-Budget-Used-Usd": "5.58",
        "X-Dr.Gero-Token-Budget-Reset-At": "2026-07-01T00:00:00.000Z",
    }


@pytest.mark.parametrize(
    ("limit", "used", "told"),
    [
        (1_000_000_000, 1, ("1.00", "0.99", "0.01")),
        (1_000_000_000, 999_999_999, ("1.00", "0.00", "1.00")),
        (1_000_000_000, 1_234_000_000, ("1.00", "0.00", "1.24")),
        (1_500_000, 1_000, ("0.0015", "0.0014", "0.0001")),
        (10**15, 0, ("1000000.00", "1000000.00", "0.00")),
    ],
)
def test_headers_never_tell_of_more_than_there_is(limit: int, used: int, told: tuple[str, ...]) -> None:
    shown = BudgetState(limit, used, limit - used)
    assert tuple(shown.headers().values()) == told


def test_a_token_without_a_budget_is_unlimited() -> None:
    assert BudgetState().headers() == {"X-Dr.Gero-Token-Budget-Limit-Usd": "unlimited"}


def test_an_exhausted_budget_says_what_is_left_and_what_helps(time: Clock) -> None:
    one = budgeted(LIMIT, "daily")
    one.spend(49 * SHARE)
    refused = refusal(one, 2 * SHARE)
    assert refused.code == "budget_exhausted"
    assert refused.message == (
        "this request may cost up to $0.04, and $0.02 of this token's budget of $1.00 is left; lower max_tokens, or "
        "raise the token's budget, or wait until 2026-06-18T00:00:00.000Z, when it resets"
    )
    assert refused.headers == one.state().headers()
    assert refused.details["needed_usd"] == 0.04
    one.spend(SHARE)
    assert "and $0.00 of this token's budget of $1.00 is left; raise the token's budget, or" in refusal(one, 1).message
    assert refusal(one, 0).code == "budget_exhausted", "a request for nothing needs a budget that is not used up, too"


def test_a_request_above_the_whole_budget_is_told_to_ask_for_less() -> None:
    refused = refusal(budgeted(), LIMIT + 1)
    assert refused.code == "budget_exhausted"
    assert refused.message.endswith("whole budget of $1.00; lower max_tokens, or raise the token's budget")


def test_while_others_hold_the_rest_a_request_is_told_to_come_again() -> None:
    one = budgeted()
    held = budgets.reserve(one.caller, 49 * SHARE)
    refused = refusal(one, 2 * SHARE)
    assert (refused.code, refused.headers["Retry-After"]) == ("budget_reserved", "1")
    assert "$0.02 of this token's budget of $1.00 is free while others in flight hold $0.98" in refused.message
    budgets.settle(held, 0)
    one.spend(2 * SHARE)


def test_an_answer_dearer_than_its_worst_case_is_counted_whole() -> None:
    one = budgeted()
    assert budgets.settle(budgets.reserve(one.caller, LIMIT), LIMIT + 7).remaining == -7
    assert one.item()["left"] == -7
    assert refusal(one, 1).headers["X-Dr.Gero-Token-Budget-Remaining-Usd"] == "0.00"


def test_a_killed_holder_blocks_only_until_its_minute_is_five_minutes_old(time: Clock) -> None:
    one = budgeted()
    budgets.reserve(one.caller, LIMIT)
    time.pass_by(minutes=4, seconds=29)
    assert refusal(one, SHARE).code == "budget_reserved"
    time.pass_by(seconds=1)
    assert one.state() == BudgetState(LIMIT, 0, LIMIT, 0)
    one.spend(LIMIT)
    assert one.item()["spent"] == LIMIT


def test_who_settles_after_its_hold_was_given_back_pays_what_it_cost(time: Clock) -> None:
    one = budgeted()
    late = budgets.reserve(one.caller, 10 * SHARE)
    time.pass_by(minutes=6)
    one.spend(SHARE)
    assert one.state() == BudgetState(LIMIT, SHARE, 49 * SHARE)
    assert budgets.settle(late, 4 * SHARE) == BudgetState(LIMIT, 5 * SHARE, 45 * SHARE)


def test_who_settles_while_its_hold_is_given_back_is_counted_once(time: Clock, faults: Faults) -> None:
    one = budgeted()
    late, dead = budgets.reserve(one.caller, 10 * SHARE), budgets.reserve(one.caller, 5 * SHARE)
    assert late.bucket == dead.bucket
    time.pass_by(minutes=6)
    faults.meanwhile("dynamodb", "UpdateItem", lambda _: budgets.settle(late, 4 * SHARE))
    one.spend(SHARE)
    assert one.item()["spent"] == 5 * SHARE
    assert one.state() == BudgetState(LIMIT, 5 * SHARE, 45 * SHARE)


def test_who_settles_late_takes_no_other_holds_of_its_minute(time: Clock) -> None:
    one = budgeted()
    late = budgets.reserve(one.caller, 10 * SHARE)
    time.pass_by(minutes=6)
    one.spend(SHARE)
    time.pass_by(minutes=-6)  # of a process whose clock is late
    slow = budgets.reserve(one.caller, 3 * SHARE)
    assert slow.bucket == late.bucket
    budgets.settle(late, 2 * SHARE)
    assert one.state() == BudgetState(LIMIT, 3 * SHARE, 44 * SHARE, 3 * SHARE)
    budgets.settle(slow, SHARE)
    assert one.item()["left"] == LIMIT - 4 * SHARE


def test_the_item_stays_small_however_long_a_token_is_used(time: Clock) -> None:
    one = budgeted()
    for _ in range(20):
        one.spend(1)
        time.pass_by(minutes=1)
    assert len(one.buckets()) <= 3
    assert one.item()["spent"] == 20


def test_orphans_of_many_minutes_are_all_given_back(time: Clock) -> None:
    one = budgeted(200 * SHARE)
    (bucket,) = [budgets.reserve(one.caller, SHARE).bucket]
    prefix, _, minute = str(bucket).rpartition("_")
    earlier = {f"{prefix}_{int(minute) - ago}": SHARE for ago in range(1, 120)}
    place = budget_store.key(one.caller.workspace_id, one.caller.token_id)
    table.update(*place, Changes(add={"left": -119 * SHARE}, set=earlier))
    assert len(one.buckets()) == 120
    time.pass_by(minutes=5)
    for _ in range(4):
        one.spend(SHARE)
    assert one.state() == BudgetState(200 * SHARE, 4 * SHARE, 196 * SHARE)
    assert len(one.buckets()) == 1


def test_a_deleted_token_has_no_budget_and_no_settlement_brings_it_back() -> None:
    one = budgeted()
    hold = budgets.reserve(one.caller, SHARE)
    tokens.delete(one.caller.workspace_id, one.caller.token_id)
    assert budgets.settle(hold, SHARE) == BudgetState()
    assert list(table.query(f"WS#{one.caller.workspace_id}")) == []


def test_a_budget_that_is_taken_away_stops_nobody() -> None:
    one = budgeted()
    hold = budgets.reserve(one.caller, LIMIT)
    tokens.change(one.caller.workspace_id, one.caller.token_id, {"budget_limit": None})
    unlimited = budgets.reserve(one.caller, 2 * LIMIT)
    assert unlimited.state == BudgetState()
    assert budgets.settle(unlimited, LIMIT) == budgets.settle(hold, LIMIT) == BudgetState()
    assert budgets.state(one.caller.workspace_id, one.caller.token_id) is None


def test_a_process_without_memory_for_more_budgets_forgets_and_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budgets, "_MAX_KNOWN", 2)
    callers = [budgeted() for _ in range(5)]
    for one in callers * 2:
        one.spend(SHARE)
    assert {one.item()["spent"] for one in callers} == {2 * SHARE}
    assert len(budgets._known) <= 2
