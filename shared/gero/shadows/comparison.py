"""What the figures of a pair say, in numbers and in a sentence, and what they do not."""

from typing import Final, Literal

import msgspec

from gero.ranking import CandidateSums, RankingEntry, build_ranking
from gero.shadows.figures import CHALLENGER, PRODUCTION, Figures

Measure = Literal["agreement", "difference"]
Verdict = Literal["better", "worse", "undecided"]
# Requests come without end and are looked at at any time, so claims hold at all times, as those of a race do: they are
# sharpest around half of so many.
_SHARPEST: Final = 2_000
_TIE: Final = 0.5

_AGREEMENT = (
    "Agreement is not accuracy: nobody knows the right answers to live requests, and where the two differ either may be"
    " right. A run on the dataset tells which is better."
)
_JUDGED = "The difference is what the judge prefers; how far it can be trusted is told by the judge's own figures."
_UNSCORED = (
    "People score this leaderboard, so answers to live requests are not compared: only cost, latency and errors."
)
_ANSWERED = "Only requests that production answered are asked, so its own failures are not in these figures."
_LATENCY = "The challenger is asked afterwards, on a connection opened for it, which is part of its latency."


class Limits(msgspec.Struct, frozen=True):
    """A mean with its 95 % limits, which hold however often one looks: agreement of 0..1, a difference of -1..1."""

    mean: float
    low: float
    high: float


class Comparison(msgspec.Struct, frozen=True):
    """Production and challenger on the same requests. `ratio`s: challenger to production, None where one is not known.

    `requests_needed`: about how many more until the judged difference is certain. `limits`: what is not told.
    """

    production: RankingEntry
    challenger: RankingEntry
    judge_nanos: int
    measure: Measure | None
    value: Limits | None
    verdict: Verdict | None
    requests_needed: int | None
    cost_ratio: float | None
    latency_ratio: float | None
    """At the 95th percentile."""
    told: str
    limits: tuple[str, ...]


def compared(figures: Figures) -> Comparison:
    """What is known of a pair."""
    pair, statistics = figures.pair, figures.statistics
    ranking = build_ranking(statistics, {PRODUCTION: pair.production, CHALLENGER: pair.challenger}, race_rows=_SHARPEST)
    served, asked = ranking.entry(PRODUCTION), ranking.entry(CHALLENGER)
    assert served
    assert asked
    measure = _measure(figures)
    value = _value(asked, measure)
    verdict = _verdict(value) if measure == "difference" else None
    found = Comparison(
        production=served,
        challenger=asked,
        judge_nanos=statistics.candidates.get(CHALLENGER, CandidateSums()).judge_nanos,
        measure=measure,
        value=value,
        verdict=verdict,
        requests_needed=ranking.gaps[0].rows_needed if verdict == "undecided" else None,
        # A call that failed costs nothing, which is no thrift.
        cost_ratio=None if asked.n_errors else _ratio(asked.cost_nanos_per_1000_rows, served.cost_nanos_per_1000_rows),
        latency_ratio=_ratio(asked.latency_p95_ms, served.latency_p95_ms),
        told="",
        limits=_not_told(measure),
    )
    return msgspec.structs.replace(found, told=_told(found))


def _measure(figures: Figures) -> Measure | None:
    if figures.pair.evaluation == "exact":
        return "agreement"
    return "difference" if figures.pair.judge and figures.pair.evaluation == "judge" else None


def _value(asked: RankingEntry, measure: Measure | None) -> Limits | None:
    """The challenger's mean: production scores 1 where it agrees with itself, and half where a judge compares."""
    if measure is None or asked.score is None or asked.score_low is None or asked.score_high is None:
        return None
    zero = _TIE if measure == "difference" else 0.0
    return Limits(asked.score - zero, asked.score_low - zero, asked.score_high - zero)


def _verdict(value: Limits | None) -> Verdict:
    if value and value.low > 0:
        return "better"
    return "worse" if value and value.high < 0 else "undecided"


def _ratio(one: float | None, other: float | None) -> float | None:
    return one / other if one and other else None


def _not_told(measure: Measure | None) -> tuple[str, ...]:
    first = {"agreement": _AGREEMENT, "difference": _JUDGED, None: _UNSCORED}[measure]
    return first, _ANSWERED, _LATENCY


def _told(found: Comparison) -> str:
    asked, served = found.challenger, found.production
    if not asked.n_rows:
        return f"{asked.name} has not been asked yet."
    parts = [_quality(found)]
    if found.cost_ratio is not None:
        parts.append(f"costs {_times(found.cost_ratio)} as much")
    if found.latency_ratio is not None:
        parts.append(f"takes {_times(found.latency_ratio)} as long at the 95th percentile")
    parts.append(f"failed on {asked.n_errors:,}" if asked.n_errors else "never failed")
    return f"Beside {served.name}, on {_requests(asked.n_rows)}: {asked.name} {', '.join(parts)}."


def _quality(found: Comparison) -> str:
    value, rows = found.value, found.challenger.n_scored
    if found.measure is None:
        return "is not scored"
    if value is None:
        return "could not be scored on any"
    if found.measure == "agreement":
        share = f"{100 * value.low:.0f}-{100 * value.high:.0f} % of them"
        return f"gives the same answer on {share} ({100 * value.mean:.1f} % of {rows:,} compared)"
    limits = f"{value.mean:+.3f}, 95 % {value.low:+.3f} to {value.high:+.3f}, on {rows:,} judged"
    if found.verdict != "undecided":
        return f"is {found.verdict} in the judge's eyes ({limits})"
    needed = f"; about {found.requests_needed:,} more requests needed" if found.requests_needed else ""
    return f"cannot be told apart by the judge yet ({limits}{needed})"


def _requests(count: int) -> str:
    return "1 request" if count == 1 else f"{count:,} requests"


def _times(ratio: float) -> str:
    digits = 0 if ratio >= 10 else 1 if ratio >= 1 else 2
    return f"{ratio:,.{digits}f} x"
