"""The item of a token's budget, `WS#w` / `BUDGET#token`: its attributes, and each write that changes them.

At all times `left = limit - spent - what the buckets of this epoch hold`. Conditions cannot compute, hence `left`.
A bucket `held_<epoch>_<minute>` holds what was set aside in one minute. The epoch is raised when a period begins.
"""

from collections.abc import Iterator

import msgspec

from gero.access import budget_terms
from gero.access.budget_state import BudgetState
from gero.access.budget_terms import BudgetTerms
from gero.kit import clock, conditions, table
from gero.kit.table import Changes, Write

Key = tuple[str, str]
ORPHANED_MINUTES = 5
"""After so long a bucket's requests are over: a request lives two minutes at most."""
_OVER_MINUTES = 2  # a bucket of so long ago gets no more holds, also from clocks that are a little slow
_TIDIED_AT_ONCE, _SWEPT_AT_ONCE = 50, 4
_SECONDS_A_MINUTE = 60
_HELD, _BUDGET = "held_", "BUDGET#"


class Budget(msgspec.Struct, frozen=True):
    """A budget as stored, in nano-dollars; `holds` are its buckets."""

    limit: int
    left: int
    spent: int
    epoch: int
    interval: str
    resets_at: str | None
    holds: dict[str, int]

    def is_over(self) -> bool:
        """Whether its period has ended."""
        return self.resets_at is not None and self.resets_at <= clock.iso()

    def orphans(self) -> dict[str, int]:
        """Buckets whose holders are dead: they did not settle in time, or are of an earlier period."""
        dead = {name for name in self.holds if self._age(name) >= ORPHANED_MINUTES or not self._is_of_now(name)}
        return {name: value for name, value in self.holds.items() if value and name in dead}

    def empty(self) -> list[str]:
        """Buckets that hold nothing and never will again."""
        return [name for name, value in self.holds.items() if not value and self._age(name) >= _OVER_MINUTES]

    def credit(self, buckets: dict[str, int]) -> int:
        """What is left more once these buckets are dropped; those of earlier periods were forgiven already."""
        return sum(value for name, value in buckets.items() if self._is_of_now(name))

    def state(self) -> BudgetState:
        """How it stands: as it will be stored by the next request, when a period ended or holders died."""
        if self.is_over():
            resets_at = budget_terms.next_reset(self.interval, clock.now())
            return BudgetState(self.limit, 0, self.limit, 0, self.interval, resets_at)
        left = self.left + self.credit(self.orphans())
        return BudgetState(self.limit, self.spent, left, self.limit - self.spent - left, self.interval, self.resets_at)

    def _is_of_now(self, bucket: str) -> bool:
        return bucket.startswith(f"{_HELD}{self.epoch}_")

    def _age(self, bucket: str) -> int:
        return _minute() - int(bucket.rpartition("_")[2])


def key(workspace_id: str, token_id: str) -> Key:
    """Where a token's budget is."""
    return f"WS#{workspace_id}", f"{_BUDGET}{token_id}"


def read(place: Key) -> Budget | None:
    """The budget as it is at the moment, or None."""
    item = table.get(*place, consistent=True)
    return _parsed(item) if item else None


def states(workspace_id: str, first: str, last: str) -> Iterator[tuple[str, BudgetState]]:
    """Of the workspace's tokens from one id to another, those that have a budget: id and state."""
    for item in table.query(f"WS#{workspace_id}", _BUDGET, first=f"{_BUDGET}{first}"):
        token_id = item["sk"].removeprefix(_BUDGET)
        if token_id > last:
            return
        yield token_id, _parsed(item).state()


def bucket_of(budget: Budget) -> str:
    """Where holds that are made now are counted."""
    return f"{_HELD}{budget.epoch}_{_minute()}"


def take(place: Key, known: Budget, bucket: str, nanos: int) -> Budget:
    """Set an amount aside, if the period is still the known one and there is so much. Conflict if not.

    Empty buckets are swept along the way, so that the item stays small.
    """
    swept = known.empty()[:_SWEPT_AT_ONCE]
    condition = conditions.equals("epoch", known.epoch) & conditions.above("left", max(nanos, 1) - 1)
    for name in swept:
        condition &= conditions.absent(name) | conditions.equals(name, 0)
    changes = Changes(add={"left": -nanos, bucket: nanos}, remove=swept)
    return _parsed(table.update(*place, changes, condition))


def give_back(place: Key, epoch: int, bucket: str, nanos: int, cost: int) -> Budget:
    """End a hold: count what was paid, free the rest. Conflict when the bucket does not hold it any more."""
    held = conditions.equals("epoch", epoch) & conditions.above(bucket, nanos - 1)
    changes = Changes(add={"left": nanos - cost, "spent": cost, bucket: -nanos})
    return _parsed(table.update(*place, changes, held))


def charge(place: Key, epoch: int, cost: int) -> Budget:
    """Count what was paid without a hold. Conflict when the period is another one, or there is no budget any more."""
    changes = Changes(add={"left": -cost, "spent": cost})
    return _parsed(table.update(*place, changes, conditions.equals("epoch", epoch)))


def tidied(place: Key, budget: Budget) -> Budget:
    """The budget with a new period, if the known one is over, and without orphans. Conflict if it changed meanwhile."""
    if budget.is_over():
        return _restarted(place, budget)
    dropped = dict(list(budget.orphans().items())[:_TIDIED_AT_ONCE])
    if not dropped:
        return budget
    condition = conditions.equals("epoch", budget.epoch)
    for name, value in dropped.items():
        condition &= conditions.equals(name, value)
    changes = Changes(add={"left": budget.credit(dropped)}, remove=list(dropped))
    return _parsed(table.update(*place, changes, condition))


def opening(place: Key, terms: BudgetTerms) -> Write:
    """The write that begins a budget."""
    now = clock.now()
    resets_at = budget_terms.next_reset(terms.reset_interval, now)
    item = {
        "pk": place[0],
        "sk": place[1],
        "limit": terms.limit_nanos,
        "left": terms.limit_nanos,
        "spent": 0,
        "epoch": int(now.timestamp()),  # so that no hold of a budget before this one is taken for one of it
        "interval": terms.reset_interval,
        **({"resets_at": resets_at} if resets_at else {}),
    }
    return Write(item=item, condition=conditions.absent())


def changing(place: Key, known: Budget, terms: BudgetTerms) -> Write:
    """The write that sets other terms: what was spent stays counted until the (possibly new) period ends."""
    condition = conditions.equals("epoch", known.epoch) & conditions.equals("limit", known.limit)
    added = {"left": terms.limit_nanos - known.limit}
    told = {"limit": terms.limit_nanos, "interval": terms.reset_interval}
    if terms.reset_interval == known.interval:
        return Write(key=place, changes=Changes(set=told, add=added), condition=condition)
    resets_at = budget_terms.next_reset(terms.reset_interval, clock.now())
    if resets_at is None:
        return Write(key=place, changes=Changes(set=told, add=added, remove=["resets_at"]), condition=condition)
    return Write(key=place, changes=Changes(set={**told, "resets_at": resets_at}, add=added), condition=condition)


def _restarted(place: Key, budget: Budget) -> Budget:
    resets_at = budget_terms.next_reset(budget.interval, clock.now())
    fresh = {"left": budget.limit, "spent": 0, "epoch": budget.epoch + 1, "resets_at": resets_at}
    unchanged = conditions.equals("epoch", budget.epoch) & conditions.equals("limit", budget.limit)
    unchanged &= conditions.equals("resets_at", budget.resets_at)
    return _parsed(table.update(*place, Changes(set=fresh, remove=list(budget.holds)), unchanged))


def _parsed(item: table.Item) -> Budget:
    return Budget(
        limit=item["limit"],
        left=item["left"],
        spent=item["spent"],
        epoch=item["epoch"],
        interval=item["interval"],
        resets_at=item.get("resets_at"),
        holds={name: value for name, value in item.items() if name.startswith(_HELD)},
    )


def _minute() -> int:
    return int(clock.now().timestamp()) // _SECONDS_A_MINUTE
