from typing import Any

import pytest

from gero import access
from gero.access import BudgetTerms, TokenFields, plans, tokens, workspaces
from gero.access.plans import PLANS
from gero.kit import Invalid, PaymentRequired, money, new_id

pytestmark = pytest.mark.usefixtures("cloud")
FREE = PLANS["free"]
CAP = 5 * money.NANOS_PER_USD
INFERENCE = ("leaderboards:inference", "leaderboards:*", "*")
# Each limit that counts something: what it is called in a refusal, and the number there.
COUNTED = {
    "leaderboards": "at most 3 leaderboards",
    "auto_select_models": "at most 3 models at once",
    "run_rows": "at most 10,000 rows, and this one would use 10,001",
    "pushed_rows": "at most 10,000 pushed rows a month",
    "kept_rows": "at most 10,000 pushed rows",
    "trace_retention_days": "at most 30 days",
}


@pytest.fixture
def free() -> str:
    return workspaces.create("Small", "free")[0].id


def terms(nanos: int, interval: str = "monthly") -> BudgetTerms:
    return BudgetTerms(nanos, interval)


def refusal(workspace: str, scopes: tuple[str, ...], budget: BudgetTerms | None) -> PaymentRequired:
    with pytest.raises(PaymentRequired) as refused:
        tokens.create(workspace, "web", scopes, budget=budget)
    return refused.value


@pytest.mark.parametrize(("limit", "told"), COUNTED.items())
def test_a_limit_can_be_reached_and_not_exceeded_and_the_refusal_names_it(limit: str, told: str) -> None:
    allowed = getattr(FREE, limit)
    FREE.check(limit, allowed)
    with pytest.raises(PaymentRequired) as refused:
        FREE.check(limit, allowed + 1, "some.field")
    error = refused.value
    assert (error.status, error.code, error.retryable) == (402, "plan_limit", False)
    assert error.details == {"limit": limit, "plan": "free", "allowed": allowed, "field": "some.field"}
    assert error.message.startswith("some.field: the Free plan ")
    assert told in error.message
    assert error.message.endswith("or ask whoever operates this deployment for another plan")
    assert error.headers == {}


@pytest.mark.parametrize("limit", ["pushed_rows", "trace_retention_days"])
def test_asking_for_no_limit_is_more_than_any_limit(limit: str) -> None:
    with pytest.raises(PaymentRequired, match=r"^the Free plan "):
        FREE.check(limit, None)


@pytest.mark.parametrize("plan", ["pay-as-you-go", "enterprise"])
def test_the_other_plans_limit_nothing_that_the_product_does_not(plan: str) -> None:
    found = PLANS[plan]
    for limit in COUNTED.keys() - {"kept_rows", "auto_select_models"}:
        found.check(limit, 10**9)
        found.check(limit, None)
    found.check_leaderboard_deletion()
    found.check_token(["*"], None)


def test_a_page_needs_no_words_of_its_own() -> None:
    shown = {one.name: (one.allowed, one.value) for one in FREE.limits()}
    assert shown == {
        "leaderboards": ("3", 3),
        "leaderboard_deletion": ("no", False),
        "auto_select_models": ("3", 3),
        "run_rows": ("10,000", 10_000),
        "pushed_rows": ("10,000", 10_000),
        "kept_rows": ("10,000", 10_000),
        "trace_retention_days": ("30 days", 30),
        "token_budget_usd": ("at most $5.00 a month", 5),
    }
    others = {one.name: one.allowed for one in PLANS["enterprise"].limits()}
    assert others.keys() == shown.keys()
    assert (others["leaderboards"], others["leaderboard_deletion"]) == ("unlimited", "yes")
    assert (others["trace_retention_days"], others["token_budget_usd"]) == ("as you set it", "as you set it")
    assert all(one.title and one.description.endswith(".") for one in PLANS.values())


def test_every_name_of_a_plan_is_its_own() -> None:
    assert list(PLANS) == [one.name for one in PLANS.values()] == ["free", "pay-as-you-go", "enterprise"]


def test_a_workspace_has_the_plan_it_was_given_and_another_one_at_once(free: str) -> None:
    assert plans.of(free) is FREE
    workspaces.set_plan(free, "enterprise")
    assert plans.of(free).name == "enterprise"
    assert plans.of(workspaces.create("Team")[0].id).name == plans.OF_OPERATORS == "pay-as-you-go"


def test_a_plan_that_there_is_not_is_refused_with_those_there_are(free: str) -> None:
    before = len(list(workspaces.listed()))
    for call in (lambda: workspaces.set_plan(free, "gold"), lambda: workspaces.create("Team", "gold")):
        with pytest.raises(Invalid, match="plan: 'gold' is not a plan; use one of free, pay-as-you-go, enterprise"):
            call()
    assert plans.of(free) is FREE
    assert len(list(workspaces.listed())) == before


@pytest.mark.parametrize("scope", INFERENCE)
@pytest.mark.parametrize("budget", [terms(CAP), terms(CAP, "none"), terms(1)])
def test_a_free_token_may_call_inference_within_the_cap(free: str, scope: str, budget: BudgetTerms) -> None:
    assert tokens.create(free, "web", [scope], budget=budget)[0].budget == budget


@pytest.mark.parametrize("scope", INFERENCE)
@pytest.mark.parametrize(
    ("budget", "field"),
    [
        (None, "budget_limit"),
        (terms(CAP + 1), "budget_limit"),
        (terms(CAP + 1, "none"), "budget_limit"),
        (terms(1, "weekly"), "budget_reset_interval"),
        (terms(CAP, "daily"), "budget_reset_interval"),
    ],
)
def test_and_not_beyond_it(free: str, scope: str, budget: BudgetTerms | None, field: str) -> None:
    error = refusal(free, (scope,), budget)
    assert error.details == {"limit": "token_budget_usd", "plan": "free", "allowed": 5, "field": field}
    assert error.message.startswith(f"{field}: the Free plan asks for a budget of at most $5.00 a month on a token")
    assert "leave out the scope leaderboards:inference" in error.message
    assert [one.name for one in tokens.listed(free)] == ["bootstrap"]


def test_a_free_token_that_may_not_call_inference_needs_no_budget(free: str) -> None:
    scopes = ["leaderboards:read", "leaderboards:run", "leaderboards:write", "models:*", "workspace:admin"]
    assert tokens.create(free, "ci", scopes)[0].budget is None
    assert tokens.create(free, "more", scopes, budget=terms(CAP * 9, "daily"))[0].budget


def test_the_first_token_is_the_operators_word(free: str) -> None:
    _, secret = workspaces.create("Small", "free")
    assert access.authenticate({"x-api-key": secret}).scopes == ("*",)
    first = next(tokens.listed(free))
    assert tokens.change(free, first.id, {"name": "of the office"}).scopes == ("*",), "it may be renamed"
    assert tokens.change(free, first.id, {"scopes": ["*"]}).budget is None, "and be told again what it is"
    with pytest.raises(PaymentRequired):
        tokens.change(free, first.id, {"scopes": ["leaderboards:*"]})


@pytest.mark.parametrize(
    "fields",
    [
        {"budget_limit": None, "budget_reset_interval": "none"},
        {"budget_limit": "5.01"},
        {"budget_reset_interval": "daily"},
        {"budget_limit": 1, "budget_reset_interval": "weekly"},
    ],
)
def test_a_budget_is_not_changed_beyond_the_cap(free: str, fields: TokenFields) -> None:
    token, _ = tokens.create(free, "web", ["leaderboards:inference"], budget=terms(CAP))
    with pytest.raises(PaymentRequired):
        tokens.change(free, token.id, fields)
    assert tokens.get(free, token.id) == token
    assert tokens.change(free, token.id, {"scopes": ["models:read"], **fields}).scopes == ("models:read",)


def test_a_scope_is_not_added_without_a_budget(free: str) -> None:
    token, _ = tokens.create(free, "web", ["models:read"])
    wanted: TokenFields = {"scopes": ["models:read", "leaderboards:inference"]}
    with pytest.raises(PaymentRequired):
        tokens.change(free, token.id, wanted)
    changed = tokens.change(free, token.id, {**wanted, "budget_limit": 5, "budget_reset_interval": "monthly"})
    assert changed.budget == terms(CAP)


def test_a_better_plan_lifts_the_cap_at_once_and_a_worse_one_takes_nothing_away(free: str) -> None:
    refusal(free, ("*",), None)
    workspaces.set_plan(free, "pay-as-you-go")
    token, secret = tokens.create(free, "web", ["*"])
    workspaces.set_plan(free, "free")
    assert access.authenticate({"x-api-key": secret}).token_id == token.id
    renamed = tokens.change(free, token.id, {"name": "shop"})
    assert (renamed.name, renamed.scopes, renamed.budget) == ("shop", ("*",), None)
    refusal(free, ("*",), None)


def test_without_a_workspace_a_plan_is_that_of_operators() -> None:
    assert plans.of(new_id()).name == "pay-as-you-go"


def test_a_refusal_of_money_still_needs_no_more_than_its_sentence() -> None:
    details: dict[str, Any] = PaymentRequired("that is too dear").body()
    assert details == {"error": "that is too dear", "code": "payment_required", "details": {}}
