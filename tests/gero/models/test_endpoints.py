from typing import Any

import pytest
from pydantic import ValidationError

from gero import access, models
from gero.kit import Conflict, Invalid, settings
from gero.models import EndpointInput
from gero.providers import Endpoint, catalogue, request_body

pytestmark = pytest.mark.usefixtures("cloud")

DEDICATED = "https://abc.eu-west-1.aws.endpoints.huggingface.cloud"
OFFERS = (
    catalogue.Offer(id="a/small", name="A: Small", input_price="0.00000015", output_price="0.0000006"),
    catalogue.Offer(id="a/painter", name="A: Painter", output_modalities=("image",)),
    catalogue.Offer(id="openrouter/auto", name="Auto", input_price="-1", output_price="-1"),
)
PROVIDERS = (
    catalogue.ProviderEndpoint("DeepInfra", "deepinfra/fp8", "fp8"),
    catalogue.ProviderEndpoint("Together", "together", "bf16"),
)


@pytest.fixture(autouse=True)
def _catalogue(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue, "load", lambda: catalogue.Catalogue("2026-01-01T00:00:00.000Z", OFFERS))
    monkeypatch.setattr(catalogue, "provider_endpoints", lambda model, token, seconds: PROVIDERS)


@pytest.fixture
def connected(cloud: None, monkeypatch: pytest.MonkeyPatch) -> None:
    for provider in access.integrations.PROVIDERS:
        monkeypatch.setitem(access.integrations.PROVIDERS, provider, lambda token: "ada")
        access.integrations.connect("w", provider, f"{provider}-token")


def made(**wanted: Any) -> Endpoint:
    return models.endpoint_of(EndpointInput.model_validate(wanted), "w", "owner")


def sent(endpoint: Endpoint) -> str:
    return request_body(endpoint, [{"role": "user", "content": "hi"}]).decode()


@pytest.mark.usefixtures("connected")
def test_a_model_of_openrouter_is_called_with_the_workspaces_key_and_its_own_prices() -> None:
    one = made(platform="openrouter", model="a/small")
    assert one.url == f"{settings.openrouter_base_url()}/chat/completions"
    assert (one.input_nanos_per_million, one.output_nanos_per_million) == (150_000_000, 600_000_000)
    assert one.sealed_secret is None
    assert one.headers("w")["Authorization"] == "Bearer openrouter-token"
    assert '"provider"' not in sent(one)


@pytest.mark.usefixtures("connected")
def test_prices_of_ones_own_come_before_those_of_the_catalogue() -> None:
    one = made(platform="openrouter", model="a/small", input_cost_per_million_usd=1)
    assert (one.input_nanos_per_million, one.output_nanos_per_million) == (1_000_000_000, 600_000_000)
    assert made(platform="openrouter", model="openrouter/auto").input_nanos_per_million == 0


@pytest.mark.usefixtures("connected")
def test_a_pin_that_nobody_serves_is_told_with_those_who_do() -> None:
    with pytest.raises(Invalid, match="provider: a/small is served by deepinfra/fp8, together"):
        made(platform="openrouter", model="a/small", provider="nope")
    with pytest.raises(Invalid, match="quantization: a/small is served as fp8 there"):
        made(platform="openrouter", model="a/small", provider="deepinfra", quantization="int4")
    assert made(platform="openrouter", model="a/small", provider="deepinfra").provider == "deepinfra"


@pytest.mark.usefixtures("connected")
def test_a_model_that_draws_is_no_candidate() -> None:
    with pytest.raises(Invalid, match="does not answer with text"):
        made(platform="openrouter", model="a/painter")


@pytest.mark.usefixtures("connected")
def test_a_pin_leaves_openrouter_no_other_provider() -> None:
    one = made(platform="openrouter", model="a/small", provider="deepinfra/fp8", quantization="fp8")
    pin = '"provider":{"only":["deepinfra/fp8"],"allow_fallbacks":false,"quantizations":["fp8"]}'
    assert pin in sent(one)
    other = request_body(one, [], {"provider": {"order": ["x"]}}).decode()
    assert '"only":["deepinfra/fp8"],"allow_fallbacks":false' in other, "a request cannot lift the pin"
    private = request_body(one, [], {"provider": {"data_collection": "deny", "only": ["y"]}}).decode()
    assert '"data_collection":"deny","only":["deepinfra/fp8"]' in private, "what else it wishes stays"


@pytest.mark.usefixtures("connected")
def test_a_model_that_openrouter_does_not_have_is_told_with_the_nearest_names() -> None:
    with pytest.raises(Invalid, match="did you mean a/small"):
        made(platform="openrouter", model="a/smal")
    with pytest.raises(Invalid, match="gero base-model list"):
        made(platform="openrouter", model="zzzzzzzz")


def test_openrouter_must_be_connected_first() -> None:
    with pytest.raises(Conflict, match="OpenRouter is not connected") as refused:
        made(platform="openrouter", model="a/small")
    assert refused.value.code == "integration_missing"


@pytest.mark.usefixtures("connected")
def test_a_key_that_is_replaced_is_used_from_then_on() -> None:
    one = made(platform="openrouter", model="a/small")
    access.integrations.connect("w", "openrouter", "another")
    assert one.headers("w")["Authorization"] == "Bearer another"
    access.integrations.disconnect("w", "openrouter")
    with pytest.raises(Conflict, match="not connected"):
        one.headers("w")


@pytest.mark.usefixtures("connected")
def test_the_router_of_hugging_face_is_called_with_the_workspaces_token_and_the_provider_behind_the_model() -> None:
    one = made(platform="huggingface", model="org/name", provider="together")
    assert one.url == f"{settings.hugging_face_router_url()}/chat/completions"
    assert one.headers("w")["Authorization"] == "Bearer huggingface-token"
    assert '"model":"org/name:together"' in sent(one)
    own = made(platform="huggingface", model="org/name", auth_token="hf_mine")
    assert own.headers("w")["Authorization"] == "Bearer hf_mine"


@pytest.mark.usefixtures("connected")
@pytest.mark.parametrize(
    ("given", "called"),
    [
        (DEDICATED, f"{DEDICATED}/v1/chat/completions"),
        (f"{DEDICATED}/", f"{DEDICATED}/v1/chat/completions"),
        (f"{DEDICATED}/v1/chat/completions", f"{DEDICATED}/v1/chat/completions"),
        (f"{DEDICATED}/custom", f"{DEDICATED}/custom"),
        (f"{DEDICATED}/?key=1", f"{DEDICATED}/v1/chat/completions?key=1"),
    ],
)
def test_an_inference_endpoint_is_called_where_it_answers_chats(given: str, called: str) -> None:
    one = made(platform="huggingface", endpoint_url=given, auth_token="hf_own")
    assert one.url == called
    assert one.headers("w")["Authorization"] == "Bearer hf_own"


@pytest.mark.usefixtures("connected")
@pytest.mark.parametrize("url", [DEDICATED, "https://example.com/v1", f"{DEDICATED}.example.com"])
def test_only_the_router_gets_the_workspaces_token_for_anybody_can_rent_an_endpoint(url: str) -> None:
    one = made(platform="huggingface", endpoint_url=url)
    assert one.integration is None
    assert "Authorization" not in one.headers("w")


def test_a_public_inference_endpoint_needs_no_token() -> None:
    assert "Authorization" not in made(platform="huggingface", endpoint_url=DEDICATED).headers("w")


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"platform": "openrouter"}, "model: give the model's id on OpenRouter"),
        ({"platform": "openrouter", "model": "a/b", "endpoint_url": "https://x.com"}, "endpoint_url: leave it out"),
        (
            {"platform": "openrouter", "model": "a/b", "auth_token": "s"},
            "auth_token: leave it out; OpenRouter is called",
        ),
        ({"platform": "openrouter", "model": "a/b", "provider": "A B"}, "provider"),
        ({"platform": "openrouter", "model": "a/b", "quantization": "fp7"}, "quantization"),
        ({"platform": "custom", "model": "m"}, "endpoint_url: give the https address"),
        ({"endpoint_url": "https://x.com", "provider": "p"}, "provider: leave it out; only OpenRouter"),
        ({"platform": "huggingface"}, "endpoint_url: give that of an inference endpoint"),
        ({"platform": "huggingface", "endpoint_url": DEDICATED, "provider": "p"}, "an inference endpoint is its own"),
        ({"platform": "huggingface", "model": "m", "quantization": "fp8"}, "quantization: leave it out"),
        ({"platform": "drgero", "model": "m"}, "model: leave it out; a Dr.Gero model brings its own"),
        ({"platform": "drgero", "parameters": {"top_p": 1}}, "parameters: leave it out; a Dr.Gero model"),
        ({"platform": "drgero", "timeout_seconds": 5}, "timeout_seconds: leave it out; a Dr.Gero model"),
        ({"endpoint_url": "https://x.com", "auth_method": "custom_header", "auth_token": "x"}, "auth_header_name"),
        ({"endpoint_url": "https://x.com", "parameters": {"model": "m"}}, "parameters: model cannot be set here"),
    ],
)
def test_what_a_platform_has_no_use_for_is_told_and_not_ignored(body: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        EndpointInput.model_validate(body)
