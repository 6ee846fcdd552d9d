"""The catalogue: kept in S3 for an hour, served stale when OpenRouter is silent, read tolerantly."""

import gzip
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from gero.kit import Invalid, UpstreamFailed, blobs, clock
from gero.providers import catalogue
from infra.local.stand_ins.openrouter import OpenRouter
from tests.hub_server import answering, reply
from tests.openrouter_server import KEY, model, serving

MODELS, ENDPOINTS = "/models", "/models/lumen/words-8b/endpoints"
S3_KEY = "_catalogue/openrouter/models.json.gz"


@pytest.fixture
def openrouter(cloud: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenRouter]:
    with serving(monkeypatch) as openrouter:
        yield openrouter


def later(monkeypatch: pytest.MonkeyPatch, **time: float) -> None:
    """Let time go by, in a process that keeps nothing."""
    moment = clock.now() + timedelta(**time)
    monkeypatch.setattr(clock, "now", lambda: moment)
    catalogue.forget()


def test_the_list_is_asked_once_and_kept_for_every_function(openrouter: OpenRouter) -> None:
    first = catalogue.load()
    assert len(first.offers) == 12
    assert not first.stale
    assert catalogue.load() is first
    catalogue.forget()
    assert catalogue.load() == first
    assert openrouter.asked[MODELS] == 1
    assert blobs.get(S3_KEY)


def test_an_offer_has_prices_in_nano_dollars_and_says_whether_its_weights_are_open(openrouter: OpenRouter) -> None:
    known = catalogue.load()
    one = known.find("lumen/words-8b")
    assert one is not None
    assert (one.input_nanos_per_million, one.output_nanos_per_million) == (50_000_000, 200_000_000)
    assert (one.input_price, one.author, one.open_weights, one.fixed_price) == ("0.00000005", "lumen", True, True)
    auto = known.find("openrouter/auto")
    assert auto is not None
    assert (auto.fixed_price, auto.input_nanos_per_million, auto.open_weights) == (False, 0, False)
    assert known.find("lumen/unknown") is None


def test_after_an_hour_it_is_asked_again(openrouter: OpenRouter, monkeypatch: pytest.MonkeyPatch) -> None:
    catalogue.load()
    later(monkeypatch, minutes=59)
    assert catalogue.load().age_seconds // 60 == 59
    assert openrouter.asked[MODELS] == 1
    later(monkeypatch, minutes=2)
    openrouter.listed = [model("a/new")]
    assert [one.id for one in catalogue.load().offers] == ["a/new"]
    assert openrouter.asked[MODELS] == 2


def test_a_silent_openrouter_leaves_the_list_as_it_was_and_is_not_asked_by_every_call(
    openrouter: OpenRouter, monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh = catalogue.load()
    later(monkeypatch, hours=30)
    openrouter.listed = ()
    stale = catalogue.load()
    assert (stale.stale, stale.fetched_at, stale.offers) == (True, fresh.fetched_at, fresh.offers)
    assert stale.age_seconds // 3600 == 30
    assert catalogue.load() is stale
    assert openrouter.asked[MODELS] == 2


def test_another_server_s_list_is_not_used(openrouter: OpenRouter, monkeypatch: pytest.MonkeyPatch) -> None:
    catalogue.load()
    with answering(lambda request: reply(request, 503)) as url:
        monkeypatch.setenv("OPENROUTER_BASE_URL", url)
        with pytest.raises(UpstreamFailed, match="OpenRouter answered 503"):
            catalogue.load()


def test_what_an_earlier_deployment_kept_in_another_shape_is_replaced(openrouter: OpenRouter) -> None:
    for content in (b"no gzip", gzip.compress(b"{}"), gzip.compress(b'{"source": 1}'), gzip.compress(b"x")[:-4]):
        blobs.put(S3_KEY, content)
        catalogue.forget()
        assert len(catalogue.load().offers) == 12


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, b""),
        (301, b""),
        (200, b"<html>"),
        (200, b"[]"),
        (200, b'{"data": {}}'),
        (200, b'{"data": []}'),
        (200, b'{"data": [{"id": "a/b"}]}'),
        (200, b"[" * 100_000),
        (200, b" " * ((16 << 20) + 1)),
    ],
    ids=lambda value: str(value)[:30],
)
def test_without_a_list_a_useless_answer_is_an_error(
    cloud: None, monkeypatch: pytest.MonkeyPatch, status: int, body: bytes
) -> None:
    with answering(lambda request: reply(request, status, body)) as url:
        monkeypatch.setenv("OPENROUTER_BASE_URL", url)
        with pytest.raises(UpstreamFailed, match=r"^catalogue: .*OpenRouter.*try again$"):
            catalogue.load()
    assert blobs.get(S3_KEY) is None


GOOD = {"id": "a/b", "pricing": {"prompt": "0.000001", "completion": "1e-6"}}


@pytest.mark.parametrize(
    "entry",
    [
        None,
        7,
        [],
        {},
        {"id": "a/b2"},
        GOOD | {"id": None},
        GOOD | {"id": "no-author"},
        GOOD | {"id": "a/../../key"},
        GOOD | {"id": "a/b?x=1"},
        GOOD | {"id": "a/b\n"},
        GOOD | {"id": "a/b2", "pricing": None},
        GOOD | {"id": "a/b2", "pricing": {"prompt": "free", "completion": "0"}},
        GOOD | {"id": "a/b2", "pricing": {"prompt": "NaN", "completion": "0"}},
        GOOD | {"id": "a/b2", "pricing": {"prompt": "5", "completion": "0"}},
        GOOD | {"id": "a/b2", "context_length": "many"},
        GOOD | {"id": "a/b2", "created": "yesterday"},
        GOOD | {"id": "a/b2", "architecture": []} | {"name": 5},
    ],
    ids=str,
)
def test_an_odd_entry_is_left_out_and_the_others_are_kept(
    cloud: None, monkeypatch: pytest.MonkeyPatch, entry: object
) -> None:
    body = json.dumps({"data": [entry, GOOD]}).encode()
    with answering(lambda request: reply(request, 200, body)) as url:
        monkeypatch.setenv("OPENROUTER_BASE_URL", url)
        (one,) = catalogue.load().offers
    assert (one.id, one.name, one.input_price, one.output_price) == ("a/b", "a/b", "0.000001", "0.000001")


def test_providers_come_with_what_openrouter_measured_of_them(openrouter: OpenRouter) -> None:
    bargain, swift = catalogue.provider_endpoints("lumen/words-8b", KEY)
    assert (bargain.tag, bargain.quantization, bargain.input_nanos_per_million) == ("bargain/fp8", "fp8", 50_000_000)
    assert (swift.tag, swift.input_nanos_per_million, swift.output_nanos_per_million) == (
        *("swift", 75_000_000),
        300_000_000,
    )
    assert bargain.p50_ms == 900
    assert bargain.p50_ms < (bargain.p75_ms or 0) < (bargain.p90_ms or 0) < (bargain.p99_ms or 0)
    (unmeasured,) = catalogue.provider_endpoints("lumen/nearest", KEY)
    assert (unmeasured.p90_ms, unmeasured.p99_ms, unmeasured.uptime) == (None, None, 99.5)


def test_providers_are_kept_for_a_quarter_of_an_hour(openrouter: OpenRouter, monkeypatch: pytest.MonkeyPatch) -> None:
    first = catalogue.provider_endpoints("lumen/words-8b", KEY)
    later(monkeypatch, minutes=14)
    assert catalogue.provider_endpoints("lumen/words-8b", "sk-or-v1-of-another-workspace") == first
    assert openrouter.asked[ENDPOINTS] == 1
    later(monkeypatch, minutes=2)
    assert catalogue.provider_endpoints("lumen/words-8b", KEY) == first
    assert openrouter.asked[ENDPOINTS] == 2


def test_a_model_that_openrouter_does_not_have_has_no_providers(openrouter: OpenRouter) -> None:
    assert catalogue.provider_endpoints("lumen/unknown", KEY) == ()
    free = catalogue.provider_endpoints("lumen/words-8b:free", KEY)
    assert [one.tag for one in free] == ["bargain"]


def test_a_key_that_is_refused_is_told_apart_from_a_fault(openrouter: OpenRouter) -> None:
    with pytest.raises(UpstreamFailed, match="refuses the workspace's key") as refused:
        catalogue.provider_endpoints("lumen/words-8b", "sk-or-v1-wrong")
    assert refused.value.code == "key_refused"
    assert "wrong" not in str(refused.value.body())


@pytest.mark.parametrize("model_id", ["", "a", "a/b/c", "../key", "a/..", "a/b?c", "a b/c", "a/b#", "é/b", "a/b\n"])
def test_an_id_that_would_lead_elsewhere_is_not_asked_for(openrouter: OpenRouter, model_id: str) -> None:
    with pytest.raises(Invalid, match="model: give the model's id on OpenRouter"):
        catalogue.provider_endpoints(model_id, KEY)
    assert not openrouter.asked


def test_odd_providers_are_left_out(cloud: None, monkeypatch: pytest.MonkeyPatch) -> None:
    good = {"tag": "p", "pricing": {"prompt": "0", "completion": "0"}, "latency_last_30m": 0.4}
    odd: list[Any] = [None, {}, good | {"tag": "A B"}, good | {"tag": None}, good | {"pricing": {}}]
    odd.append(good | {"latency_last_30m": {"p90": "fast"}})
    body = msgspec.json.encode({"data": {"endpoints": [*odd, good]}})
    with answering(lambda request: reply(request, 200, body)) as url:
        monkeypatch.setenv("OPENROUTER_BASE_URL", url)
        (one,) = catalogue.provider_endpoints("a/b", KEY)
    assert (one.tag, one.provider_name, one.p50_ms) == ("p", "p", None)


def test_providers_that_cannot_be_read_are_an_error(cloud: None, monkeypatch: pytest.MonkeyPatch) -> None:
    for status, body in ((500, b""), (200, b"{}"), (200, b'{"data": {"endpoints": 5}}')):
        with answering(lambda request, status=status, body=body: reply(request, status, body)) as url:  # type: ignore[misc]
            monkeypatch.setenv("OPENROUTER_BASE_URL", url)
            with pytest.raises(UpstreamFailed, match="try again"):
                catalogue.provider_endpoints("a/b", KEY)
