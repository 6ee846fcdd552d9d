"""What the workspace's plan does not allow, told before somebody asks for it."""

from collections.abc import Callable

from functions.api.console.submitted import Faults, faults
from functions.api.console.visitor import Visitor
from functions.api.console.wording import sentence
from gero import leaderboards
from gero.access import plans
from gero.kit import PaymentRequired

# Settings of a PUSH dataset that a plan limits, by the limit.
PUSH_LIMITS = {"max_samples_to_gather": "kept_rows", "monthly_event_limit": "pushed_rows"}


def plan_of(visitor: Visitor) -> plans.Plan:
    """The plan of the workspace that is shown."""
    return plans.PLANS[visitor.workspace.plan]


def create_locked(visitor: Visitor) -> str | None:
    """Why there can be no further leaderboard; None when there can. One read where the plan limits them."""
    plan = plan_of(visitor)
    if plan.leaderboards is None:
        return None
    return _refusal(lambda: plan.check("leaderboards", leaderboards.count(visitor.workspace_id) + 1))


def delete_locked(visitor: Visitor) -> str | None:
    """Why no leaderboard can be deleted; None when they can."""
    return _refusal(plan_of(visitor).check_leaderboard_deletion)


def push_faults(visitor: Visitor, given: dict[str, int]) -> Faults:
    """Which of the given settings of a PUSH dataset are above the plan's limits, by field."""
    found: Faults = {}
    for field, limit in PUSH_LIMITS.items():
        try:
            plan_of(visitor).check(limit, given.get(field, 0), field)
        except PaymentRequired as error:
            found |= faults(error)
    return found


def _refusal(check: Callable[[], None]) -> str | None:
    try:
        check()
    except PaymentRequired as error:
        return sentence(error.message)
    return None
