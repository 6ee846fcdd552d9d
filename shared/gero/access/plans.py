"""Plans, as data: what a workspace may have and use. What is above a limit is refused, with the limit named.

Another plan takes nothing away: what is there goes on as it is, and only what is made or changed from then on has to
fit. A better plan holds at once; a setting that the plan before filled in stays until somebody changes it.
"""

from collections.abc import Callable, Iterable
from typing import Any, Final, NamedTuple

import msgspec

from gero.access import scopes as scope_rules
from gero.access import workspace_store
from gero.access.budget_terms import BudgetTerms
from gero.kit import Invalid, PaymentRequired, money

OF_OPERATORS: Final = "pay-as-you-go"
"""What an operator gives who names no plan."""
_INFERENCE: Final = "leaderboards:inference"
_RESETS: Final = ("none", "monthly")
_ASK: Final = "or ask whoever operates this deployment for another plan"


class Limit(msgspec.Struct, frozen=True):
    """A limit to be shown: what is limited, and what is allowed, as a text and as a value (None: without limit)."""

    name: str
    title: str
    allowed: str
    value: float | bool | None


class Plan(msgspec.Struct, frozen=True):
    """A plan. None is no limit; the product itself has one of `kept_rows` and `auto_select_models`."""

    name: str
    title: str
    description: str
    leaderboards: int | None = None
    leaderboard_deletion: bool = True
    auto_select_models: int = 20
    """Models that auto-select chooses at once."""
    run_rows: int | None = None
    """Rows that a run uses."""
    pushed_rows: int | None = None
    """Rows that a PUSH dataset takes in a month."""
    kept_rows: int = 1_000_000
    """Rows that a PUSH dataset keeps."""
    trace_retention_days: int | None = None
    token_budget_nanos: int | None = None
    """What a token that may call inference spends in a month, in nano-dollars."""

    @property
    def token_budget_usd(self) -> float | None:
        """The same in dollars, to be shown."""
        return None if self.token_budget_nanos is None else money.to_usd(self.token_budget_nanos)

    def limits(self) -> list[Limit]:
        """All limits, in the order in which people read them."""
        values = ((name, words, getattr(self, name)) for name, words in _WORDS.items())
        return [Limit(name, words.title, words.shown(value), value) for name, words, value in values]

    def check(self, limit: str, asked: int | None, field: str | None = None) -> None:
        """PaymentRequired (`plan_limit`) when more is asked than a limit that counts allows; None: as much as there is.

        `limit`: a name as in `limits`; `field`: what the client who asks calls it.
        """
        allowed = getattr(self, limit)
        if allowed is not None and (asked is None or asked > allowed):
            raise self._refusal(limit, field, asked)

    def check_leaderboard_deletion(self) -> None:
        """PaymentRequired (`plan_limit`) when the plan keeps leaderboards from being deleted."""
        if not self.leaderboard_deletion:
            raise self._refusal("leaderboard_deletion")

    def check_token(self, scopes: Iterable[str], budget: BudgetTerms | None) -> None:
        """PaymentRequired (`plan_limit`) when a token that may call inference could spend more than the plan allows.

        Its budget must neither be above the cap nor begin anew more often than once a month.
        """
        cap = self.token_budget_nanos
        if cap is None or not scope_rules.allows(scopes, _INFERENCE):
            return
        if budget is None or budget.limit_nanos > cap:
            raise self._refusal("token_budget_usd", "budget_limit")
        if budget.reset_interval not in _RESETS:
            raise self._refusal("token_budget_usd", "budget_reset_interval")

    def _refusal(self, limit: str, field: str | None = None, asked: int | None = None) -> PaymentRequired:
        words, allowed = _WORDS[limit], getattr(self, limit)
        told = f"the {self.title} plan {words.told}; {words.fix}, {_ASK}".format(allowed=allowed, asked=asked)
        details: dict[str, Any] = {"limit": limit, "plan": self.name, "allowed": allowed}
        if field:
            told, details["field"] = f"{field}: {told}", field
        return PaymentRequired(told, code="plan_limit", **details)


def of(workspace_id: str) -> Plan:
    """The workspace's plan as it is now, by one read; that of operators where no workspace is stored."""
    workspace = workspace_store.read(workspace_id, consistent=True)
    return PLANS[workspace.plan if workspace else OF_OPERATORS]


def named(name: str) -> Plan:
    """The plan of that name. Invalid names those there are."""
    if name not in PLANS:
        raise Invalid(f"plan: {name!r} is not a plan; use one of {', '.join(PLANS)}", field="plan")
    return PLANS[name]


class _Words(NamedTuple):
    """How a limit is called and shown, what is said of it when more was asked, and what can be done then."""

    title: str
    shown: Callable[[Any], str]
    told: str
    fix: str


def _counted(unit: str = "", without: str = "unlimited") -> Callable[[int | None], str]:
    return lambda value: without if value is None else f"{value:,}{unit}"


def _included(value: bool) -> str:
    return "yes" if value else "no"


def _monthly(usd: float | None) -> str:
    return "as you set it" if usd is None else f"at most ${usd:,.2f} a month"


_WORDS: Final = {
    "leaderboards": _Words(
        "Leaderboards", _counted(), "has at most {allowed:,} leaderboards", "change one of those that are there"
    ),
    "leaderboard_deletion": _Words(
        "Deleting leaderboards", _included, "does not let leaderboards be deleted", "change this one to another task"
    ),
    "auto_select_models": _Words(
        "Models that auto-select chooses at once",
        _counted(),
        "lets auto-select choose at most {allowed:,} models at once",
        "ask for {allowed:,} or fewer",
    ),
    "run_rows": _Words(
        "Rows that a run uses",
        _counted(),
        "lets a run use at most {allowed:,} rows, and this one would use {asked:,}",
        "start the run with rows: {allowed} or fewer",
    ),
    "pushed_rows": _Words(
        "Rows that a Push dataset takes in a month",
        _counted(),
        "lets a dataset take at most {allowed:,} pushed rows a month",
        "give {allowed} or fewer",
    ),
    "kept_rows": _Words(
        "Rows that a Push dataset keeps",
        _counted(),
        "lets a dataset keep at most {allowed:,} pushed rows",
        "give {allowed} or fewer",
    ),
    "trace_retention_days": _Words(
        "How long traces are kept",
        _counted(" days", "as you set it"),
        "keeps traces for at most {allowed:,} days",
        "give {allowed} or fewer",
    ),
    "token_budget_usd": _Words(
        "Budget of a token that may call inference",
        _monthly,
        "asks for a budget of at most ${allowed:,.2f} a month on a token that may call inference",
        f"give that or less, resetting monthly or never, or leave out the scope {_INFERENCE}",
    ),
}
PLANS: Final = {
    plan.name: plan
    for plan in (
        Plan(
            name="free",
            title="Free",
            description="To try it out, and for small projects: everything works, within limits.",
            leaderboards=3,
            leaderboard_deletion=False,
            auto_select_models=3,
            run_rows=10_000,
            pushed_rows=10_000,
            kept_rows=10_000,
            trace_retention_days=30,
            token_budget_nanos=5 * money.NANOS_PER_USD,
        ),
        Plan(
            name="pay-as-you-go",
            title="Pay-as-you-go",
            description="For teams in production: as much as you use, and every limit is one that you set yourself.",
        ),
        Plan(
            name="enterprise",
            title="Enterprise",
            description="Like Pay-as-you-go, on the terms that were agreed with whoever operates this deployment.",
        ),
    )
}
