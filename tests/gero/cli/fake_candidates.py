"""The API in memory: candidates of a leaderboard, calls that test them, and what OpenRouter offers."""

from collections import defaultdict
from typing import Any
from uuid import uuid4

from tests.gero.cli import fake_objects
from tests.gero.cli.fake_routes import Answer, found, page, route

OFFERS = (
    {"id": "acme/large", "price": 3.0, "created": 1_750_000_000, "hugging_face_id": None},
    {"id": "acme/small", "price": 0.15, "created": 1_740_000_000, "hugging_face_id": None},
    {"id": "meta/llama-70b", "price": 0.1, "created": 1_730_000_000, "hugging_face_id": "meta/Llama-70B"},
)
CATALOGUE: dict[str, Any] = {"fetched_at": "2026-11-24T10:00:00+00:00", "age_seconds": 754, "stale": False}


class CandidateRoutes:
    """An endpoint whose address has `broken` in it does not answer; `drgero` models come from `own_models`."""

    def __init__(self) -> None:
        super().__init__()
        self.models: dict[str, dict[str, dict[str, Any]]] = defaultdict(dict)
        self.own_models: dict[str, dict[str, Any]] = {}
        self.catalogue = dict(CATALOGUE)

    @route("GET", "/api/leaderboards/{board}/models")
    def list_candidates(self, query: Any, body: Any, board: str) -> Answer:
        models = list(self.models[board].values())
        return 200, {"models": models, "count": len(models)}

    @route("POST", "/api/leaderboards/{board}/models")
    def add_candidate(self, query: Any, body: dict[str, Any], board: str) -> Answer:
        added = self._candidate(body)
        self.models[board][added["id"]] = added
        return 201, added

    @route("DELETE", "/api/leaderboards/{board}/models/{model}")
    def remove_candidate(self, query: Any, body: Any, board: str, model: str) -> Answer:
        del self.models[board][model]
        return 204, None

    @route("POST", "/api/leaderboards/{board}/models/test")
    def test_new_candidate(self, query: Any, body: dict[str, Any], board: str) -> Answer:
        return 200, self._test(self._candidate(body), body)

    @route("POST", "/api/leaderboards/{board}/models/{model}/test")
    def test_candidate(self, query: Any, body: dict[str, Any], board: str, model: str) -> Answer:
        return 200, self._test(found(self.models[board], model, "model"), body)

    @route("POST", "/api/leaderboards/{board}/models/auto-select")
    def auto_select(self, query: Any, body: dict[str, Any], board: str) -> Answer:
        most = body.get("max_input_cost_per_million_usd", 1e9)
        eligible = [offer for offer in OFFERS if offer["price"] <= most]
        chosen = [_choice(offer) for offer in eligible[: body.get("count", 5)]]
        added = []
        known = {one["model"]: one for one in self.models[board].values()}
        for one in [] if body.get("dry_run", True) else chosen:
            if one["model"] not in known:
                fields = {"platform": "openrouter", "model": one["model"], "provider": one["provider"]}
                known[one["model"]] = self.add_candidate({}, fields, board)[1]
                added.append(known[one["model"]])
            one["model_id"] = known[one["model"]]["id"]
        rejected = {"input_too_expensive": len(OFFERS) - len(eligible), "not_needed": len(eligible) - len(chosen)}
        return 200, {
            "dry_run": body.get("dry_run", True),
            "chosen": chosen,
            "rejected": {reason: count for reason, count in rejected.items() if count},
            "eligible": len(eligible),
            "considered": len(OFFERS),
            "catalogue": self.catalogue,
            "added": len(added),
            "models": added,
        }

    @route("GET", "/api/base-models")
    def list_base_models(self, query: dict[str, str], body: Any) -> Answer:
        wanted, open_only = query.get("query", ""), query.get("open_weights_only") == "true"
        offers = [one for one in OFFERS if wanted in str(one["id"]) and (one["hugging_face_id"] or not open_only)]
        return 200, page("base_models", [_base_model(one) for one in offers], query) | {"catalogue": self.catalogue}

    def _candidate(self, body: dict[str, Any]) -> dict[str, Any]:
        made = fake_objects.model(str(uuid4()), {name: value for name, value in body.items() if name != "input"})
        if made["platform"] != "drgero":
            return made
        model = found(self.own_models, body["drgero_model_id"], "model")
        base = model["version"]["base"]
        facts = {"name": body.get("name", model["name"]), "drgero_version": model["deployed_version"]}
        return made | {name: base.get(name) for name in ("model", "endpoint_url")} | facts

    def _test(self, candidate: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
        asked = body.get("input", "Where is my parcel?")
        facts = {"model": candidate["model"], "provider": candidate.get("provider"), "input": asked}
        if "broken" in (candidate.get("endpoint_url") or ""):
            told = {
                "error": "the endpoint answered with 401: bad key.",
                "code": "unauthorized",
                "hint": "check its key",
            }
            numbers = dict.fromkeys(("output", "finish_reason", "latency_ms", "cost_usd", "tokens_in", "tokens_out"))
            return {"ok": False, **told, **numbers, "usage_estimated": False, **facts}
        numbers = {"latency_ms": 412.0, "cost_usd": 0.000123, "tokens_in": 9, "tokens_out": 3}
        estimated = candidate["platform"] == "custom"
        told = {"output": "Shipping", "finish_reason": "stop", "usage_estimated": estimated}
        return {"ok": True, **told, **numbers, **facts, "error": None, "code": None, "hint": None}


def _choice(offer: dict[str, Any]) -> dict[str, Any]:
    return {
        "model": offer["id"],
        "name": offer["id"],
        "provider": "deepinfra/fp8" if offer["hugging_face_id"] else None,
        "quantization": "fp8" if offer["hugging_face_id"] else None,
        "input_cost_per_million_usd": offer["price"],
        "output_cost_per_million_usd": 4 * offer["price"],
        "context_length": 128_000,
        "open_weights": bool(offer["hugging_face_id"]),
        "latency_p95_ms": 640.0,
        "latency_p99_ms": 900.0,
        "latency_basis": "interpolated",
        "reason": f"the newest of its price at ${offer['price']}",
        "model_id": None,
    }


def _base_model(offer: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": offer["id"],
        "name": offer["id"],
        "platform": "openrouter",
        "created": offer["created"],
        "context_length": 128_000,
        "input_price_per_token": f"{offer['price'] / 1e6:f}",
        "output_price_per_token": f"{4 * offer['price'] / 1e6:f}",
        "input_cost_per_million_usd": offer["price"],
        "output_cost_per_million_usd": 4 * offer["price"],
        "open_weights": bool(offer["hugging_face_id"]),
        "hugging_face_id": offer["hugging_face_id"],
    }
