"""A token with a budget, and a clock that tests set."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest

from gero import access
from gero.access import BudgetState, BudgetTerms, Principal, budgets, tokens
from gero.kit import clock, new_id, table

SHARE = 20_000_000
LIMIT = 50 * SHARE


class Clock:
    """A clock that goes on only when it is told to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
        self._now = clock.parse(text)
        monkeypatch.setattr(clock, "now", lambda: self._now)

    def pass_by(self, **time: float) -> None:
        self._now += timedelta(**time)

    def set(self, text: str) -> None:
        self._now = clock.parse(text)


@dataclass(frozen=True)
class Budgeted:
    """Somebody who calls with a token that has a budget."""

    caller: Principal
    secret: str

    def state(self) -> BudgetState:
        state = budgets.state(self.caller.workspace_id, self.caller.token_id)
        assert state
        return state

    def item(self) -> table.Item:
        """As it is stored; at any time what is left, spent and held is the limit."""
        item = table.get(f"WS#{self.caller.workspace_id}", f"BUDGET#{self.caller.token_id}", consistent=True)
        assert item
        held = sum(value for name, value in item.items() if name.startswith(f"held_{item['epoch']}_"))
        assert item["left"] + item["spent"] + held == item["limit"]
        return item

    def buckets(self) -> list[str]:
        return [name for name in self.item() if name.startswith("held_")]

    def spend(self, nanos: int) -> None:
        budgets.settle(budgets.reserve(self.caller, nanos), nanos)


def budgeted(limit: int = LIMIT, interval: str = "none") -> Budgeted:
    token, secret = tokens.create(new_id(), "ci", ["*"], None, BudgetTerms(limit, interval))
    caller = access.authenticate({"x-api-key": secret})
    assert caller == Principal(token.workspace_id, token.id, ("*",), budgeted=True)
    return Budgeted(caller, secret)


@pytest.fixture
def anew() -> Iterator[None]:
    """A process that knows of no budget yet."""
    budgets.forget()
    yield
    budgets.forget()
