"""What many callers at once may spend: never more than the budget, and all of it."""

import random
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from gero.access import BudgetState, budgets
from gero.kit import PaymentRequired
from tests.gero.access.budgeted import LIMIT, SHARE, Budgeted, anew, budgeted

__all__ = ["anew"]
pytestmark = pytest.mark.usefixtures("atomic_cloud", "anew")
CALLERS, AT_ONCE, AFFORDABLE = 200, 32, 50


def outcomes(one: Budgeted, cost_of: Callable[[int], int]) -> Counter[str]:
    """How each of the callers, all at once, fared: "served", or the code of the refusal."""

    def call(number: int) -> str:
        try:
            hold = budgets.reserve(one.caller, SHARE)
        except PaymentRequired as refused:
            return refused.code
        assert hold.state.remaining >= 0
        budgets.settle(hold, cost_of(number))
        return "served"

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return Counter(pool.map(call, range(CALLERS)))


def spend_the_rest(one: Budgeted) -> None:
    """One after the other, until the next one does not fit."""
    while one.state().remaining >= SHARE:
        one.spend(SHARE)
    with pytest.raises(PaymentRequired):
        budgets.reserve(one.caller, SHARE)


def test_two_hundred_callers_spend_exactly_a_budget_for_fifty() -> None:
    one = budgeted()
    fared = outcomes(one, lambda _: SHARE)
    assert fared.pop("served") == AFFORDABLE
    assert fared.total() == CALLERS - AFFORDABLE
    assert fared.keys() <= {"budget_exhausted", "budget_reserved"}
    assert one.state() == BudgetState(LIMIT, LIMIT, 0)
    with pytest.raises(PaymentRequired) as refused:
        budgets.reserve(one.caller, 1)
    assert refused.value.code == "budget_exhausted"


def test_what_was_set_aside_and_not_spent_is_spent_by_others_to_the_last_share() -> None:
    one = budgeted()
    served = outcomes(one, lambda _: SHARE // 2)["served"]
    assert AFFORDABLE <= served <= 2 * AFFORDABLE
    assert one.state() == BudgetState(LIMIT, served * SHARE // 2, LIMIT - served * SHARE // 2)
    spend_the_rest(one)
    item = one.item()
    assert (item["left"] < SHARE, item["left"]) == (True, item["limit"] - item["spent"])
    assert one.state().held == 0


def test_any_mix_of_costs_and_processes_keeps_the_books() -> None:
    draw = random.Random(6)
    costs = [draw.choice((0, 1, SHARE // 3, SHARE)) for _ in range(CALLERS)]
    one = budgeted()

    def cost_of(number: int) -> int:
        if number % 7 == 0:
            budgets.forget()  # as if the next one were another process
        return costs[number]

    served = outcomes(one, cost_of)["served"]
    assert served >= AFFORDABLE
    assert one.state().held == 0
    assert one.item()["spent"] <= LIMIT
    spend_the_rest(one)


def test_holders_that_die_among_the_others_cost_nothing_that_was_not_spent() -> None:
    one = budgeted()

    def call(number: int) -> int:
        hold = budgets.reserve(one.caller, SHARE)
        if number % 5:
            budgets.settle(hold, SHARE)
        return 1 if number % 5 else 0

    with ThreadPoolExecutor(AT_ONCE) as pool:
        paid = sum(pool.map(call, range(AFFORDABLE)))
    assert one.state() == BudgetState(LIMIT, paid * SHARE, 0, (AFFORDABLE - paid) * SHARE)
