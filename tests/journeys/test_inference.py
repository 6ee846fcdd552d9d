"""The inference endpoint behind the local cloud's Function URL: streams, clients that leave, budgets, fallbacks."""

import asyncio
import gzip
import json
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

import aiohttp
import httpx
import pytest

from gero.cli.client import Client
from infra.local.cloud import LocalCloud
from tests.functions.collector_server import collector_server
from tests.local_cloud import Serve, ended
from tests.model_server import ModelServer
from tests.waiting import wait_until

pytestmark = pytest.mark.journey

ROWS = [{"id": f"i{number}", "input": f"say {number}", "output": f"{number}"} for number in range(20)]


def answer(model: str, prompt: str) -> str:
    number = prompt.rsplit(" ", 1)[1]
    return number if model == "right" else f"{model} says {number}"


@pytest.fixture(scope="module")
def models() -> Iterator[ModelServer]:
    with ModelServer(answer).running() as server:
        yield server


@pytest.fixture
def served(api: Client, serve: Serve, models: ModelServer) -> str:
    """A leaderboard that serves `right`, with `wrong` behind it."""
    models.fault = lambda model, prompt, attempt: 200
    models.answer, models.chunk_seconds = answer, 0.0
    body = {"name": "Say it", "system_prompt": "Repeat. {input}", "dataset_url": serve("inference.jsonl", ROWS)}
    leaderboard_id: str = api.post("/api/leaderboards", body)["id"]
    for name in ("wrong", "right"):
        model = {"model": name, "endpoint_url": models.url, "auth_method": "bearer", "auth_token": "sk-journey"}
        api.post(f"/api/leaderboards/{leaderboard_id}/models", model | {"input_cost_per_million_usd": 500})
    run = ended(api, leaderboard_id, api.post(f"/api/leaderboards/{leaderboard_id}/run")["id"])
    assert run["decision"]["action"] == "first"
    return leaderboard_id


def headers(api: Client) -> dict[str, str]:
    return {"Authorization": str(api._http.headers["Authorization"])}


def test_the_first_word_is_passed_on_as_it_comes_and_a_client_that_leaves_ends_the_call(
    api: Client, served: str, models: ModelServer, cloud: LocalCloud
) -> None:
    models.answer = lambda model, prompt: "word " * 100
    models.chunk_seconds = 0.03
    left = models.left
    body = {"model": "say-it", "messages": [{"role": "user", "content": "say 1"}], "stream": True}
    with httpx.Client(base_url=cloud.inference_url, headers=headers(api), timeout=30) as client:
        started = time.monotonic()
        with client.stream("POST", "v1/chat/completions", json=body) as stream:
            events = (json.loads(line[6:]) for line in stream.iter_lines() if line.startswith("data: "))
            first = next(event for event in events if event["choices"][0]["delta"].get("content"))
            took = time.monotonic() - started
        assert first["choices"][0]["delta"]["content"] == "word "
        assert took < 100 * models.chunk_seconds, "the first word came before the last one was said"
        wait_until(lambda: models.left > left)
    path = f"/v1/leaderboard/{served}/traces"
    (trace,) = wait_until(lambda: api.get(path, format="json", source="inference")["rows"])
    assert "the client left" in trace["error"]
    assert 0 < len(trace["output"]) < 500


def test_the_next_in_the_ranking_answers_when_production_does_not(
    api: Client, served: str, models: ModelServer, cloud: LocalCloud
) -> None:
    models.fault = lambda model, prompt, attempt: 503 if model == "right" else 200
    url = f"{cloud.inference_url}v1/leaderboard/{served}/inference"
    told = httpx.post(url, json={"input": "say 3"}, headers=headers(api), timeout=30)
    assert (told.status_code, told.json()["output"], told.json()["fallback"]) == (200, "wrong says 3", True)
    assert "503" in told.headers["X-Dr.Gero-Fallback"]


def test_two_hundred_at_once_do_not_spend_more_than_a_budget_for_fifty(
    api: Client, served: str, models: ModelServer, cloud: LocalCloud
) -> None:
    """A call costs 20 tokens at $500 a million: one cent. Before it, a bit more is set aside."""
    token = api.post("/api/tokens", {"name": "capped", "scopes": ["leaderboards:inference"], "budget_limit": 0.5})
    url = f"{cloud.inference_url}v1/leaderboard/{served}/inference"

    async def ask(session: aiohttp.ClientSession) -> tuple[int, Any]:
        body = {"input": "say 5", "max_tokens": 5}
        async with session.post(url, json=body) as told:
            return told.status, told.headers.get("X-Dr.Gero-Token-Budget-Remaining-Usd")

    async def many(count: int) -> list[tuple[int, Any]]:
        secret = {"Authorization": f"Bearer {token['secret']}"}
        async with aiohttp.ClientSession(headers=secret, connector=aiohttp.TCPConnector(limit=0)) as session:
            return await asyncio.gather(*(ask(session) for _ in range(count)))

    def spent() -> float:
        used: float = api.get(f"/api/tokens/{token['id']}")["budget"]["used_usd"]
        return used

    first = Counter(status for status, _ in asyncio.run(many(200)))
    assert set(first) <= {200, 402}
    assert 0 < first[200] <= 50
    wait_until(lambda: spent() == pytest.approx(first[200] * 0.01))
    while True:  # what was set aside came back, and is spent to the last cent that a request fits into
        ((status, remaining),) = asyncio.run(many(1))
        assert remaining is not None
        if status == 402:
            break
    budget = wait_until(lambda: _settled(api, token["id"]))
    assert budget["used_usd"] <= 0.5
    assert budget["remaining_usd"] < 0.05
    assert budget["used_usd"] + budget["remaining_usd"] == pytest.approx(0.5)


def _settled(api: Client, token_id: str) -> dict[str, Any] | None:
    budget: dict[str, Any] = api.get(f"/api/tokens/{token_id}")["budget"]
    return budget if budget["held_usd"] == 0 else None


def test_a_challenger_is_asked_what_production_has_answered_and_their_figures_are_told(
    api: Client, served: str
) -> None:
    api.patch(f"/api/leaderboards/{served}", {"inference": {"shadow": {"percent": 100}}})
    for number in range(8):
        assert api.infer(served, {"input": f"say {number}"})["output"] == f"{number}"
    path = f"/api/leaderboards/{served}/shadow"
    (told,) = wait_until(lambda: _compared(api.get(path), 8))
    assert told["challenger"]["name"] == "wrong"
    assert told["agreement"]["mean"] == 0
    shadows = wait_until(lambda: _shadows(api, served, 8))
    asked = {row["shadow_of"] for row in shadows}
    wait_until(lambda: asked <= {row["trace_id"] for row in _inferred(api, served)})
    assert {row["output"] for row in shadows} == {f"wrong says {number}" for number in range(8)}


def _inferred(api: Client, leaderboard_id: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = api.get(f"/v1/leaderboard/{leaderboard_id}/traces", format="json", source="inference")[
        "rows"
    ]
    return rows


def _compared(found: dict[str, Any], requests: int) -> list[dict[str, Any]] | None:
    pairs: list[dict[str, Any]] = found["pairs"]
    return pairs if pairs and pairs[0]["requests"] == requests else None


def _shadows(api: Client, leaderboard_id: str, count: int) -> list[dict[str, Any]] | None:
    found = [row for row in _inferred(api, leaderboard_id) if row["shadow_of"]]
    return found if len(found) == count else None


def test_traces_are_redacted_rated_added_to_the_dataset_and_exported(
    api: Client, models: ModelServer, cloud: LocalCloud
) -> None:
    models.fault, models.answer = (lambda model, prompt, attempt: 200), answer
    body = {
        "name": "Pushed",
        "system_prompt": "Repeat. {input}",
        "dataset_type": "PUSH",
        "traces": {"redact": ["email"]},
    }
    leaderboard_id = api.post("/api/leaderboards", body | {"inference": {"fallbacks": 0}})["id"]
    path = f"/v1/leaderboard/{leaderboard_id}"
    rows = [{"id": f"t{number}", "input": f"say {number}", "output": f"{number}"} for number in range(100)]
    api.post(f"{path}/dataset/push", {"rows": rows})
    for name in ("wrong", "right"):
        model = {"model": name, "endpoint_url": models.url, "auth_method": "bearer", "auth_token": "sk-journey"}
        api.post(f"/api/leaderboards/{leaderboard_id}/models", model)
    with collector_server() as collector:
        api.put("/api/telemetry", {"endpoint": collector.url, "header_name": "X-Key", "header_value": "sk-collector"})
        ended(api, leaderboard_id, api.post(f"/api/leaderboards/{leaderboard_id}/run")["id"])
        assert {row["source"] for row in api.get(f"{path}/traces", format="json", source="dataset")["rows"]} == {
            "dataset"
        }

        told = api.infer(leaderboard_id, {"input": "from jane.doe@example.com: say 7"})
        trace = wait_until(lambda: _stored(api, path, told["trace_id"]))
        assert (trace["input"], trace["content"]) == ("from [email]: say 7", "redacted")
        wait_until(lambda: len(collector.received) >= 2)
        headers_sent, exported = collector.received[-1]
        assert headers_sent["x-key"] == "sk-collector"
        assert b"jane.doe" not in gzip.decompress(exported)

        rated = api.post(f"{path}/traces/{told['trace_id']}/feedback", {"score": 0, "corrected": "seven"})
        assert rated["row"]["status"] == "accepted"
        shown = api.get(f"{path}/traces/{told['trace_id']}")
        assert shown["feedback"]["score"] == 0
        added = api.post(f"{path}/traces", {"id": "mine-1", "input": "q", "output": "a", "score": 1})
        assert (added["recorded"], added["rejected"]) == (1, 0)
        assert api.get(f"{path}/traces/mine-1")["source"] == "manual"
        api.delete("/api/telemetry")


def test_a_rotated_and_a_revoked_token_stop_within_seconds(api: Client, served: str, cloud: LocalCloud) -> None:
    token = api.post("/api/tokens", {"name": "shop", "scopes": ["leaderboards:inference"], "expires_in": "1h"})
    url = f"{cloud.inference_url}v1/leaderboard/{served}/inference"

    def status(secret: str) -> int:
        return httpx.post(url, json={"input": "say 1"}, headers={"X-API-Key": secret}, timeout=30).status_code

    assert status(token["secret"]) == 200
    assert api.get(f"/api/tokens/{token['id']}")["last_used_at"]
    anew = api.post(f"/api/tokens/{token['id']}/rotate")["secret"]
    assert status(anew) == 200
    wait_until(lambda: status(token["secret"]) == 401, 10)
    api.post(f"/api/tokens/{token['id']}/revoke")
    wait_until(lambda: status(anew) == 401, 10)


def _stored(api: Client, path: str, trace_id: str) -> dict[str, Any] | None:
    rows: list[dict[str, Any]] = api.get(f"{path}/traces", format="json", source="inference")["rows"]
    return next((row for row in rows if row["trace_id"] == trace_id), None)
