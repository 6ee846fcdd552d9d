"""What a row costs a model: as earlier runs measured it, else guessed from the length of texts.

Guesses are stated ones. A token is four bytes of UTF-8. An answer is as long as the expected ones, at least 32 tokens,
or 256 where none is expected; a parameter that limits it is obeyed. How wrong that is, is taken to be log-normal: in
one case of ten a text has 1.2 times the tokens of the guess, and an answer 3.6 times (sigma 0.15 and 1.0).
"""

import math
from collections.abc import Sequence
from statistics import fmean
from typing import Any

import msgspec
from msgspec.structs import replace

from gero.evaluation import BatchStatistics, Judge, LatencyHistogram
from gero.leaderboards.forecast_rows import Sample
from gero.leaderboards.leaderboard import Leaderboard
from gero.providers import Endpoint

Z90 = 1.2815515655446004  # the 90 % point of the normal distribution
BYTES_PER_TOKEN = 4.0
MIN_MEASURED_ROWS = 10
_ANSWER_TOKENS, _SHORTEST_ANSWER = 256.0, 32.0
_READ_FACTOR, _WRITTEN_FACTOR = math.exp(0.15 * Z90), math.exp(1.0 * Z90)
_FIRST_TOKEN_SECONDS, _SECONDS_PER_TOKEN = 0.8, 0.015
_JUDGE_READS, _JUDGE_WRITES = 500.0, 80.0  # tokens of its instructions, and of a verdict with its reason
_LIMITS = ("max_tokens", "max_completion_tokens", "max_output_tokens")


class PerRow(msgspec.Struct, frozen=True):
    """Means of a row: nano-dollars, tokens, seconds. `deviation` of its cost is of `rows` measured ones.

    Guessed when `rows` is 0: then `high_nanos` is the mean that is exceeded in one case of ten.
    """

    nanos: float
    tokens_in: float
    tokens_out: float
    seconds: float
    rows: int = 0
    deviation: float = 0.0
    high_nanos: float = 0.0

    def cost(self, rows: float) -> tuple[int, int]:
        """Nano-dollars of so many rows: their median, and what nine of ten such runs stay below.

        Measured costs add up to a normal distribution, whose mean is itself known from `self.rows` rows only.
        """
        middle = rows * self.nanos
        if not self.rows:
            return round(middle), max(round(middle), math.ceil(rows * self.high_nanos))
        spread = self.deviation * math.sqrt(rows + rows * rows / self.rows)
        return round(middle), max(round(middle), math.ceil(middle + Z90 * spread))


def measured(batches: Sequence[BatchStatistics], before: Endpoint, now: Endpoint) -> PerRow | None:
    """What a row cost a model in batches of an earlier run, at the prices of now; None when those are too few rows."""
    rows = sum(one.n_rows - one.n_not_asked for one in batches)
    if rows < MIN_MEASURED_ROWS:
        return None
    mean = sum(one.cost_nanos for one in batches) / rows
    variance = max(0.0, sum(one.cost_nanos_squared for one in batches) - rows * mean * mean) / (rows - 1)
    tokens_in, tokens_out = (sum(getattr(one, name) for one in batches) / rows for name in ("tokens_in", "tokens_out"))
    nanos, deviation = mean, math.sqrt(variance)
    if _prices(before) != _prices(now):
        nanos = _nanos(now, tokens_in, tokens_out)
        deviation *= nanos / mean if mean else 1.0
    return PerRow(nanos, tokens_in, tokens_out, _mean_seconds(batches), rows, deviation)


def measured_verdict(batches: Sequence[BatchStatistics], guess: PerRow) -> PerRow:
    """What a verdict cost in an earlier run with the same judge; the guess where none was paid for there."""
    paid = [one for one in batches if one.judge and not one.n_reused]
    calls = sum(one.judge.n_judged + one.judge.n_audits for one in paid if one.judge)
    if calls < MIN_MEASURED_ROWS:
        return guess
    nanos = sum(one.judge_nanos for one in paid) / calls
    return replace(guess, nanos=nanos, high_nanos=nanos * _READ_FACTOR)


def guessed(leaderboard: Leaderboard, sample: Sample, endpoint: Endpoint) -> PerRow:
    """What a row may cost by the length of its texts."""
    prompt = len(leaderboard.system_prompt.encode()) + sum(len(msgspec.json.encode(one)) for one in endpoint.preamble)
    read = (prompt + sample.input_bytes) / BYTES_PER_TOKEN
    limit = _limit(endpoint.parameters)
    wanted = sample.expected_bytes / BYTES_PER_TOKEN
    written = min(limit, max(_SHORTEST_ANSWER, wanted) if wanted else _ANSWER_TOKENS)
    most = min(limit, written * _WRITTEN_FACTOR)
    return PerRow(
        nanos=_nanos(endpoint, read, written),
        tokens_in=read,
        tokens_out=written,
        seconds=_FIRST_TOKEN_SECONDS + written * _SECONDS_PER_TOKEN,
        high_nanos=_nanos(endpoint, read * _READ_FACTOR, most),
    )


def of_verdict(judge: Judge, sample: Sample, answer_tokens: float) -> PerRow:
    """What a verdict may cost on an answer of so many tokens."""
    rubric = len((judge.rubric or "").encode()) + sample.rubric_bytes
    answers = answer_tokens * (2 if judge.mode == "pairwise" else 1)
    read = _JUDGE_READS + (sample.input_bytes + sample.expected_bytes + rubric) / BYTES_PER_TOKEN + answers
    endpoint = judge.endpoint
    return PerRow(
        nanos=_nanos(endpoint, read, _JUDGE_WRITES),
        tokens_in=read,
        tokens_out=_JUDGE_WRITES,
        seconds=_FIRST_TOKEN_SECONDS + _JUDGE_WRITES * _SECONDS_PER_TOKEN,
        high_nanos=_nanos(endpoint, read * _READ_FACTOR, _JUDGE_WRITES * _WRITTEN_FACTOR),
    )


def has_price(endpoint: Endpoint) -> bool:
    """Whether a price of its tokens is known."""
    return any(_prices(endpoint))


def _prices(endpoint: Endpoint) -> tuple[int, int]:
    return endpoint.input_nanos_per_million, endpoint.output_nanos_per_million


def _nanos(endpoint: Endpoint, tokens_in: float, tokens_out: float) -> float:
    return (tokens_in * endpoint.input_nanos_per_million + tokens_out * endpoint.output_nanos_per_million) / 1_000_000


def _limit(parameters: dict[str, Any]) -> float:
    limits = [parameters.get(name) for name in _LIMITS]
    return min((float(one) for one in limits if isinstance(one, int) and one > 0), default=math.inf)


def _mean_seconds(batches: Sequence[BatchStatistics]) -> float:
    histogram = LatencyHistogram()
    for one in batches:
        histogram.merge(LatencyHistogram(one.latency))
    if not histogram.count:
        return _FIRST_TOKEN_SECONDS
    return fmean(histogram.quantile((part + 0.5) / 20) for part in range(20)) / 1000
