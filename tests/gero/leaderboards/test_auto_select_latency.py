"""Auto-select with limits of latency: looked up for what is left, in bounded time, and measurements win."""

import threading
from typing import Any

import pytest

from gero.kit import Conflict, UpstreamFailed, blobs
from gero.leaderboards import Leaderboard, auto_select, latencies
from gero.leaderboards.selection import Eligible, Latency, Limits, Selection, spread
from gero.providers import catalogue
from infra.local.stand_ins.openrouter import OpenRouter
from tests.openrouter_server import KEY, connected, model, provider


def chosen(leaderboard: Leaderboard, **limits: Any) -> Selection:
    return auto_select.choose(leaderboard, Limits(**{"count": 20, **limits}))


def looked_up(openrouter: OpenRouter) -> int:
    return sum(count for path, count in openrouter.asked.items() if path.endswith("/endpoints"))


def test_a_model_is_pinned_to_the_cheapest_provider_that_is_fast_and_affordable(
    openrouter: OpenRouter, made: Leaderboard
) -> None:
    found = {one.model: one for one in chosen(made, p95_ms=500.0).chosen}
    assert found["lumen/words-8b"].provider == "swift"
    assert found["lumen/words-8b"].quantization == "bf16"
    assert found["lumen/words-8b"].input_nanos == 75_000_000, "the price is the provider's"
    assert found["hearth/words-mini"].provider == "hearth"
    relaxed = {one.model: one for one in chosen(made, p95_ms=5000.0).chosen}
    assert relaxed["lumen/words-8b"].provider == "bargain/fp8"
    (added,) = auto_select.add(made, [found["lumen/words-8b"]])
    assert added.endpoint is not None
    assert (added.endpoint.provider, added.endpoint.input_nanos_per_million) == ("swift", 75_000_000)


def test_a_provider_must_keep_to_price_and_latency_together(openrouter: OpenRouter, made: Leaderboard) -> None:
    found = chosen(made, p95_ms=500.0, input_nanos=60_000_000)
    assert [one.model for one in found.chosen] == ["hearth/billing-only"], "the fast one of words-8b is too expensive"
    assert found.rejected["too_slow"] == 1


def test_p95_is_interpolated_and_said_to_be(openrouter: OpenRouter, made: Leaderboard) -> None:
    (one,) = (one for one in chosen(made, p95_ms=500.0).chosen if one.model == "hearth/words-mini")
    (endpoint,) = catalogue.provider_endpoints("hearth/words-mini", KEY)
    assert one.latency is not None
    assert endpoint.p90_ms is not None
    assert endpoint.p99_ms is not None
    share = 0.30103
    assert one.latency.p95_ms == pytest.approx(endpoint.p90_ms + share * (endpoint.p99_ms - endpoint.p90_ms), abs=0.1)
    assert (one.latency.p99_ms, one.latency.basis) == (endpoint.p99_ms, "interpolated")
    assert "(p95 interpolated between p90 and p99)" in one.reason
    (only_p99,) = (one for one in chosen(made, p99_ms=500.0).chosen if one.model == "hearth/words-mini")
    assert only_p99.latency is not None
    assert only_p99.latency.basis == "published"


def test_the_estimate_of_p95_is_near_the_truth_of_a_lognormal_tail() -> None:
    endpoint = catalogue.ProviderEndpoint("P", "p", p90_ms=100 * 1.898, p99_ms=100 * 3.200)
    p95 = latencies.of_provider(endpoint, Limits(1, p95_ms=1.0)).p95_ms
    assert p95 == pytest.approx(100 * 2.276, rel=0.02)


def test_what_is_not_measured_or_too_slow_is_counted_apart(openrouter: OpenRouter, made: Leaderboard) -> None:
    found = chosen(made, p99_ms=600.0)
    assert found.rejected["latency_unknown"] == 1
    assert found.rejected["too_slow"] == 2
    assert found.eligible == 5


def test_a_provider_that_openrouter_avoids_is_not_pinned(
    cloud: None, made: Leaderboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    providers = (provider("down", 10, status=-2), provider("up", 50, price=2.0))
    with connected(monkeypatch, [model("a/b", providers=providers)]):
        (one,) = chosen(made, p95_ms=1000.0).chosen
    assert one.provider == "up"


def test_latencies_are_looked_up_only_for_what_price_leaves(openrouter: OpenRouter, made: Leaderboard) -> None:
    chosen(made, p95_ms=500.0, input_nanos=60_000_000)
    assert looked_up(openrouter) == 2
    chosen(made, p95_ms=400.0, input_nanos=60_000_000)
    assert looked_up(openrouter) == 2, "kept for a quarter of an hour"


def test_at_most_sixty_models_are_looked_up_the_cheapest_first(
    cloud: None, made: Leaderboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = [model(f"maker-{number}/m", 1 + number) for number in range(70)]
    with connected(monkeypatch, listed) as openrouter:
        found = chosen(made, p95_ms=500.0)
        assert looked_up(openrouter) == 60
    assert found.rejected["latency_not_looked_up"] == 10
    assert found.eligible == 60
    assert max(one.input_nanos for one in found.chosen) <= 60 * 10**9


def test_lookups_end_in_time_and_what_is_left_is_counted(
    openrouter: OpenRouter, made: Leaderboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, released = catalogue.provider_endpoints, threading.Event()

    def slow(model_id: str, token: str, *, seconds: float) -> Any:
        if model_id.startswith("quarry/"):
            released.wait(10)
        return asked(model_id, token, seconds=seconds)

    monkeypatch.setattr(catalogue, "provider_endpoints", slow)
    monkeypatch.setattr(latencies, "_SECONDS", 1.0)
    found = chosen(made, p95_ms=5000.0)
    released.set()
    assert found.rejected["latency_not_looked_up"] == 2
    assert not any(one.model.startswith("quarry/") for one in found.chosen)


def test_a_refused_key_is_told_with_what_to_do(openrouter: OpenRouter, made: Leaderboard) -> None:
    openrouter.accounts.clear()
    with pytest.raises(Conflict, match="connect another one with PUT /api/integrations/openrouter") as refused:
        chosen(made, p95_ms=500.0)
    assert refused.value.code == "integration_refused"
    assert KEY not in str(refused.value.body())


def test_when_no_lookup_succeeds_it_is_an_error_and_not_an_empty_choice(
    openrouter: OpenRouter, made: Leaderboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(*_: Any, **__: Any) -> Any:
        raise UpstreamFailed("catalogue: OpenRouter cannot be reached; try again")

    monkeypatch.setattr(catalogue, "provider_endpoints", down)
    with pytest.raises(UpstreamFailed, match="does not tell latencies at the moment"):
        chosen(made, p95_ms=500.0)


def test_a_choice_of_nothing_is_not_kept(cloud: None, made: Leaderboard, monkeypatch: pytest.MonkeyPatch) -> None:
    with connected(monkeypatch, [model("a/b", providers=(provider("p", 900),))]) as openrouter:
        assert chosen(made, p95_ms=500.0).chosen == ()
        openrouter.listed = [model("a/b", providers=(provider("p", 90),))]
        blobs.delete_all("_catalogue/openrouter/endpoints/")
        assert [one.provider for one in chosen(made, p95_ms=500.0).chosen] == ["p"]


FAST, SLOW = Latency(100.0, 200.0, "measured"), Latency(9000.0, 9900.0, "measured")
OFFER = catalogue.Offer("a/b", "B", input_price="0.000001", output_price="0.000001")
SWIFT = catalogue.ProviderEndpoint("Swift", "swift", p90_ms=100.0, p99_ms=200.0)
TARDY = catalogue.ProviderEndpoint("Tardy", "tardy", p90_ms=4000.0, p99_ms=5000.0)
LIMITS = Limits(1, p95_ms=500.0)


def test_what_the_leaderboard_measured_wins() -> None:
    assert latencies.within(OFFER, [SWIFT], {("a/b", None): SLOW}, LIMITS) == "too_slow"
    assert latencies.within(OFFER, [TARDY], {("a/b", None): FAST}, LIMITS) == Eligible(OFFER, latency=FAST)
    assert latencies.within(OFFER, [SWIFT], {("a/b", "swift"): SLOW}, LIMITS) == "too_slow"
    assert latencies.within(OFFER, [TARDY], {("a/b", "tardy"): FAST}, LIMITS) == Eligible(OFFER, TARDY, FAST)
    (one,) = spread([Eligible(OFFER, latency=FAST)], 1)
    assert "whole answers within 100 ms at p95 and 200 ms at p99 as the latest run measured" in one.reason


def test_a_measurement_that_does_not_say_what_is_limited_decides_nothing() -> None:
    few_calls = {("a/b", None): Latency(9000.0, None, "measured"), ("a/b", "swift"): Latency(9000.0, None, "measured")}
    found = latencies.within(OFFER, [SWIFT], few_calls, Limits(1, p99_ms=500.0))
    assert isinstance(found, Eligible)
    assert found.latency is not None
    assert (found.provider, found.latency.basis) == (SWIFT, "published")
