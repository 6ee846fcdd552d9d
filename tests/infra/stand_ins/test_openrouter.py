"""The OpenRouter stand-in through a real HTTP client, and through the product's own call."""

import time
from collections.abc import Iterator
from typing import Any

import httpx
import msgspec
import pytest

from gero import providers
from gero.providers import CallFailed, Endpoint
from infra.local.stand_ins import LABELS, PROMPT
from infra.local.stand_ins.openrouter import LISTED, Account, Kind, OpenRouter, OpenRouterServer

KEY, POOR = "sk-or-v1-0123456789abcdef", "sk-or-v1-poor567890abcdef"
MESSAGES = [{"role": "user", "content": PROMPT.replace("{input}", "Where is my parcel?")}]
REQUEST: dict[str, Any] = {"model": "lumen/words-8b", "messages": MESSAGES}


@pytest.fixture
def openrouter() -> OpenRouter:
    return OpenRouter({KEY: Account("ada"), POOR: Account("bob", limit=0.0)})


@pytest.fixture
def client(openrouter: OpenRouter) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {KEY}"}
    with OpenRouterServer(openrouter) as server, httpx.Client(base_url=server.base_url, headers=headers) as client:
        yield client


def test_the_list_has_openrouters_shape_and_needs_no_key(client: httpx.Client) -> None:
    del client.headers["Authorization"]
    data = client.get("/models").json()["data"]
    assert [one["id"] for one in data] == [one.id for one in LISTED]
    assert all(isinstance(one["pricing"]["prompt"], str) for one in data)
    by_id = {one["id"]: one for one in data}
    assert by_id["openrouter/auto"]["pricing"]["prompt"] == "-1"
    assert by_id["lumen/words-8b"]["pricing"] == {
        "prompt": "0.00000005",
        "completion": "0.0000002",
        "request": "0",
        "image": "0",
    }
    assert by_id["quarry/painter"]["architecture"]["output_modalities"] == ["image"]
    assert (by_id["hearth/phrases"]["hugging_face_id"], by_id["hearth/phrases"]["expiration_date"]) == ("", None)
    assert by_id["lumen/nearest-old"]["expiration_date"]


def test_latencies_are_told_to_those_with_a_key_only(client: httpx.Client) -> None:
    path = "/models/lumen/words-8b/endpoints"
    known = client.get(path).json()["data"]["endpoints"]
    assert set(known[0]["latency_last_30m"]) == {"p50", "p75", "p90", "p99"}
    assert client.get(path, headers={"Authorization": "Bearer wrong"}).status_code == 401
    del client.headers["Authorization"]
    assert [one["latency_last_30m"] for one in client.get(path).json()["data"]["endpoints"]] == [None, None]
    missing = client.get("/models/lumen/unknown/endpoints")
    assert (missing.status_code, missing.json()) == (404, {"error": {"message": "Not Found", "code": 404}})


def test_a_key_is_described_without_being_shown(client: httpx.Client) -> None:
    data = client.get("/key").json()["data"]
    assert (data["label"], data["limit"], data["usage"]) == ("sk-or-v1-012...def", None, 0)
    poor = client.get("/key", headers={"Authorization": f"Bearer {POOR}"}).json()["data"]
    assert (poor["limit"], poor["limit_remaining"]) == (0.0, 0.0)
    refused = client.get("/key", headers={"Authorization": "Bearer wrong"})
    assert (refused.status_code, refused.json()["error"]["code"]) == (401, 401)


def test_a_completion_says_who_answered_and_what_it_cost(client: httpx.Client, openrouter: OpenRouter) -> None:
    first, second = (client.post("/chat/completions", json=REQUEST).json() for _ in range(2))
    assert first["choices"] == second["choices"]
    assert first["id"].startswith("gen-")
    assert (first["model"], first["provider"]) == ("lumen/words-8b", "Bargain")
    (choice,) = first["choices"]
    assert (choice["finish_reason"], choice["native_finish_reason"]) == ("stop", "stop")
    assert choice["message"]["content"] in LABELS
    usage = first["usage"]
    expected = usage["prompt_tokens"] * 0.05e-6 + usage["completion_tokens"] * 0.2e-6
    assert usage["cost"] == pytest.approx(expected)
    assert sum(usage["cost_details"].values()) == pytest.approx(expected)
    assert client.get("/key").json()["data"]["usage"] == pytest.approx(2 * expected)


@pytest.mark.parametrize(
    ("routing", "answered"),
    [
        ({"only": ["swift"], "allow_fallbacks": False}, "Swift"),
        ({"only": ["bargain"]}, "Bargain"),
        ({"only": ["bargain/fp8"]}, "Bargain"),
        ({"order": ["swift", "bargain"]}, "Swift"),
        ({"order": ["nobody"]}, "Bargain"),
        ({"quantizations": ["bf16"]}, "Swift"),
        ({"only": ["nobody"]}, None),
        ({"order": ["nobody"], "allow_fallbacks": False}, None),
        ({"only": ["bargain"], "quantizations": ["bf16"]}, None),
    ],
    ids=str,
)
def test_a_pin_is_kept_to(client: httpx.Client, routing: dict[str, Any], answered: str | None) -> None:
    response = client.post("/chat/completions", json=REQUEST | {"provider": routing})
    if answered:
        assert response.json()["provider"] == answered
    else:
        error = response.json()["error"]
        assert (response.status_code, error["code"]) == (404, 404)
        assert "No allowed providers" in error["message"]
        assert error["metadata"]["available_providers"] == ["bargain/fp8", "swift"]


def test_a_request_that_cannot_be_answered_is_refused(client: httpx.Client) -> None:
    def asked(body: dict[str, Any], key: str = KEY) -> tuple[int, str]:
        response = client.post("/chat/completions", json=body, headers={"Authorization": f"Bearer {key}"})
        assert response.json()["error"]["code"] == response.status_code
        return response.status_code, response.json()["error"]["message"]

    assert asked(REQUEST, "wrong") == (401, "User not found.")
    assert asked(REQUEST | {"model": "a/b"}) == (400, "a/b is not a valid model ID")
    assert asked(REQUEST | {"messages": []})[0] == 400
    assert asked(REQUEST | {"provider": {"only": "swift"}})[0] == 400
    assert asked(REQUEST, POOR)[0] == 402


def test_a_limit_says_when_it_is_renewed(client: httpx.Client, openrouter: OpenRouter) -> None:
    openrouter.fail("minute")
    refused = client.post("/chat/completions", json=REQUEST)
    headers = refused.json()["error"]["metadata"]["headers"]
    assert (refused.status_code, headers["X-RateLimit-Remaining"]) == (429, "0")
    assert 0 <= int(headers["X-RateLimit-Reset"]) / 1000 - time.time() <= 60
    assert client.post("/chat/completions", json=REQUEST).status_code == 200


def test_a_fault_may_be_one_model_s(client: httpx.Client, openrouter: OpenRouter) -> None:
    openrouter.fail("overloaded", times=2, model="hearth/phrases")
    assert client.post("/chat/completions", json=REQUEST).status_code == 200
    statuses = [client.post("/chat/completions", json=REQUEST | {"model": "hearth/phrases"}) for _ in range(3)]
    assert [one.status_code for one in statuses] == [503, 503, 200]


async def ask(url: str, **fields: Any) -> providers.Answer:
    endpoint = Endpoint("openrouter", f"{url}/chat/completions", **{"model": "lumen/words-8b", **fields})
    headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
    async with providers.new_session(4) as session:
        return await providers.ask(session, endpoint, headers, providers.request_body(endpoint, MESSAGES))


async def test_the_product_reads_cost_and_provider_from_it(cloud: None, openrouter: OpenRouter) -> None:
    with OpenRouterServer(openrouter) as server:
        pinned = await ask(server.base_url, provider="swift", quantization="bf16")
        free = await ask(server.base_url)
    assert (pinned.provider, free.provider) == ("Swift", "Bargain")
    assert pinned.cost_nanos == pytest.approx(1.5 * free.cost_nanos, abs=2)
    assert pinned.cost_nanos > 0
    assert msgspec.structs.replace(pinned, latency_ms=0).text in LABELS


@pytest.mark.parametrize(
    ("kind", "condition"),
    [
        ("unauthorized", "refused"),
        ("credits", "exhausted"),
        ("minute", "throttled"),
        ("day", "exhausted"),
        ("overloaded", "failed"),
        ("error_in_200", "failed"),
        ("error_in_choice", "failed"),
    ],
)
async def test_the_product_knows_what_each_fault_means(
    cloud: None, openrouter: OpenRouter, kind: Kind, condition: str
) -> None:
    openrouter.fail(kind)
    with OpenRouterServer(openrouter) as server:
        with pytest.raises(CallFailed) as failed:
            await ask(server.base_url)
        assert failed.value.condition == condition
        assert KEY not in str(failed.value.body())
        assert (await ask(server.base_url)).text in LABELS
