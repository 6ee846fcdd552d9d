"""How production is chosen, and what was decided about it, in words."""

from dataclasses import dataclass
from math import log

from functions.api.production_views import EvidenceView, PromotionView
from gero.leaderboards import promotion_settings

POLICIES = (
    ("default", "Default", "on evidence that misleads in at most 10 % of cases"),
    ("strict", "Strict", "on evidence that misleads in at most 5 %"),
    ("eager", "Eager", "on evidence that misleads in at most 20 %"),
    ("top", "Top", "whenever its mean is the best, by chance or not"),
)
# What a decision did, and its tone.
ACTIONS = {
    "promote": ("Promoted", "good"),
    "first": ("Promoted first", "good"),
    "hold": ("Held back", "warn"),
    "keep": ("Kept", "calm"),
    "pin": ("Pinned", "calm"),
    "unpin": ("Unpinned", "calm"),
    "rollback": ("Rolled back", "warn"),
}
# How a race ended.
ENDS = {
    "winner": "one model is certainly the best",
    "tie": "those left are as good as each other",
    "undecided": "no model is certainly the best on these rows",
}
# What becomes of the prompt where a client sends messages.
MESSAGES = {"apply": "get the prompt in front", "bypass": "are sent as they are, without the prompt"}


@dataclass(frozen=True)
class Lacking:
    """How far a challenger that was held back has come: the share of the way, 0 to 1, and what it lacks."""

    share: float
    told: str


def lacking(evidence: EvidenceView, decision: PromotionView | None) -> Lacking:
    """What the evidence for a challenger still lacks. Each row multiplies it, so the way is told by its logarithm."""
    needed = max(evidence.e_value_needed, 1.0000001)
    share = round(min(1.0, max(0.0, log(max(evidence.e_value, 1e-12)) / log(needed))), 3)
    if evidence.exact or evidence.e_value >= evidence.e_value_needed:
        return Lacking(1.0, "The evidence is enough: what holds it back is said above.")
    more = decision.rows_needed if decision else None
    if more:
        return Lacking(share, f"About {more:,} more rows would be enough, if it stays so far ahead.")
    return Lacking(share, "How many more rows it takes cannot be told: it is not far enough ahead.")


def guardrails(found: promotion_settings.GuardrailSettings) -> list[str]:
    """What a better model must still respect, each as a clause."""
    limits = []
    if found.max_cost_ratio is not None:
        limits.append(f"it costs at most {found.max_cost_ratio:g} times as much")
    if found.max_latency_ratio is not None:
        limits.append(f"its 95th percentile of latency is at most {found.max_latency_ratio:g} times as long")
    if found.max_error_increase is not None:
        limits.append(f"its share of failed rows is higher by at most {100 * found.max_error_increase:g} %")
    return limits
