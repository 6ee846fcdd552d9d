"""How far a leaderboard's judge can be trusted: its card, and what people's verdicts make of its ranking."""

from collections.abc import Iterator
from itertools import combinations
from typing import Any

import msgspec

from gero import ranking, reviews, runs
from gero.evaluation import EvaluationPlan, Judge
from gero.evaluation import plan as plans
from gero.kit import Conflict
from gero.leaderboards.leaderboard import Leaderboard
from gero.ranking import JudgeCard, RankingStatistics
from gero.reviews import Labels

# Conventions: a judge that changes its mind more often, or is silent on more answers, is no measure.
MAX_FLIP_RATE, MAX_UNJUDGED = 0.2, 0.1
_FEWEST_LABELS = 30


def judged(leaderboard: Leaderboard, plan: EvaluationPlan, statistics: RankingStatistics) -> dict[str, Any]:
    """What a run keeps of its judge: `judge`, the card, and, where its ranking cannot be trusted yet, `provisional`."""
    judge = plan.evaluation.judge
    if judge is None:
        return {}
    card = ranking.judge_card({key: sums.judge for key, sums in statistics.candidates.items()})
    agreement = reviews.labels(plan.workspace_id, plan.leaderboard_id, judge.identity).total.agreement
    needed = _labels_needed(leaderboard)
    why = _why_not(card) or ranking.why_provisional(agreement, needed)
    document = {
        **_named(judge),
        **msgspec.to_builtins(card),
        "agreement": agreement._asdict(),
        "labels_needed": max(0, needed - agreement.n),
    }
    return {"judge": document} | ({"provisional": why} if why else {})


def _labels_needed(leaderboard: Leaderboard) -> int:
    """As many as the leaderboard asks for, or as its rows can give, unless those are too few to tell anything."""
    possible = reviews.capacity(leaderboard.workspace_id, leaderboard.id)
    return (
        min(leaderboard.judge.min_labels, max(possible, _FEWEST_LABELS)) if possible else leaderboard.judge.min_labels
    )


def card(leaderboard: Leaderboard) -> dict[str, Any]:
    """The judge's card as of now: of the latest completed run, with what people said since. Conflict without one."""
    if leaderboard.latest_run_id is None:
        raise Conflict("there is no judge card yet; complete a run first", code="no_ranking")
    run = runs.get(leaderboard.workspace_id, leaderboard.id, leaderboard.latest_run_id)
    plan = plans.load(run.workspace_id, run.leaderboard_id, run.id)
    if plan.evaluation.judge is None:
        raise Conflict("the latest run was not scored by a judge", code="no_judge")
    statistics = ranking.latest_statistics(plan)
    notes = judged(leaderboard, plan, statistics)
    by_both = list(_comparisons(plan, statistics, reviews.labels_of_run(plan)))
    return {**notes["judge"], "run_id": run.id, "provisional": notes.get("provisional"), "comparisons": by_both}


def _named(judge: Judge) -> dict[str, Any]:
    named = {"name": judge.name, "identity": judge.identity, "mode": judge.mode, "warnings": list(judge.warnings)}
    return named | {"why": judge.why, "reference_id": judge.reference_id, "audit_percent": judge.audit_percent}


def _why_not(card: JudgeCard) -> str | None:
    if card.flip_low is not None and card.flip_low > MAX_FLIP_RATE:
        return (
            f"The judge gave another verdict on {card.flip_rate:.0%} of the {card.n_audits:,} answers that it was asked"
            f" twice, certainly more than {MAX_FLIP_RATE:.0%}."
        )
    silent = card.n_unjudged / max(1, card.n_unjudged + card.n_judged)
    if silent > MAX_UNJUDGED:
        return f"The judge gave no verdict on {silent:.0%} of the answers; run again to have them judged."
    return None


def _comparisons(plan: EvaluationPlan, statistics: RankingStatistics, labels: Labels) -> Iterator[dict[str, Any]]:
    """Of each pair that both judged: the mean difference by the judge, by people, and by both (PPI++)."""
    names = {candidate.id: candidate.name for candidate in plan.candidates}
    for first, second in combinations(sorted(names), 2):
        own = labels.pairs.get((first, second))
        pair = statistics.pair(first, second)
        if own is None or pair.n < own.n:
            continue
        found = ranking.corrected_difference(own, ranking.judged_only(pair, own))
        if found:
            sides = {"first_id": first, "first": names[first], "second_id": second, "second": names[second]}
            yield sides | found._asdict()
