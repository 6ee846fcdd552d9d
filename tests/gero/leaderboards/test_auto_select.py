"""Auto-select: a choice within limits that is explained, kept for an hour, and added once."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from gero.access import integrations, plans
from gero.kit import Conflict, UpstreamFailed, blobs, clock, table
from gero.leaderboards import AutoSelectInput, Leaderboard, auto_select, candidates
from gero.leaderboards.selection import Selection
from gero.providers import catalogue
from infra.local.stand_ins.openrouter import Listed, OpenRouter
from tests.gero.leaderboards.boards import add
from tests.openrouter_server import connected, model, serving


def chosen(leaderboard: Leaderboard, **body: Any) -> Selection:
    wanted = AutoSelectInput.model_validate(body)
    return auto_select.choose(leaderboard, wanted.limits(plans.of("w")), refresh=wanted.refresh)


def names(selection: Selection) -> list[str]:
    return [one.model for one in selection.chosen]


def of(openrouter: OpenRouter, listed: Sequence[Listed]) -> None:
    openrouter.listed = listed
    catalogue.forget()


def test_the_choice_is_spread_over_price_and_makers_and_says_why(openrouter: OpenRouter, made: Leaderboard) -> None:
    found = chosen(made, count=4)
    assert names(found) == ["lumen/words-8b", "hearth/words-mini", "lumen/nearest", "quarry/phrases-70b"]
    assert found.chosen[0].reason.startswith(
        "Price group 1 of 4, 2 models at $0.02 to $0.0875 per million tokens (3 in to 1 out): "
        "the newest by a maker not chosen before (since "
    )
    assert "the newest there, all by makers chosen before" in found.chosen[2].reason
    assert all(one.provider is None and one.latency is None for one in found.chosen)
    assert not any(path.endswith("/endpoints") for path in openrouter.asked), "no limit asks for latencies"


def test_every_model_is_counted_as_eligible_or_with_a_reason(openrouter: OpenRouter, made: Leaderboard) -> None:
    add(made, "hearth/phrases", platform="openrouter", endpoint_url=None)
    found = chosen(made, count=5)
    assert found.rejected == {
        "already_on_leaderboard": 1,
        "expires_soon": 1,
        "free": 1,
        "not_needed": 2,
        "not_text": 1,
        "variable_price": 1,
    }
    assert (found.eligible, found.considered) == (7, 12)


def test_prices_and_open_weights_limit_the_choice(openrouter: OpenRouter, made: Leaderboard) -> None:
    found = chosen(made, count=20, max_input_cost_per_million_usd=0.2, max_output_cost_per_million_usd=0.6)
    assert set(names(found)) == {
        "hearth/billing-only",
        "lumen/words-8b",
        "hearth/words-mini",
        "quarry/nearest-30b",
    }
    assert (found.rejected["input_too_expensive"], found.rejected["output_too_expensive"]) == (3, 1)
    open_ones = chosen(made, count=20, open_weights_only=True)
    assert all(one.open_weights for one in open_ones.chosen)
    assert open_ones.rejected["closed_weights"] == 5
    assert "the only model, at $" in open_ones.chosen[0].reason


def test_the_price_per_request_and_previews_without_a_price_are_left_out(
    cloud: None, made: Leaderboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = [model("a/search", request_usd="0.005"), model("a/preview", 0), model("a/good")]
    with connected(monkeypatch, listed):
        found = chosen(made)
    assert (names(found), found.rejected) == (["a/good"], {"free": 1, "price_per_request": 1})


def test_nothing_fits_and_that_is_said(openrouter: OpenRouter, made: Leaderboard) -> None:
    found = chosen(made, max_output_cost_per_million_usd=0.001)
    assert (found.chosen, found.eligible) == ((), 0)
    assert found.rejected["output_too_expensive"] == 8


def test_the_same_limits_give_the_same_choice_for_an_hour(
    openrouter: OpenRouter, made: Leaderboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = chosen(made, count=3)
    newcomer = model("zeta/new", 0.02, days=0)
    openrouter.listed = [*openrouter.listed, newcomer]
    moment = clock.now() + timedelta(minutes=59)
    monkeypatch.setattr(clock, "now", lambda: moment)
    catalogue.forget()
    assert chosen(made, count=3) == first
    assert "zeta/new" not in names(chosen(made, count=4)), "the list is younger than an hour, too"
    moment += timedelta(minutes=2)
    catalogue.forget()
    assert names(chosen(made, count=3))[0] == "zeta/new"


def test_refresh_chooses_anew_from_the_same_list(openrouter: OpenRouter, made: Leaderboard) -> None:
    first = chosen(made, count=3)
    add(made, first.chosen[0].model, platform="openrouter", endpoint_url=None)
    assert chosen(made, count=3) == first
    assert first.chosen[0].model not in names(chosen(made, count=3, refresh=True))
    assert first.chosen[0].model not in names(chosen(made, count=3)), "the new choice is the one that is kept"


def test_a_choice_that_can_no_longer_be_had_is_made_anew(openrouter: OpenRouter, made: Leaderboard) -> None:
    first = chosen(made, count=3)
    gone = first.chosen[0].model
    openrouter.listed = [one for one in openrouter.listed if one.id != gone]
    blobs.delete_all("_catalogue/")
    catalogue.forget()
    assert gone not in names(chosen(made, count=3))


def test_what_is_added_is_what_was_shown_and_only_once(openrouter: OpenRouter, made: Leaderboard) -> None:
    shown = chosen(made, count=3)
    added = auto_select.add(made, shown.chosen)
    assert [one.endpoint.model for one in added if one.endpoint] == names(shown)
    assert auto_select.add(made, chosen(made, count=3).chosen) == []
    there = list(candidates.listed("w", made.id))
    assert [one.name for one in there] == names(shown)
    assert all(one.endpoint and one.endpoint.integration == "openrouter" for one in there)
    for one, choice in zip(there, shown.chosen, strict=True):
        assert one.endpoint is not None
        assert one.endpoint.input_nanos_per_million == choice.input_nanos
        assert one.endpoint.output_nanos_per_million == choice.output_nanos


def test_what_was_added_halfway_is_completed(openrouter: OpenRouter, made: Leaderboard) -> None:
    shown = chosen(made, count=3)
    auto_select.add(made, shown.chosen[:1])
    assert [one.name for one in auto_select.add(made, shown.chosen)] == names(shown)[1:]


def test_a_name_that_is_taken_gets_a_number(openrouter: OpenRouter, made: Leaderboard) -> None:
    shown = chosen(made, count=1)
    add(made, shown.chosen[0].model)
    (one,) = auto_select.add(made, shown.chosen)
    assert one.name == f"{shown.chosen[0].model} (2)"


def test_more_than_a_leaderboard_takes_are_not_added_at_all(
    openrouter: OpenRouter, made: Leaderboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(candidates, "MAX_CANDIDATES", 3)
    add(made, "mine")
    with pytest.raises(Conflict, match="count: a leaderboard compares at most 3 models, this one has 1"):
        auto_select.add(made, chosen(made, count=3).chosen)
    assert [one.name for one in candidates.listed("w", made.id)] == ["mine"]


def test_without_a_connection_nothing_is_chosen(
    cloud: None, made: Leaderboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(monkeypatch), pytest.raises(Conflict, match="OpenRouter is not connected") as refused:
        chosen(made)
    assert refused.value.code == "integration_missing"


def test_a_silent_openrouter_means_an_old_list_that_says_so(
    openrouter: OpenRouter, made: Leaderboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalogue.load()
    moment = clock.now() + timedelta(hours=5)
    monkeypatch.setattr(clock, "now", lambda: moment)
    of(openrouter, ())
    found = chosen(made, count=2)
    assert (len(found.chosen), found.stale) == (2, True)


def test_without_any_list_it_is_an_error(cloud: None, made: Leaderboard, monkeypatch: pytest.MonkeyPatch) -> None:
    with connected(monkeypatch, ()), pytest.raises(UpstreamFailed, match="OpenRouter"):
        chosen(made)


def test_a_choice_kept_in_another_shape_is_made_anew(openrouter: OpenRouter, made: Leaderboard) -> None:
    limits = AutoSelectInput().limits(plans.of("w"))
    first = auto_select.choose(made, limits)
    key = f"WS#w#LB#{made.id}", f"AUTO_SELECT#{limits.digest}"
    item = table.get(*key)
    assert item
    assert item["expires_at"] == pytest.approx(clock.now().timestamp() + 3600, abs=60)
    table.put(item | {"doc": '{"chosen": 5}'})
    assert auto_select.choose(made, limits) == first


@pytest.mark.parametrize("body", [{"numberOfModels": 7}, {"number_of_models": 7}, {"count": 7}])
def test_documented_names_of_fields_are_accepted(body: dict[str, Any]) -> None:
    wanted = AutoSelectInput.model_validate(body | {"openSourceOnly": True, "maxLatencyP95Ms": 5})
    assert (wanted.count, wanted.open_weights_only, wanted.max_latency_p95_ms) == (7, True, 5)
    assert (wanted.dry_run, wanted.refresh) == (True, False)


@pytest.mark.parametrize(
    "body", [{"count": 0}, {"count": 21}, {"max_latency_p95_ms": 0}, {"max_input_cost_per_million_usd": -1}, {"x": 1}]
)
def test_faulty_limits_are_refused(body: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        AutoSelectInput.model_validate(body)


def test_limits_that_differ_are_kept_apart(openrouter: OpenRouter, made: Leaderboard) -> None:
    bodies = [{}, {"count": 4}, {"max_latency_p95_ms": 5}, {"max_latency_p99_ms": 5}, {"open_weights_only": True}]
    plan = plans.of("w")
    digests = {AutoSelectInput.model_validate(body).limits(plan).digest for body in bodies}
    assert len(digests) == len(bodies)
    assert AutoSelectInput(dry_run=False, refresh=True).limits(plan) == AutoSelectInput().limits(plan)


def test_a_connection_that_is_gone_is_told_when_adding(openrouter: OpenRouter, made: Leaderboard) -> None:
    shown = chosen(made, count=1)
    integrations.disconnect("w", "openrouter")
    with pytest.raises(Conflict, match="not connected"):
        auto_select.add(made, shown.chosen)
