"""A challenger's trial against the champion: how much better, how sure, and what stands against a switch."""

from collections.abc import Mapping
from math import exp, log
from typing import Final

import msgspec

from gero.ranking.comparison import compare, rows_to_separate
from gero.ranking.evidence import log_e_value
from gero.ranking.pairs import PairSums
from gero.ranking.table import Ranking, RankingEntry

MINIMUM_EFFECT: Final = 0.005
# A cheaper candidate may be worse by less than this and still replace the champion.
EQUAL_WITHIN: Final = 0.01
_CHEAPER_RATIO: Final = 0.8
_CHEAPER_LATENCY_RATIO: Final = 1.1
_ROUNDING: Final = 1e-12  # of the difference of two means


class Guardrails(msgspec.Struct, frozen=True):
    """What a better challenger must still respect, relative to the champion; None = no limit."""

    max_cost_ratio: float | None = None
    """Cost per row."""
    max_latency_ratio: float | None = None
    """95th percentile."""
    max_error_increase: float | None = 0.01
    """Absolute increase of the share of rows the model failed on."""


class Evidence(msgspec.Struct, frozen=True):
    """Challenger - champion on the rows both scored; `log_*` are natural logarithms."""

    challenger_id: str
    n_rows: int
    difference: float
    standard_error: float | None
    """None for fewer than two rows."""
    log_e_better: float
    log_e_not_worse: float
    """Against "worse by EQUAL_WITHIN or more"."""
    log_threshold: float
    exact: bool = False
    """Whether both were scored on all rows there are, of which alone the best is asked: then nothing is uncertain."""

    @property
    def better(self) -> bool:
        """Certainly better, and by enough to be worth a change."""
        sure = self.exact or self.log_e_better >= self.log_threshold
        return sure and self.difference >= MINIMUM_EFFECT - _ROUNDING

    @property
    def not_worse(self) -> bool:
        """Certainly not worse by EQUAL_WITHIN or more."""
        if self.exact:
            return self.difference > _ROUNDING - EQUAL_WITHIN
        return self.log_e_not_worse >= self.log_threshold


class Trial(msgspec.Struct, frozen=True):
    """One challenger, weighed."""

    challenger: RankingEntry
    evidence: Evidence
    objections: tuple[str, ...]
    """Broken guardrails, each a clause."""
    saves: bool
    """Clearly cheaper and about as fast."""
    rows_needed: int | None
    """Estimated further common rows until the evidence suffices; None when it does or no useful gain was seen."""


def weigh_challengers(
    ranking: Ranking,
    pairs: Mapping[str, PairSums],
    champion: RankingEntry,
    guardrails: Guardrails,
    alpha: float,
    max_challengers: int | None,
    graded: bool = False,
) -> list[Trial]:
    """A trial per challenger that was asked all rows, best ranked first; the threshold on E is challengers / alpha."""
    challengers = [entry for entry in ranking.entries if entry.complete and entry is not champion]
    opponents = max(max_challengers or 0, len(challengers), 1)
    trials = []
    for challenger in challengers:
        pair = pairs.get(challenger.candidate_id, PairSums())
        evidence = _evidence(challenger.candidate_id, pair, log(opponents / alpha), graded)
        hopeful = evidence.difference >= MINIMUM_EFFECT and not evidence.better
        trials.append(
            Trial(
                challenger=challenger,
                evidence=evidence,
                objections=tuple(_objections(challenger, champion, guardrails)),
                saves=_saves(challenger, champion),
                rows_needed=rows_to_separate(pair, opponents, alpha) if hopeful else None,
            )
        )
    return trials


def on_these_rows(trial: Trial, champion: RankingEntry, rows: int) -> Trial:
    """The trial with the means in place of the evidence, if both were scored on each of `rows` rows."""
    challenger = trial.challenger
    if not rows or (challenger.n_scored, champion.n_scored) != (rows, rows):
        return trial
    difference = (challenger.score or 0.0) - (champion.score or 0.0)
    evidence = msgspec.structs.replace(trial.evidence, n_rows=rows, difference=difference, exact=True)
    return msgspec.structs.replace(trial, evidence=evidence, rows_needed=None)


def odds(log_e: float) -> str:
    """An e-value as people read it: "57 to 1"."""
    if log_e > log(1e6):
        return "over 1,000,000 to 1"
    value = exp(log_e)
    return f"{value:,.0f} to 1" if value >= 10 else f"{value:.2g} to 1"


def _evidence(challenger_id: str, pair: PairSums, log_threshold: float, graded: bool) -> Evidence:
    return Evidence(
        challenger_id=challenger_id,
        n_rows=pair.n,
        difference=pair.difference,
        standard_error=compare(pair).standard_error if pair.n > 1 else None,
        log_e_better=log_e_value(pair, graded=graded),
        log_e_not_worse=log_e_value(pair, margin=-EQUAL_WITHIN, graded=graded),
        log_threshold=log_threshold,
    )


def _objections(challenger: RankingEntry, champion: RankingEntry, guardrails: Guardrails) -> list[str]:
    objections = []
    limit = guardrails.max_error_increase
    if limit is not None and challenger.error_rate > champion.error_rate + limit:
        objections.append(f"fails on {challenger.error_rate:.1%} of rows against {champion.error_rate:.1%}")
    if _exceeds(challenger.cost_nanos_per_1000_rows, champion.cost_nanos_per_1000_rows, guardrails.max_cost_ratio):
        objections.append(f"costs more than {guardrails.max_cost_ratio:g} times as much")
    if _exceeds(challenger.latency_p95_ms, champion.latency_p95_ms, guardrails.max_latency_ratio):
        objections.append(f"takes more than {guardrails.max_latency_ratio:g} times as long at the 95th percentile")
    return objections


def _exceeds(value: float | None, base: float | None, max_ratio: float | None) -> bool:
    return value is not None and base is not None and max_ratio is not None and value > max_ratio * base


def _saves(challenger: RankingEntry, champion: RankingEntry) -> bool:
    cheaper = challenger.cost_nanos_per_1000_rows <= _CHEAPER_RATIO * champion.cost_nanos_per_1000_rows
    slower = _exceeds(challenger.latency_p95_ms, champion.latency_p95_ms, _CHEAPER_LATENCY_RATIO)
    known = min(champion.cost_nanos_per_1000_rows, challenger.cost_nanos_per_1000_rows) > 0  # no cost: nobody told it
    return cheaper and known and not slower
