"""The API in memory: shadow traffic."""

from typing import Any

from tests.gero.cli.fake_objects import now
from tests.gero.cli.fake_routes import Answer, route


def side(name: str, **more: Any) -> dict[str, Any]:
    latencies = {"latency_p50_ms": 120.0, "latency_p95_ms": 410.0, "latency_p99_ms": None}
    counted = {"model_id": name, "name": name, "requests": 412, "errors": 0, "cost_per_1000_usd": 0.25}
    return {**counted, **latencies, "tokens_in": 8000, "tokens_out": 400, **more}


def pair(**more: Any) -> dict[str, Any]:
    return {
        "production": side("small-1"),
        "challenger": side("big-1", errors=3, cost_per_1000_usd=1.2),
        "requests": 412,
        "compared": 412,
        "first_at": now(),
        "last_at": now(),
        "evaluation": "exact",
        "judge": None,
        "agreement": {"mean": 0.947, "low": 0.912, "high": 0.981},
        "difference": None,
        "verdict": None,
        "requests_needed": None,
        "cost_ratio": 4.8,
        "latency_ratio": 1.0,
        "judge_cost_usd": 0.0,
        "late": 0,
        "not_taken": 0,
        "latest_error": None,
        "told": "Beside small-1, on 412 requests: big-1 gives the same answer on 91-98 % of them.",
        "limits": ["Agreement is not accuracy."],
        **more,
    }


class ShadowRoutes:
    """Nothing is shadowed; `pairs` are what is known all the same."""

    def __init__(self) -> None:
        super().__init__()
        self.pairs: list[dict[str, Any]] = []

    @route("GET", "/api/leaderboards/{board}/shadow")
    def show_shadow(self, query: Any, body: Any, board: str) -> Answer:
        told = "No requests are shadowed. Switch it on with gero leaderboard update --shadow-percent 5."
        settings = {"percent": 0, "challenger_id": None, "challenger": None, "told": told}
        return 200, {"leaderboard_id": board, **settings, "pairs": self.pairs}

    @route("DELETE", "/api/leaderboards/{board}/shadow")
    def forget_shadow(self, query: Any, body: Any, board: str) -> Answer:
        self.pairs = []
        return 204, None
