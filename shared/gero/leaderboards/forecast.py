"""What a run will ask, cost and take, before it is started: a median, and what nine of ten such runs stay below.

Each model's own runs in the same words tell what a row costs it (`forecast_history`); where there are none, the length
of the rows' texts does (`forecast_costs`). The 90 % points of the models are added: rows that are long for one are long
for all, so their costs rise together. A race can only ask less: then everything is an upper limit.
"""

from collections.abc import Iterator, Sequence
from math import ceil
from typing import Literal, NamedTuple

import msgspec

from gero.evaluation import Judge, PlannedCandidate
from gero.leaderboards import candidates, earlier, planning
from gero.leaderboards.forecast_costs import PerRow, guessed, has_price, measured_verdict, of_verdict
from gero.leaderboards.forecast_history import Before, History, taken_over
from gero.leaderboards.forecast_rows import Sample, sample
from gero.leaderboards.leaderboard import Leaderboard
from gero.runs import Options

Basis = Literal["runs", "rows", "assumptions"]
# Of calls, from a close pack to a clear winner: 10 models on 1,000 and 10,000 rows (reference/statistics.md §3).
_MANY_ROWS, _SAVING_OF_FEW, _SAVING_OF_MANY = 5000, (0.1, 0.8), (0.5, 0.95)
_WORKERS = 20  # batches under way at a time, as deployed
_PLAN_SECONDS, _ROUND_SECONDS = 5.0, 2.0
_MEASURED_SLOWER, _GUESSED_SLOWER = 1.5, 3.0  # in one case of ten
_RUNS_LOOKED_AT = 10  # there are seconds to answer


class ModelForecast(msgspec.Struct, frozen=True):
    """What one model is asked and costs. Money in nano-dollars; tokens are those of the answers that are asked for.

    `reused`: answers of earlier runs that are taken over. `basis`: what the costs rest on; `measured_rows`: on how many
    rows of its own runs, if on those. `seconds`: of all its calls, one after the other.
    """

    candidate_id: str
    name: str
    calls: int
    reused: int
    judge_calls: int
    tokens_in: int
    tokens_out: int
    cost_nanos: int
    cost_nanos_p90: int
    judge_nanos: int
    judge_nanos_p90: int
    seconds: float
    basis: Basis
    measured_rows: int
    has_price: bool


class Forecast(msgspec.Struct, frozen=True):
    """A run that was not started. With `raced` everything is an upper limit, and `saving` the share of calls that races
    save, from a close one to a clear one. `limit_nanos`: what the run may spend before it pauses.
    """

    rows: int
    sample: Sample
    models: tuple[ModelForecast, ...]
    judge: str | None
    seconds: float
    seconds_p90: float
    raced: bool
    saving: tuple[float, float] | None
    limit_nanos: int | None
    notes: tuple[str, ...]

    @property
    def cost_nanos(self) -> int:
        """Its median in all."""
        return sum(one.cost_nanos + one.judge_nanos for one in self.models)

    @property
    def cost_nanos_p90(self) -> int:
        """What nine of ten such runs stay below."""
        return sum(one.cost_nanos_p90 + one.judge_nanos_p90 for one in self.models)


class _Wanted(NamedTuple):
    """The run that is asked about."""

    leaderboard: Leaderboard
    sample: Sample
    history: History
    judge: Judge | None
    rows: int
    reuse: bool


def forecast(leaderboard: Leaderboard, options: Options) -> Forecast:
    """The forecast of a run with these options. Conflict when it could not be started, Invalid as `start_run`."""
    planned = tuple(
        PlannedCandidate(one.id, one.name, candidates.resolved(leaderboard.workspace_id, one))
        for one in planning.callable_candidates(leaderboard)
    )
    found = sample(leaderboard, options.get("dataset_version"))
    scoring = planning.evaluation_of(leaderboard, planned)
    wanted = _Wanted(
        leaderboard=leaderboard,
        sample=found,
        history=History(leaderboard, found),
        judge=scoring.judge,
        rows=min(found.rows, options.get("rows_limit") or found.rows),
        reuse=leaderboard.reuse_answers and not options.get("fresh", False),
    )
    expected = tuple(
        _expected(wanted, one)
        for one in earlier.found(leaderboard, planned, scoring, looked_at=_RUNS_LOOKED_AT).candidates
    )
    raced = planning.is_raced(leaderboard, wanted.rows)
    seconds, slower = _duration(wanted, expected)
    return Forecast(
        rows=wanted.rows,
        sample=found,
        models=expected,
        judge=wanted.judge.name if wanted.judge else None,
        seconds=seconds,
        seconds_p90=seconds * slower,
        raced=raced,
        saving=(_SAVING_OF_MANY if wanted.rows >= _MANY_ROWS else _SAVING_OF_FEW) if raced else None,
        limit_nanos=planning.cost_limit(leaderboard, options),
        notes=tuple(_notes(wanted, expected)),
    )


def _expected(wanted: _Wanted, one: PlannedCandidate) -> ModelForecast:
    before, rows = wanted.history.of(one), wanted.rows
    per_row = next((it.per_row for it in before if it.per_row), None)
    basis: Basis = "runs" if per_row else "rows" if wanted.sample.rows_read else "assumptions"
    per_row = per_row or guessed(wanted.leaderboard, wanted.sample, one.endpoint)
    reused = taken_over(before, rows) if wanted.reuse else 0
    verdict, judged = _verdicts(wanted, one, before, per_row.tokens_out)
    asked = rows - reused
    cost, cost_p90 = per_row.cost(asked)
    judge_nanos, judge_nanos_p90 = verdict.cost(judged) if verdict else (0, 0)
    return ModelForecast(
        candidate_id=one.id,
        name=one.name,
        calls=asked,
        reused=reused,
        judge_calls=judged,
        tokens_in=round(asked * per_row.tokens_in),
        tokens_out=round(asked * per_row.tokens_out),
        cost_nanos=cost,
        cost_nanos_p90=cost_p90,
        judge_nanos=judge_nanos,
        judge_nanos_p90=judge_nanos_p90,
        seconds=_calls_seconds(asked, per_row) + _calls_seconds(judged, verdict),
        basis=basis,
        measured_rows=per_row.rows,
        has_price=has_price(one.endpoint) or per_row.nanos > 0,
    )


def _verdicts(
    wanted: _Wanted, one: PlannedCandidate, before: Sequence[Before], answer_tokens: float
) -> tuple[PerRow | None, int]:
    """What a verdict on this model's answers costs, and how many are asked for: those that are audited twice."""
    judge = wanted.judge
    if judge is None or judge.reference_id == one.id:  # what the others are compared with needs no verdict
        return None, 0
    same = [it for it in before if it.judge == judge.identity] if wanted.reuse else []
    judged = wanted.rows - taken_over(same, wanted.rows)
    guess = of_verdict(judge, wanted.sample, answer_tokens)
    known = next((it.batches for it in before if it.judge == judge.identity), ())
    return measured_verdict(known, guess), ceil(judged * (1 + judge.audit_percent / 100))


def _calls_seconds(calls: int, per_row: PerRow | None) -> float:
    return calls * per_row.seconds if per_row else 0.0


def _duration(wanted: _Wanted, expected: Sequence[ModelForecast]) -> tuple[float, float]:
    """Seconds of the whole run, and how many times as long one in ten may take.

    A worker has `concurrency` calls of a batch under way; the batches of a round share the workers, and the slowest
    model's own batches are the least that a round takes.
    """
    rounds = planning.round_layout(wanted.leaderboard, wanted.rows)
    together = wanted.leaderboard.concurrency
    total = _PLAN_SECONDS + _ROUND_SECONDS * len(rounds)
    for blocks in rounds:
        share = sum(blocks) / wanted.rows
        lanes = together * min(_WORKERS, len(blocks) * len(expected))
        slowest = max(one.seconds for one in expected) * share
        total += max(sum(one.seconds for one in expected) * share / lanes, slowest / (together * len(blocks)))
    return total, _MEASURED_SLOWER if all(one.basis == "runs" for one in expected) else _GUESSED_SLOWER


def _notes(wanted: _Wanted, expected: Sequence[ModelForecast]) -> Iterator[str]:
    """What a person should know of how sure this is."""
    guessed_ones = [one.name for one in expected if one.basis != "runs"]
    if guessed_ones:
        yield (
            f"{_names(guessed_ones)}: guessed from the length of texts, as no run in these words has told; a model "
            "that thinks before it answers costs several times as much"
        )
    unpriced = [one.name for one in expected if not one.has_price]
    if unpriced:
        yield f"{_names(unpriced)}: no price is known, so the cost counts as $0; give the model its prices"
    if wanted.judge and not has_price(wanted.judge.endpoint):
        yield f"{wanted.judge.name}: the judge's price is not known, so its verdicts count as $0"
    yield from wanted.judge.warnings if wanted.judge else ()
    if wanted.leaderboard.eval_type == "human":
        yield "people score the answers: the time is that until the review can begin"
    if wanted.sample.about:
        yield f"the number of rows is estimated from {wanted.sample.source}"
    if any(one.reused for one in expected):
        yield "how many answers are taken over is estimated from how many rows earlier runs had"


def _names(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
