"""Evidence over runs: for each pair of models, its sums over the rows that the pair was scored on for the first time.

A row that both were scored on before adds nothing, however often it is run: so evidence grows with rows, not with runs.
A model, prompt or scoring that changed begins anew.
"""

import msgspec

from gero.evaluation import EvaluationPlan
from gero.evaluation import plan as plans
from gero.kit import blobs
from gero.ranking.merge import RankingStatistics
from gero.ranking.pairs import PairSums

_PAIRS_KEPT = 10_000


class PairEvidence(msgspec.Struct, frozen=True):
    """Paired sums, the smaller identity first, by "identity identity"; and the identities of a run's candidates."""

    pairs: dict[str, PairSums]
    identities: dict[str, str]

    def against(self, champion_id: str) -> dict[str, PairSums]:
        """Challenger id -> paired sums, challenger first; of those that met the champion."""
        champion = self.identities.get(champion_id)
        if champion is None:
            return {}
        found = {}
        for challenger_id, identity in self.identities.items():
            sums = self.pairs.get(_name(identity, champion))
            if identity != champion and sums:
                found[challenger_id] = sums if identity < champion else sums.flipped()
        return found

    def opponents(self, champion_id: str) -> int:
        """How many models and versions have ever met the champion."""
        champion = self.identities.get(champion_id)
        return sum(champion in name.split() for name in self.pairs)


def accumulate(plan: EvaluationPlan, statistics: RankingStatistics) -> PairEvidence:
    """What the runs before knew, and the fresh rows of this one; stored for the next. Repeatable."""
    identities = {candidate.id: plan.identity_of(candidate) for candidate in plan.candidates}
    pairs = _before(plan)
    known: set[str] = set()
    for first_id, second_id in sorted(statistics.pairs):
        first, second = identities[first_id], identities[second_id]
        name = _name(first, second)
        if first == second or name in known:
            continue  # the same model twice is no second witness
        known.add(name)
        fresh = statistics.fresh_pair(first_id, second_id)
        pairs[name] = pairs.get(name, PairSums()) + (fresh if first < second else fresh.flipped())
    if len(pairs) > _PAIRS_KEPT:
        present = set(identities.values())
        pairs = {name: sums for name, sums in pairs.items() if present.issuperset(name.split())}
    evidence = PairEvidence(pairs, identities)
    blobs.put(_key(plan, plan.run_id), msgspec.json.encode(evidence), "application/json")
    return evidence


def _before(plan: EvaluationPlan) -> dict[str, PairSums]:
    stored = blobs.get(_key(plan, plan.evidence_from)) if plan.evidence_from else None
    return msgspec.json.decode(stored, type=PairEvidence).pairs if stored else {}


def _name(one: str, other: str) -> str:
    return f"{min(one, other)} {max(one, other)}"


def _key(plan: EvaluationPlan, run_id: str) -> str:
    return f"{plans.run_prefix(plan.workspace_id, plan.leaderboard_id, run_id)}/evidence.json"
