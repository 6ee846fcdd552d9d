"""The ranking that people see: one entry per candidate, in order."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Literal

import msgspec

from gero.evaluation import SCORE_SCALE, LatencyHistogram
from gero.ranking.certainty import Certainty
from gero.ranking.comparison import ranges_of
from gero.ranking.merge import CandidateSums, RankingStatistics
from gero.ranking.pareto import pareto_front

# Of fewer calls the 99th percentile is sampling noise.
_P99_CALLS = 1000

Target = Literal["traffic", "dataset"]


class RankingEntry(msgspec.Struct, frozen=True):
    """One candidate; scores in 0..1, money in integer nano-dollars, latency in milliseconds."""

    candidate_id: str
    name: str
    rank: int
    """Position, from 1."""
    rank_low: int
    """Best and, in `rank_high`, worst rank that the evidence allows, for all candidates together."""
    rank_high: int
    score: float | None
    """Mean over the scored rows; None when none was scored, as its limits then are."""
    score_low: float | None
    score_high: float | None
    n_rows: int
    n_scored: int
    n_errors: int
    cost_nanos: int
    cost_nanos_per_1000_rows: int
    tokens_in: int
    tokens_out: int
    latency_p50_ms: float | None
    latency_p95_ms: float | None
    latency_p99_ms: float | None
    n_not_asked: int = 0
    """Rows left when its endpoint was given up in the middle of the run; they are unscored."""
    n_reused: int = 0
    """Rows whose answers are those of earlier runs."""
    paid_nanos: int = 0
    """What this run paid for its answers: less than `cost_nanos` where some were reused."""
    judge_nanos: int = 0
    """What it paid for verdicts on them."""
    pareto: bool = False
    """Whether no other is as good in score, cost and 95th percentile of latency and better in one of them."""

    @property
    def label(self) -> str:
        """The rank as shown: "1", or "1-2" when not separable."""
        return str(self.rank_low) if self.rank_low == self.rank_high else f"{self.rank_low}-{self.rank_high}"

    @property
    def complete(self) -> bool:
        """Whether it was scored, and its endpoint not given up: whether it can be put into production."""
        return self.n_scored > 0 and not self.n_not_asked

    @property
    def error_rate(self) -> float:
        """Share of the asked rows on which the model itself failed."""
        asked = self.n_rows - self.n_not_asked
        return self.n_errors / asked if asked else 0.0


class Gap(msgspec.Struct, frozen=True):
    """Whether one candidate and the next below it can be told apart."""

    upper_id: str
    lower_id: str
    n_common: int
    difference: float
    """Mean of upper - lower on the rows both scored."""
    separable: bool
    rows_needed: int | None
    """Estimate of further rows until they can; None when they can or the upper is not ahead there."""


class Ranking(msgspec.Struct, frozen=True):
    """Entries from best to worst, and the gap below each but the last."""

    entries: tuple[RankingEntry, ...]
    gaps: tuple[Gap, ...]
    confidence: float

    @property
    def leader(self) -> RankingEntry | None:
        """The top candidate of those whose endpoints were not given up; None when no row of them was scored."""
        return next((entry for entry in self.entries if entry.complete), None)

    def entry(self, candidate_id: str) -> RankingEntry | None:
        """The entry of a candidate, if it is ranked."""
        return next((entry for entry in self.entries if entry.candidate_id == candidate_id), None)

    def summary(self) -> str:
        """One line, such as "gpt-x leads (0.563, 95 % 0.536-0.589), not yet separable from gpt-y; about 160 more rows
        would separate gpt-x and gpt-y".
        """
        leader = self.leader
        if leader is None:
            return "no row was scored"
        limits = f"{100 * self.confidence:.0f} % {leader.score_low:.3f}-{leader.score_high:.3f}"
        level = [one.name for one in self.entries if one is not leader and one.complete and one.score == leader.score]
        leads = f"is level with {_listed(level)}" if level else "leads"
        head = f"{leader.name} {leads} ({leader.score:.3f}, {limits})"
        if len(self.entries) == 1:
            return f"{head}, the only candidate"
        rivals = [entry.name for entry in self.entries if entry is not leader and entry.rank_low <= leader.rank_low]
        if not rivals:
            return f"{head}, separable from all others"
        return f"{head}, not yet separable from {_listed(rivals)}{self._rows_needed(leader)}"

    def _rows_needed(self, leader: RankingEntry) -> str:
        gap = next((gap for gap in self.gaps if gap.upper_id == leader.candidate_id), None)
        runner_up = self.entry(gap.lower_id) if gap else None
        if gap is None or runner_up is None or gap.rows_needed is None:
            return ""
        rows = "1 more row" if gap.rows_needed == 1 else f"{gap.rows_needed:,} more rows"
        return f"; about {rows} would separate {leader.name} and {runner_up.name}"


def _listed(names: list[str]) -> str:
    return " and ".join(names) if len(names) <= 2 else f"{names[0]} and {len(names) - 1} more"


def build_ranking(
    statistics: RankingStatistics,
    names: Mapping[str, str] | None = None,
    confidence: float = 0.95,
    *,
    race_rows: int | None = None,
    target: Target = "traffic",
    total_rows: int | None = None,
) -> Ranking:
    """Rank the candidates of `names` (id -> shown name), or all of the statistics under their ids.

    Order: mean score, then cost per row, then p95 latency, then id. A candidate with less than half of the scored
    rows of the most scored one comes after the others: a high mean of a few rows is no reason to lead. One whose
    endpoint was given up comes last, and is compared with nobody.

    `race_rows`: the planned rows of a race. Intervals and ranges then hold although it was stopped by what it showed,
    and whom it dropped is ranked by its mean but never above the best of those it did not. `target` dataset: the
    ranking is about exactly the `total_rows` rows of the dataset; ValueError without their number.
    """
    if target == "dataset" and total_rows is None:
        raise ValueError("a ranking for exactly these rows needs to know how many there are")
    certainty = Certainty(confidence, race_rows, total_rows if target == "dataset" else None)
    names = names if names is not None else {key: key for key in statistics.candidates}
    sums = {key: statistics.candidates.get(key, CandidateSums()) for key in names}
    compared = [key for key in names if not sums[key].n_not_asked]
    orders = certainty.orders(statistics, sorted(compared))
    ranges = ranges_of(compared, orders) | {key: (len(names), len(names)) for key in names if key not in compared}
    entries = [_entry(key, name, sums[key], ranges[key], certainty) for key, name in names.items()]
    front = pareto_front(entries)
    ranked = tuple(
        _placed(entry, position, entry.candidate_id in front)
        for position, entry in enumerate(_in_order(entries, race_rows is not None), start=1)
    )
    return Ranking(ranked, _gaps(ranked, statistics, orders, certainty), confidence)


def _in_order(entries: list[RankingEntry], raced: bool) -> list[RankingEntry]:
    enough = max((entry.n_scored for entry in entries), default=0) / 2
    most = max((entry.n_rows for entry in entries if entry.complete), default=0)
    finalists = [entry for entry in entries if entry.complete and entry.n_rows == most and entry.n_scored >= enough]
    ceiling = max((entry.score or 0.0 for entry in finalists), default=1.0)

    def key(entry: RankingEntry) -> tuple[float, ...]:
        unable = (entry.n_not_asked > 0, not entry.n_scored)
        if raced and entry.n_rows < most:
            # Early rows may have been easy; a race drops only who is certainly not the best.
            return (*unable, False, -min(entry.score or 0.0, ceiling), True)
        return (*unable, entry.n_scored < enough, -(entry.score or 0.0), False)

    return sorted(entries, key=lambda entry: (key(entry), _preference(entry)))


def _entry(
    candidate_id: str, name: str, sums: CandidateSums, ranks: tuple[int, int], certainty: Certainty
) -> RankingEntry:
    n, asked = sums.n_scored, sums.n_rows - sums.n_not_asked
    low, high = certainty.interval(sums) if n else (None, None)
    latency = LatencyHistogram(sums.latency)
    calls = latency.count
    return RankingEntry(
        candidate_id=candidate_id,
        name=name,
        rank=0,
        rank_low=ranks[0],
        rank_high=ranks[1],
        score=sums.score_sum / (n * SCORE_SCALE) if n else None,
        score_low=low,
        score_high=high,
        n_rows=sums.n_rows,
        n_scored=n,
        n_errors=sums.n_errors,
        cost_nanos=sums.cost_nanos,
        cost_nanos_per_1000_rows=(2000 * sums.cost_nanos + asked) // (2 * asked) if asked else 0,
        tokens_in=sums.tokens_in,
        tokens_out=sums.tokens_out,
        latency_p50_ms=latency.quantile(0.5) if calls else None,
        latency_p95_ms=latency.quantile(0.95) if calls else None,
        latency_p99_ms=latency.quantile(0.99) if calls >= _P99_CALLS else None,
        n_not_asked=sums.n_not_asked,
        n_reused=sums.n_reused,
        paid_nanos=sums.paid_nanos,
        judge_nanos=sums.judge_nanos,
    )


def _preference(entry: RankingEntry) -> tuple[int, float, str]:
    p95 = entry.latency_p95_ms
    return entry.cost_nanos_per_1000_rows, float("inf") if p95 is None else p95, entry.candidate_id


def _placed(entry: RankingEntry, position: int, pareto: bool) -> RankingEntry:
    # Means are over all scored rows, ranges over common rows: where rows are missing the range is widened to hold both.
    return msgspec.structs.replace(
        entry,
        rank=position,
        rank_low=min(entry.rank_low, position),
        rank_high=max(entry.rank_high, position),
        pareto=pareto,
    )


def _gaps(
    entries: tuple[RankingEntry, ...],
    statistics: RankingStatistics,
    orders: set[tuple[str, str]],
    certainty: Certainty,
) -> tuple[Gap, ...]:
    gaps = []
    for upper, lower in pairwise(entries):
        pair = statistics.pair(upper.candidate_id, lower.candidate_id)
        separable = (upper.candidate_id, lower.candidate_id) in orders
        ahead = pair.difference_sum > 0 and not lower.n_not_asked
        needed = certainty.rows_needed(pair, len(entries) - 1) if ahead and not separable else None
        gaps.append(Gap(upper.candidate_id, lower.candidate_id, pair.n, pair.difference, separable, needed))
    return tuple(gaps)
