"""Budgets of tokens, which cannot leak: what a request may cost at worst is set aside before it, by one conditional
write, and the true cost is counted after it.

The declared tolerance: a budget is exceeded only by as much as requests cost more than their worst case; `remaining` is
below 0 then. A hold whose process died is given back once its minute is five minutes old, by whoever comes next; should
that process settle after all, the true cost is counted in what there is. A request belongs to the period that let it
in: one that ends in the next was held in its own, and costs the next nothing. A write that is repeated because its
answer got lost may count twice, never less than once.
"""

import random
import threading
import time

import msgspec

from gero.access import budget_store
from gero.access.budget_state import BudgetState, usd
from gero.access.budget_store import Budget, Key
from gero.access.principal import Principal
from gero.kit import Conflict, PaymentRequired, Unavailable, money

_TRIES = 8
_MAX_KNOWN = 10_000
_SOON_SECONDS = "1"
_known: dict[Key, Budget] = {}
"""Budgets as this process last saw them, for their epochs, which a reservation needs. Only the table is the truth."""
_remembering = threading.Lock()


class Hold(msgspec.Struct, frozen=True):
    """What is set aside for one request, and how its budget stood then. No bucket: there is no budget any more."""

    workspace_id: str
    token_id: str
    state: BudgetState
    bucket: str | None = None
    epoch: int = 0
    nanos: int = 0


def reserve(principal: Principal, worst_nanos: int) -> Hold:
    """Set aside what a request may cost at worst: one write, and a read when this process knows too little.

    PaymentRequired when the budget has not so much (`budget_exhausted`), or will have it as soon as requests in flight
    end (`budget_reserved`); its `headers` tell how the budget stands.
    """
    place = budget_store.key(principal.workspace_id, principal.token_id)
    known = _known.get(place)
    if known and not known.is_over() and not known.orphans():
        try:
            return _held(principal, place, known, worst_nanos)
        except Conflict:
            pass  # not enough is left, or the period is another one: the table tells
    return _reserve_afresh(principal, place, worst_nanos)


def settle(hold: Hold, cost_nanos: int) -> BudgetState:
    """Count what a request cost, in the place of its hold; one write. To be called once for each hold."""
    if hold.bucket is None:
        return BudgetState()
    place = budget_store.key(hold.workspace_id, hold.token_id)
    try:
        return _seen(place, budget_store.give_back(place, hold.epoch, hold.bucket, hold.nanos, cost_nanos))
    except Conflict:  # the hold was given back as an orphan, or its period is over
        try:
            return _seen(place, budget_store.charge(place, hold.epoch, cost_nanos))
        except Conflict:  # a request belongs to the period that let it in; or the budget, or the token, was deleted
            _known.pop(place, None)
            return state(hold.workspace_id, hold.token_id) or BudgetState()


def state(workspace_id: str, token_id: str) -> BudgetState | None:
    """How a token's budget stands; None when it has none."""
    budget = budget_store.read(budget_store.key(workspace_id, token_id))
    return budget.state() if budget else None


def states(workspace_id: str, first: str, last: str) -> dict[str, BudgetState]:
    """How the budgets of the tokens from one id to another stand; those without are left out."""
    return dict(budget_store.states(workspace_id, first, last))


def forget() -> None:
    """Know no budget, as a new process does."""
    _known.clear()


def _reserve_afresh(principal: Principal, place: Key, worst: int) -> Hold:
    state = BudgetState()
    for _ in range(_TRIES):
        budget = budget_store.read(place)
        if budget is None:  # it was taken away, and the caller's principal is a few seconds old
            _known.pop(place, None)
            return Hold(principal.workspace_id, principal.token_id, BudgetState())
        try:
            budget = budget_store.tidied(place, budget)
            state = _seen(place, budget)
            if budget.left < max(worst, 1):
                break
            return _held(principal, place, budget, worst)
        except Conflict:  # others reserve, settle or tidy at the same moment
            time.sleep(random.uniform(0, 0.02))
    else:
        raise Unavailable("this token's budget is busy; try again")
    raise _refusal(state, worst)


def _held(principal: Principal, place: Key, known: Budget, worst: int) -> Hold:
    bucket = budget_store.bucket_of(known)
    state = _seen(place, budget_store.take(place, known, bucket, worst))
    return Hold(principal.workspace_id, principal.token_id, state, bucket, known.epoch, worst)


def _seen(place: Key, budget: Budget) -> BudgetState:
    with _remembering:
        if len(_known) >= _MAX_KNOWN:
            _known.clear()
        _known[place] = budget
    return budget.state()


def _refusal(state: BudgetState, worst: int) -> PaymentRequired:
    limit, free = state.limit or 0, state.remaining + state.held
    exhausted = free < max(worst, 1)
    headers = state.headers() | ({} if exhausted else {"Retry-After": _SOON_SECONDS})
    return PaymentRequired(
        f"this request may cost up to ${usd(worst)}, {_told(state, worst) if exhausted else _told_to_wait(state)}",
        code="budget_exhausted" if exhausted else "budget_reserved",
        headers=headers,
        needed_usd=money.to_usd(worst),
        limit_usd=money.to_usd(limit),
        remaining_usd=money.to_usd(max(0, state.remaining)),
        held_usd=money.to_usd(state.held),
        resets_at=state.resets_at,
    )


def _told(state: BudgetState, worst: int) -> str:
    limit, free = state.limit or 0, max(0, state.remaining + state.held)
    if worst > limit:
        return f"more than this token's whole budget of ${usd(limit)}; lower max_tokens, or raise the token's budget"
    fixes = [*(["lower max_tokens"] if free else []), "raise the token's budget"]
    if state.resets_at:
        fixes.append(f"wait until {state.resets_at}, when it resets")
    end = "" if state.resets_at else " (it never resets)"
    return f"and ${usd(free)} of this token's budget of ${usd(limit)} is left{end}; {', or '.join(fixes)}"


def _told_to_wait(state: BudgetState) -> str:
    return (
        f"and ${usd(max(0, state.remaining))} of this token's budget of ${usd(state.limit or 0)} is free while others "
        f"in flight hold ${usd(state.held)}; try again in a moment, or lower max_tokens"
    )
