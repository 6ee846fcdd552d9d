"""Which model serves production after a ranking: a switch only when the evidence says so, and the reason in words."""

from collections.abc import Collection, Mapping
from math import inf, log
from typing import Final, Literal, TypedDict, Unpack

import msgspec

from gero.ranking.pairs import PairSums
from gero.ranking.table import Ranking, RankingEntry
from gero.ranking.trial import (
    EQUAL_WITHIN,
    MINIMUM_EFFECT,
    Evidence,
    Guardrails,
    Trial,
    odds,
    on_these_rows,
    weigh_challengers,
)

Policy = Literal["top", "strict", "default", "eager"]
Mode = Literal["ranking_winner", "manual"]
Action = Literal["promote", "hold", "first", "keep"]
Target = Literal["traffic", "dataset"]

# P(ever switching to a model that is not better), per tenure of a champion.
_ALPHA: Final[dict[str, float]] = {"strict": 0.05, "default": 0.10, "eager": 0.20}


class Decision(msgspec.Struct, frozen=True):
    """What happens to production; `candidate_id` serves from now on, `previous_id` served before."""

    action: Action
    """`first`: no champion before; `keep`: nothing better in sight; `hold`: not enough evidence for a change."""
    candidate_id: str | None
    previous_id: str | None
    policy: Policy
    reason: str
    """One sentence with the numbers that decided."""
    evidence: Evidence | None = None
    rows_needed: int | None = None
    """Estimated further rows until the challenger held back could be promoted."""


class Terms(TypedDict, total=False):
    """On what terms a challenger is compared with the champion.

    `guardrails`: what a better challenger must still respect. `max_challengers`: the number of challengers one champion
    may meet in its tenure, if more than are ranked now; alpha is shared among them. `provisional`: a clause, why the
    ranking cannot be trusted yet; then nothing replaces a champion, and a first model goes into production as
    provisional. `target` "dataset": the best is the one with the top mean on exactly these rows; a champion and a
    challenger with a score on each of `total_rows` (default: of the rows the champion was asked) are compared by their
    means, with the same margins and guardrails and without a test; of others only evidence tells, as with "traffic".
    `graded`: scores may lie between 0 and 1. `tied`: candidates as good as the leader, of whom the cheapest, then the
    fastest, becomes the first production model.
    """

    guardrails: Guardrails | None
    max_challengers: int | None
    provisional: str | None
    target: Target
    total_rows: int | None
    graded: bool
    tied: Collection[str]


def decide(
    ranking: Ranking,
    pairs: Mapping[str, PairSums],
    *,
    champion_id: str | None,
    policy: Policy = "default",
    mode: Mode = "ranking_winner",
    **terms: Unpack[Terms],
) -> Decision:
    """Decide at a round barrier which candidate serves production.

    A candidate whose endpoint was given up in the middle of the run is not chosen, and none is compared with it.
    `pairs`: challenger id -> sums with the challenger first, accumulated over rows that pair saw for the first time
    (`RankingStatistics.pairs_against` for one run). `Terms` tells more.

    There is no cool-down after a switch: the pairs of a new champion are weighed by their own evidence, which mostly
    spoke for it until now, and that is what keeps production from going to and fro. Raises ValueError on an unknown
    policy.
    """
    if policy != "top" and policy not in _ALPHA:
        raise ValueError(f"unknown promotion policy {policy!r}")
    leader, provisional = ranking.leader, terms.get("provisional")
    if mode == "manual":
        return Decision("keep", champion_id, champion_id, policy, "The production model is chosen by hand.")
    if leader is None:
        return Decision("keep", champion_id, champion_id, policy, _nothing_to_choose(ranking))
    if champion_id is None:
        return _first(ranking, leader, terms.get("tied", ()), policy, provisional)
    champion = ranking.entry(champion_id)
    if provisional:
        action: Action = "keep" if leader is champion else "hold"
        return Decision(action, champion_id, champion_id, policy, _provisional(leader, champion, provisional))
    if champion is None:
        reason = f"{_standing(leader)} and replaces {champion_id}, which is no longer a candidate."
        return Decision("promote", leader.candidate_id, champion_id, policy, reason)
    if champion.n_not_asked:
        return Decision("hold", champion_id, champion_id, policy, _given_up(champion))
    if policy == "top":
        return _follow_top(leader, champion)
    guardrails = terms.get("guardrails") or Guardrails()
    trials = weigh_challengers(
        ranking, pairs, champion, guardrails, _ALPHA[policy], terms.get("max_challengers"), terms.get("graded", False)
    )
    if terms.get("target") == "dataset":
        trials = [on_these_rows(trial, champion, terms.get("total_rows") or champion.n_rows) for trial in trials]
    return _guarded(champion, leader, trials, policy)


def _first(
    ranking: Ranking, leader: RankingEntry, tied: Collection[str], policy: Policy, provisional: str | None
) -> Decision:
    if not leader.score:
        reason = f"No model gave a right answer on {leader.n_scored:,} rows, so none is put into production."
        return Decision("hold", None, None, policy, reason)
    became = "becomes the first production model"
    because = f", provisionally: {provisional.rstrip('.')}" if provisional else ""
    equals = [entry for entry in ranking.entries if entry.candidate_id in tied and entry.cost_nanos_per_1000_rows]
    best = min(equals, key=lambda entry: (entry.cost_nanos_per_1000_rows, entry.latency_p95_ms or inf), default=leader)
    if best is leader or not leader.cost_nanos_per_1000_rows:
        return Decision("first", leader.candidate_id, None, policy, f"{_standing(leader)} and {became}{because}.")
    reason = f"{best.name} is as good as {leader.name}, which leads the ranking, costs less, and {became}{because}."
    return Decision("first", best.candidate_id, None, policy, reason)


def log_threshold(policy: Policy, challengers: int) -> float | None:
    """The ln E that a policy asks of a challenger, one of so many; None when it asks for none."""
    return log(max(1, challengers) / _ALPHA[policy]) if policy in _ALPHA else None


def _follow_top(leader: RankingEntry, champion: RankingEntry) -> Decision:
    if leader is champion:
        return Decision("keep", champion.candidate_id, champion.candidate_id, "top", f"{_standing(champion)}.")
    reason = f"{_standing(leader)}, ahead of {champion.name}{_mean(champion)}, and the policy follows the top mean."
    return Decision("promote", leader.candidate_id, champion.candidate_id, "top", reason)


def _guarded(champion: RankingEntry, leader: RankingEntry, trials: list[Trial], policy: Policy) -> Decision:
    better = [trial for trial in trials if trial.evidence.better]
    for trial in better:
        if not trial.objections:
            return _promotion(trial, champion, policy, f"{_gain(trial, champion)}, {_proof(trial)}.")
    saving = [trial for trial in trials if trial.saves and trial.evidence.not_worse and not trial.objections]
    if saving:
        trial = min(saving, key=lambda trial: trial.challenger.cost_nanos_per_1000_rows)
        return _promotion(trial, champion, policy, _saving_reason(trial, champion))
    served = champion.candidate_id
    if better:
        reason = f"{_gain(better[0], champion)}, but it {' and '.join(better[0].objections)}."
        return Decision("hold", served, served, policy, reason, better[0].evidence)
    if leader is champion:
        return Decision("keep", served, served, policy, f"{_standing(champion)}.")
    trial = trials[0]
    return Decision("hold", served, served, policy, _doubt(trial, champion), trial.evidence, trial.rows_needed)


def _promotion(trial: Trial, champion: RankingEntry, policy: Policy, reason: str) -> Decision:
    return Decision("promote", trial.challenger.candidate_id, champion.candidate_id, policy, reason, trial.evidence)


def _provisional(leader: RankingEntry, champion: RankingEntry | None, why: str) -> str:
    leads = "leads, but" if leader is not champion else "leads, and"
    return f"{leader.name} {leads} the ranking is provisional and changes no production: {why.rstrip('.')}."


def _nothing_to_choose(ranking: Ranking) -> str:
    if any(entry.n_not_asked for entry in ranking.entries):
        return "No endpoint was asked all rows, so production stays as it is."
    return "No row was scored, so production stays as it is."


def _given_up(champion: RankingEntry) -> str:
    return (
        f"The endpoint of {champion.name} was given up with {champion.n_not_asked:,} rows not asked,"
        " so nothing can be compared with it; production stays until a run evaluates it whole."
    )


def _standing(entry: RankingEntry) -> str:
    return f"{entry.name} leads the ranking with a mean of {entry.score:.3f} on {entry.n_scored:,} rows"


def _mean(entry: RankingEntry) -> str:
    return "" if entry.score is None else f" with {entry.score:.3f}"


def _gain(trial: Trial, champion: RankingEntry) -> str:
    evidence = trial.evidence
    return (
        f"{trial.challenger.name} is better than {champion.name} by {evidence.difference:.3f}"
        f" on the {evidence.n_rows:,} rows both scored"
    )


def _proof(trial: Trial) -> str:
    return "which is all of them" if trial.evidence.exact else f"with evidence of {_weight(trial)}"


def _weight(trial: Trial) -> str:
    return f"{odds(trial.evidence.log_e_better)} where {odds(trial.evidence.log_threshold)} is required"


def _saving_reason(trial: Trial, champion: RankingEntry) -> str:
    old, new = champion.cost_nanos_per_1000_rows / 1e9, trial.challenger.cost_nanos_per_1000_rows / 1e9
    proof = "all of them" if trial.evidence.exact else f"evidence {odds(trial.evidence.log_e_not_worse)}"
    return (
        f"{trial.challenger.name} is not worse than {champion.name} by {EQUAL_WITHIN:g} or more on the"
        f" {trial.evidence.n_rows:,} rows both scored ({proof}) and costs"
        f" ${new:.4g} instead of ${old:.4g} per 1,000 rows."
    )


def _doubt(trial: Trial, champion: RankingEntry) -> str:
    evidence, names = trial.evidence, f"{trial.challenger.name} and {champion.name}"
    if not evidence.n_rows:
        return f"{names} have no scored rows in common, so they cannot be compared."
    if evidence.difference < MINIMUM_EFFECT:
        return (
            f"{trial.challenger.name} differs from {champion.name} by {evidence.difference:+.3f} on the"
            f" {evidence.n_rows:,} rows both scored, less than the {MINIMUM_EFFECT:+g} that is worth a change."
        )
    needed = f"; about {trial.rows_needed:,} more rows are needed" if trial.rows_needed else ""
    return (
        f"{trial.challenger.name} is ahead of {champion.name} by {evidence.difference:.3f} on the"
        f" {evidence.n_rows:,} rows both scored, but the evidence is {_weight(trial)}{needed}."
    )
