from datetime import timedelta

import pytest

from gero.access import BudgetState, budget_terms, budgets, tokens
from gero.kit import PaymentRequired, clock
from tests.gero.access.budgeted import LIMIT, SHARE, Budgeted, Clock, anew, budgeted
from tests.gero.faults import Faults

__all__ = ["anew"]
pytestmark = pytest.mark.usefixtures("cloud", "anew")


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch, "2026-06-17T10:20:30.000Z")  # a Wednesday


def is_refused(of: Budgeted, worst: int) -> bool:
    try:
        budgets.settle(budgets.reserve(of.caller, worst), 0)
    except PaymentRequired:
        return True
    return False


@pytest.mark.parametrize(
    ("interval", "end"),
    [
        ("daily", "2026-06-18T00:00:00.000Z"),
        ("weekly", "2026-06-22T00:00:00.000Z"),
        ("monthly", "2026-07-01T00:00:00.000Z"),
    ],
)
def test_a_budget_begins_anew_at_the_boundary_and_not_before(time: Clock, interval: str, end: str) -> None:
    one = budgeted(LIMIT, interval)
    one.spend(LIMIT)
    assert one.state().resets_at == end
    time.set(clock.iso(clock.parse(end) - timedelta(milliseconds=1)))
    assert is_refused(one, SHARE)
    time.set(end)
    assert one.state() == BudgetState(LIMIT, 0, LIMIT, 0, interval, budget_terms.next_reset(interval, clock.parse(end)))
    one.spend(LIMIT)
    assert is_refused(one, SHARE)


def test_without_an_interval_a_budget_never_begins_anew(time: Clock) -> None:
    one = budgeted()
    one.spend(LIMIT)
    time.pass_by(days=4000)
    assert is_refused(one, SHARE)


def test_a_budget_that_slept_for_periods_gets_one(time: Clock) -> None:
    one = budgeted(LIMIT, "daily")
    one.spend(LIMIT)
    time.pass_by(days=9)
    one.spend(SHARE)
    assert one.state() == BudgetState(LIMIT, SHARE, 49 * SHARE, 0, "daily", "2026-06-27T00:00:00.000Z")
    assert len(one.buckets()) == 1


def test_a_request_that_ends_in_the_next_period_costs_that_one_nothing(time: Clock) -> None:
    one = budgeted(LIMIT, "daily")
    time.set("2026-06-17T23:59:50.000Z")
    across = budgets.reserve(one.caller, 40 * SHARE)
    time.pass_by(seconds=20)
    one.spend(SHARE)
    assert budgets.settle(across, 5 * SHARE).remaining == 49 * SHARE
    assert one.item()["spent"] == SHARE


def test_a_hold_that_a_slow_clock_made_at_the_boundary_is_not_given_back_twice(time: Clock, faults: Faults) -> None:
    one = budgeted(LIMIT, "daily")
    one.spend(SHARE)
    time.set("2026-06-18T00:00:01.000Z")
    slow = []

    def meanwhile(_: object) -> None:  # between the read and the write of the one that resets
        time.set("2026-06-17T23:59:59.000Z")
        slow.append(budgets.reserve(one.caller, 10 * SHARE))
        time.set("2026-06-18T00:00:01.000Z")

    faults.meanwhile("dynamodb", "UpdateItem", meanwhile)
    one.spend(SHARE)
    assert len(one.buckets()) == 2, "one is of yesterday"
    assert one.state().remaining == 49 * SHARE
    assert budgets.settle(slow[0], 2 * SHARE).remaining == 49 * SHARE
    time.pass_by(minutes=6)
    one.spend(SHARE)
    assert one.state() == BudgetState(LIMIT, 2 * SHARE, 48 * SHARE, 0, "daily", "2026-06-19T00:00:00.000Z")
    assert len(one.buckets()) == 1


def test_a_process_with_a_slow_clock_goes_on_in_the_period_that_another_began(time: Clock) -> None:
    one = budgeted(LIMIT, "daily")
    one.spend(LIMIT)
    time.set("2026-06-18T00:00:01.000Z")
    budgets.forget()  # another process
    one.spend(SHARE)
    time.set("2026-06-17T23:59:58.000Z")
    budgets.forget()
    one.spend(SHARE)
    assert one.state() == BudgetState(LIMIT, 2 * SHARE, 48 * SHARE, 0, "daily", "2026-06-19T00:00:00.000Z")


def test_a_process_learns_of_a_new_period_when_its_write_fails(time: Clock) -> None:
    one = budgeted(LIMIT, "daily")
    one.spend(SHARE)
    before = dict(budgets._known)
    time.set("2026-06-18T00:00:01.000Z")
    one.spend(2 * SHARE)
    time.set("2026-06-17T23:59:59.000Z")
    budgets._known.update(before)
    one.spend(3 * SHARE)
    assert one.state().used == 5 * SHARE


def test_of_two_that_reset_at_once_one_does(time: Clock, faults: Faults) -> None:
    one = budgeted(LIMIT, "daily")
    one.spend(LIMIT)
    time.set("2026-06-18T00:00:00.000Z")
    faults.meanwhile("dynamodb", "UpdateItem", lambda _: one.spend(SHARE))
    one.spend(2 * SHARE)
    assert one.state().used == one.item()["spent"] == 3 * SHARE


@pytest.mark.parametrize("fields", [{"budget_limit": 2}, {"budget_reset_interval": "monthly"}])
def test_a_reset_follows_terms_that_a_slow_clock_changed_meanwhile(
    time: Clock, faults: Faults, fields: tokens.TokenFields
) -> None:
    one = budgeted(LIMIT, "daily")
    one.spend(LIMIT)
    time.set("2026-06-18T00:00:01.000Z")

    def meanwhile(_: object) -> None:
        time.set("2026-06-17T23:59:59.000Z")
        tokens.change(one.caller.workspace_id, one.caller.token_id, fields)
        time.set("2026-06-18T00:00:01.000Z")

    faults.meanwhile("dynamodb", "UpdateItem", meanwhile)
    if "budget_limit" in fields:
        one.spend(2 * LIMIT)
        assert one.state().used == 2 * LIMIT
    else:
        assert is_refused(one, SHARE)
    assert one.item()["left"] == 0


def test_another_limit_changes_what_remains_and_keeps_what_was_spent(time: Clock) -> None:
    one = budgeted(LIMIT, "monthly")
    one.spend(40 * SHARE)
    hold = budgets.reserve(one.caller, 5 * SHARE)
    where = one.caller.workspace_id, one.caller.token_id
    tokens.change(*where, {"budget_limit": 2})
    end = "2026-07-01T00:00:00.000Z"
    assert one.state() == BudgetState(100 * SHARE, 40 * SHARE, 55 * SHARE, 5 * SHARE, "monthly", end)
    tokens.change(*where, {"budget_limit": "0.50"})
    assert one.state().remaining == -20 * SHARE
    assert is_refused(one, 1)
    assert budgets.settle(hold, 0).remaining == -15 * SHARE
    time.set(end)
    one.spend(25 * SHARE)
    assert is_refused(one, 1)


def test_another_interval_ends_the_present_period_at_its_own_boundary(time: Clock) -> None:
    one = budgeted(LIMIT, "monthly")
    one.spend(40 * SHARE)
    where = one.caller.workspace_id, one.caller.token_id
    tokens.change(*where, {"budget_reset_interval": "weekly"})
    assert one.state() == BudgetState(LIMIT, 40 * SHARE, 10 * SHARE, 0, "weekly", "2026-06-22T00:00:00.000Z")
    tokens.change(*where, {"budget_reset_interval": "none"})
    assert (one.state().used, one.state().resets_at) == (40 * SHARE, None)
    tokens.change(*where, {"budget_reset_interval": "daily"})
    time.set("2026-06-18T00:00:00.000Z")
    assert one.state().used == 0


def test_a_period_that_is_over_when_its_terms_change_is_not_carried_on(time: Clock) -> None:
    one = budgeted(LIMIT, "daily")
    one.spend(LIMIT)
    time.pass_by(days=2)
    tokens.change(one.caller.workspace_id, one.caller.token_id, {"budget_reset_interval": "monthly"})
    assert one.state() == BudgetState(LIMIT, 0, LIMIT, 0, "monthly", "2026-07-01T00:00:00.000Z")


def test_a_budget_that_comes_back_is_a_new_one(time: Clock) -> None:
    one = budgeted(LIMIT, "daily")
    old = budgets.reserve(one.caller, 30 * SHARE)
    where = one.caller.workspace_id, one.caller.token_id
    tokens.change(*where, {"budget_limit": None})
    time.pass_by(seconds=1)
    tokens.change(*where, {"budget_limit": 1})
    assert one.state() == BudgetState(LIMIT, 0, LIMIT)
    other = budgets.reserve(one.caller, 30 * SHARE)
    assert budgets.settle(old, SHARE).held == 30 * SHARE
    assert budgets.settle(other, SHARE) == BudgetState(LIMIT, SHARE, 49 * SHARE)


def test_a_change_of_terms_counts_what_is_spent_meanwhile(faults: Faults) -> None:
    one = budgeted()
    one.spend(SHARE)
    faults.meanwhile("dynamodb", "TransactWriteItems", lambda _: one.spend(2 * SHARE))
    tokens.change(one.caller.workspace_id, one.caller.token_id, {"budget_limit": 2})
    assert one.state() == BudgetState(100 * SHARE, 3 * SHARE, 97 * SHARE)
    assert one.item()["limit"] == 100 * SHARE
