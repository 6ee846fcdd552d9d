"""How fast OpenRouter's models are: as runs of the leaderboard measured them, else as OpenRouter publishes it."""

import math
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait

from gero import runs
from gero.kit import Conflict, GeroError, NotFound, UpstreamFailed, log
from gero.leaderboards.leaderboard import Leaderboard
from gero.leaderboards.selection import Eligible, Latency, Limits, blended_nanos, too_expensive
from gero.providers import catalogue

MAX_LOOKED_UP = 60
_THREADS, _SECONDS_EACH = 8, 8.0
_SECONDS = 15.0  # with the catalogue before and the writes after, a call must end within the API's 29
# Where p95 lies between p90 and p99 when the tail is exponential.
_P95_SHARE = (math.log(20) - math.log(10)) / (math.log(100) - math.log(10))

Measured = Mapping[tuple[str, str | None], Latency]
"""By model and pinned provider."""


def measured(leaderboard: Leaderboard) -> Measured:
    """What the latest completed run measured of its OpenRouter models, also of those that were removed since."""
    if leaderboard.latest_run_id is None:
        return {}
    try:
        run = runs.get(leaderboard.workspace_id, leaderboard.id, leaderboard.latest_run_id)
        models = {one["id"]: one for one in runs.configuration(run)["models"] if one["platform"] == "openrouter"}
    except NotFound:
        return {}
    found = {}
    for entry in (run.ranking or {}).get("entries", []):
        model = models.get(entry["candidate_id"])
        if model and entry["latency_p95_ms"] is not None:
            latency = Latency(entry["latency_p95_ms"], entry["latency_p99_ms"], "measured")
            found[model["model"], model.get("provider")] = latency
    return found


def looked_up(offers: Sequence[catalogue.Offer], token: str) -> dict[str, tuple[catalogue.ProviderEndpoint, ...] | str]:
    """The providers of each model, or the reason code why they are not known. Asks OpenRouter with a workspace's key,
    for a bounded number of models and a bounded time.

    Conflict when OpenRouter refuses the key; UpstreamFailed when no question was answered.
    """
    deadline = time.monotonic() + _SECONDS
    asked = sorted(offers, key=lambda one: (blended_nanos(one), one.id))[:MAX_LOOKED_UP]
    pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="latencies")
    try:
        answers = {one.id: pool.submit(_endpoints, one.id, token, deadline) for one in asked}
        wait(answers.values(), timeout=_SECONDS)
        found = {model_id: _outcome(answer) for model_id, answer in answers.items()}
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
    if asked and all(isinstance(one, str) for one in found.values()):
        raise UpstreamFailed(
            "max_latency_p95_ms: OpenRouter does not tell latencies at the moment; leave the limits out, or try again",
            field="max_latency_p95_ms",
        )
    return {one.id: found.get(one.id, "latency_not_looked_up") for one in offers}


def of_provider(endpoint: catalogue.ProviderEndpoint, limits: Limits) -> Latency:
    """What OpenRouter publishes of a provider. It gives p90 and p99; p95 lies between, as on an exponential tail."""
    p90, p99, p95 = endpoint.p90_ms, endpoint.p99_ms, None
    if p90 is not None and p99 is not None:
        p95 = round(p90 + _P95_SHARE * (p99 - p90), 1)
    return Latency(p95, p99, "interpolated" if limits.p95_ms is not None else "published")


def within(
    offer: catalogue.Offer, endpoints: Sequence[catalogue.ProviderEndpoint], known: Measured, limits: Limits
) -> Eligible | str:
    """How a model keeps to the limits, or the reason code why it does not.

    A run's measurement of the model as it is routed decides. Otherwise one provider must keep to price and latency
    together; the cheapest such one is pinned.
    """
    whole = known.get((offer.id, None))
    if whole and limits.knows(whole):
        return Eligible(offer, latency=whole) if limits.keeps(whole) else "too_slow"
    affordable = [one for one in endpoints if one.status >= 0 and too_expensive(one, limits) is None]
    told = [(one, known.get((offer.id, one.tag)) or of_provider(one, limits)) for one in affordable]
    told = [(one, latency if limits.knows(latency) else of_provider(one, limits)) for one, latency in told]
    fast = [(one, latency) for one, latency in told if limits.keeps(latency)]
    if fast:
        pinned, latency = min(fast, key=lambda one: (blended_nanos(one[0]), one[0].p50_ms or 0.0, one[0].tag))
        return Eligible(offer, pinned, latency)
    return "too_slow" if any(limits.knows(latency) for _, latency in told) else "latency_unknown"


def _endpoints(model_id: str, token: str, deadline: float) -> tuple[catalogue.ProviderEndpoint, ...]:
    seconds = min(_SECONDS_EACH, deadline - time.monotonic())
    return catalogue.provider_endpoints(model_id, token, seconds=seconds)


def _outcome(answer: Future[tuple[catalogue.ProviderEndpoint, ...]]) -> tuple[catalogue.ProviderEndpoint, ...] | str:
    if not answer.done():
        return "latency_not_looked_up"
    try:
        return answer.result()
    except GeroError as error:
        if error.code == "key_refused":
            raise Conflict(
                "OpenRouter refuses the workspace's key; connect another one with PUT /api/integrations/openrouter",
                code="integration_refused",
                integration="openrouter",
            ) from error
        log.warning("auto_select.not_looked_up", reason=error.message)
        return "latency_not_looked_up"
