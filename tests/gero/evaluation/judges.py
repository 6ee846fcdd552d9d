"""Judges for tests: real calls to a model server, by default with the stand-in judge behind it."""

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest

from gero import providers
from gero.datasets import Row
from gero.evaluation import Judge
from gero.evaluation.judging import JudgeScorer
from gero.providers import Answer, Endpoint
from infra.local.stand_ins.judges import judge_strictly
from tests.model_server import ModelServer

COST = 20 * 1000 + 5 * 2000  # nano-dollars of a call: ModelServer tells 20 tokens in and 5 out
ROW = Row("r1", "What is the capital of France?", ["Paris"])
Scorer = Callable[..., JudgeScorer]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModelServer]:
    monkeypatch.setenv("GERO_PRIVATE_NETWORKS", "127.0.0.0/8")
    with ModelServer(lambda model, prompt: judge_strictly(prompt)).running() as running:
        yield running


@pytest.fixture
async def scorer(server: ModelServer) -> AsyncIterator[Scorer]:
    endpoint = Endpoint(
        *("custom", server.url, "judge"), input_nanos_per_million=10**9, output_nanos_per_million=2 * 10**9
    )
    async with providers.new_session(4) as session:

        async def ask(messages: list[dict[str, Any]], extra: dict[str, Any]) -> Answer:
            body = providers.request_body(endpoint, messages, extra)
            return await providers.ask(session, endpoint, {"Content-Type": "application/json"}, body)

        def made(seed: str = "seed", prompt: str | None = None, **fields: Any) -> JudgeScorer:
            judge = Judge("j", endpoint, **({"audit_percent": 0} | fields))
            return JudgeScorer(judge, ask, seed, prompt)

        yield made
