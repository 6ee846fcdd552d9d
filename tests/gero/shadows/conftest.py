"""A leaderboard as the shadow's worker sees it: a target, a plan, settings; two models and a judge on a real server."""

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from gero.evaluation import Evaluation, EvaluationPlan, Judge
from gero.kit import clock, new_id, table
from gero.providers import Endpoint, target
from gero.providers.serving import ServingSettings
from gero.providers.target import Target
from gero.shadows import ShadowRequest
from infra.local.stand_ins.judges import judge_strictly
from tests.gero.plans import stored_plan
from tests.model_server import ModelServer

WORKSPACE, LEADERBOARD = "w", "l"


class Board:
    """The leaderboard `l`, whose production model is `served`."""

    def __init__(self, server: ModelServer) -> None:
        self.server = server
        self.served = self.target("served")
        self.plan = self.ranked(Evaluation())

    def target(self, name: str, **changed: Any) -> Target:
        """A model on the server, of that name. A call costs 30,000 nano-dollars."""
        fields: dict[str, Any] = {"input_nanos_per_million": 10**9, "output_nanos_per_million": 2 * 10**9}
        return Target(name, name, "Say {input}", Endpoint("custom", self.server.url, name, **(fields | changed)))

    def judge(self, **changed: Any) -> Judge:
        """A judge on the server, which reads by the marks alone."""
        return Judge("judge", self.target("judge").endpoint, **({"audit_percent": 0} | changed))

    def ranked(self, evaluation: Evaluation, settings: ServingSettings | None = None) -> EvaluationPlan:
        """Complete a run scored so; `served` is in production after it."""
        self.plan = stored_plan(evaluation=evaluation)
        told = {"serving": msgspec.json.encode(settings or ServingSettings()).decode()}
        document = msgspec.json.encode({"name": "x", "latest_run_id": self.plan.run_id}).decode()
        table.put({"pk": f"WS#{WORKSPACE}", "sk": f"LB#{LEADERBOARD}", "doc": document, **told})
        self.serve(self.served)
        return self.plan

    def serve(self, wanted: Target) -> None:
        """Put a model into production."""
        table.put(target.item(target.key(WORKSPACE, LEADERBOARD), wanted))

    def request(self, question: str, output: str = "yes", challenger: str | Target = "c", **changed: Any) -> Any:
        """A request that production answered just now with `output`, for 60,000 nano-dollars in 100 ms."""
        asked = challenger if isinstance(challenger, Target) else self.target(challenger)
        fields: dict[str, Any] = {
            "workspace_id": WORKSPACE,
            "leaderboard_id": LEADERBOARD,
            "trace_id": new_id(),
            "challenger": asked,
            "input": question,
            "messages": [{"role": "user", "content": question}],
            "parameters": {},
            "production_id": "served",
            "output": output,
            "latency_ms": 100.0,
            "cost_nanos": 60_000,
            "tokens_in": 20,
            "tokens_out": 5,
            "asked_at": clock.iso(),
        }
        return ShadowRequest(**(fields | changed))


@pytest.fixture
def server() -> Iterator[ModelServer]:
    def answer(model: str, prompt: str) -> str:
        return judge_strictly(prompt) if model == "judge" else "yes"

    with ModelServer(answer).running() as running:
        yield running


@pytest.fixture
def board(cloud: None, server: ModelServer) -> Board:
    return Board(server)
