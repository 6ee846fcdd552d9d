"""The API in memory: models of the Models area, their versions, and their training."""

from collections import defaultdict
from typing import Any
from uuid import uuid4

from tests.gero.cli import fake_inference
from tests.gero.cli.fake_candidates import CandidateRoutes
from tests.gero.cli.fake_objects import now
from tests.gero.cli.fake_routes import Answer, Refused, found, page, route

_BASE: dict[str, Any] = {
    "platform": "custom",
    "endpoint_url": "https://openrouter.test/chat/completions",
    "model": None,
    "provider": None,
    "quantization": None,
    "auth_method": "none",
    "auth_header_name": None,
    "has_auth_token": False,
    "integration": None,
    "parameters": {},
    "input_cost_per_million_usd": 0.15,
    "output_cost_per_million_usd": 0.6,
    "timeout_seconds": 60,
}
_DETAILS = ("version",)
_SETTINGS = ("name", "creation_mode", "description", "leaderboard_ids", "auto_update_model")


class ModelRoutes(CandidateRoutes):
    """`syncs_to_end` is how often a training is looked at until it ends, `training_error` that of one that fails."""

    leaderboards: dict[str, dict[str, Any]]
    url: str

    def __init__(self) -> None:
        super().__init__()
        self.own_versions: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self.trainings: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self.syncs_to_end = 2
        self.training_error: str | None = None

    @route("GET", "/api/models")
    def list_own_models(self, query: dict[str, str], body: Any) -> Answer:
        shown = [{name: one[name] for name in one if name not in _DETAILS} for one in self.own_models.values()]
        return 200, page("models", shown, query)

    @route("POST", "/api/models")
    def create_own_model(self, query: Any, body: dict[str, Any]) -> Answer:
        identifier = str(uuid4())
        model: dict[str, Any] = {
            "id": identifier,
            "description": "",
            "leaderboard_ids": [],
            "auto_update_model": True,
            "latest_version": 0,
            "deployed_version": None,
            "revision": 1,
            "created_at": now(),
            "updated_at": now(),
            "inference_url": f"{self.url}/v1/models/{identifier}/inference",
            **{name: value for name, value in body.items() if name in _SETTINGS},
        }
        self.own_models[identifier] = model
        wanted = {name: value for name, value in body.items() if name not in _SETTINGS}
        waits = body["creation_mode"] == "fine_tune" or not body.get("deploy", True)
        self._publish(model, wanted, deploy=not waits)
        return 201, model

    @route("GET", "/api/models/{model}")
    def show_own_model(self, query: Any, body: Any, model: str) -> Answer:
        return 200, found(self.own_models, model, "model")

    @route("PATCH", "/api/models/{model}")
    def change_own_model(self, query: Any, body: dict[str, Any], model: str) -> Answer:
        changed = found(self.own_models, model, "model")
        changed.update(body)
        return 200, changed

    @route("DELETE", "/api/models/{model}")
    def delete_own_model(self, query: Any, body: Any, model: str) -> Answer:
        used = [board for board, candidates in self.models.items() if self._uses(candidates, model)]
        if used:
            name = self.leaderboards[used[0]]["name"]
            raise Refused(409, f"leaderboards compare this model: {name!r}; remove it from them first")
        del self.own_models[found(self.own_models, model, "model")["id"]]
        return 204, None

    @route("GET", "/api/models/{model}/leaderboards")
    def list_assigned(self, query: Any, body: Any, model: str) -> Answer:
        assigned = found(self.own_models, model, "model")["leaderboard_ids"]
        boards = [
            {
                "leaderboard_id": board["id"],
                "name": board["name"],
                "candidate_id": self._uses(self.models[board["id"]], model),
                "in_production": False,
            }
            for board in self.leaderboards.values()
            if board["id"] in assigned or self._uses(self.models[board["id"]], model)
        ]
        return 200, {"leaderboards": boards, "count": len(boards)}

    @route("GET", "/api/models/{model}/versions")
    def list_own_versions(self, query: dict[str, str], body: Any, model: str) -> Answer:
        found(self.own_models, model, "model")
        if int(query["limit"]) > 50:
            raise Refused(400, "limit: Input should be less than or equal to 50")
        texts = ("system_prompt", "examples")
        shown = [{name: one[name] for name in one if name not in texts} for one in self.own_versions[model][::-1]]
        return 200, page("versions", shown, query)

    @route("POST", "/api/models/{model}/versions")
    def publish_own_version(self, query: Any, body: dict[str, Any], model: str) -> Answer:
        owner = found(self.own_models, model, "model")
        return 201, self._publish(owner, body, deploy=body.get("deploy", owner["auto_update_model"]))

    @route("GET", "/api/models/{model}/versions/{number}")
    def show_own_version(self, query: Any, body: Any, model: str, number: str) -> Answer:
        found(self.own_models, model, "model")
        if int(number) > len(self.own_versions[model]):
            raise Refused(404, f"this model has no version {number}")
        return 200, self.own_versions[model][int(number) - 1]

    @route("POST", "/api/models/{model}/deploy")
    def deploy_own_model(self, query: Any, body: dict[str, Any], model: str) -> Answer:
        owner = found(self.own_models, model, "model")
        return 200, self._deploy(owner, body.get("version", owner["latest_version"]))

    @route("POST", "/api/models/{model}/undeploy")
    def undeploy_own_model(self, query: Any, body: Any, model: str) -> Answer:
        return 200, self._deploy(found(self.own_models, model, "model"), None)

    @route("POST", "/v1/models/{model}/inference")
    def infer_own_model(self, query: Any, body: dict[str, Any], model: str) -> Answer:
        owner = found(self.own_models, model, "model")
        if owner["deployed_version"] is None:
            raise Refused(409, f"the model {owner['name']!r} is not deployed; deploy a version first")
        asked = body.get("input") or body["messages"][-1]["content"]
        facts = {"model": "acme/small", "model_id": model, "trace_id": "t", "cost_usd": 0.0002, "latency_ms": 30.0}
        return 200, fake_inference.reply(f"{owner['name']}: {asked}", facts, {})

    def _uses(self, candidates: dict[str, dict[str, Any]], model: str) -> str | None:
        return next((one["id"] for one in candidates.values() if one.get("drgero_model_id") == model), None)

    def _publish(self, model: dict[str, Any], wanted: dict[str, Any], *, deploy: bool) -> dict[str, Any]:
        versions = self.own_versions[model["id"]]
        before = versions[-1] if versions else {"base": {}, "system_prompt": None, "examples": [], "parameters": {}}
        examples = wanted.get("examples", before["examples"])
        drawn = examples if isinstance(examples, dict) else before.get("examples_from")
        if isinstance(examples, dict):
            examples = [{"input": f"q{n}", "output": f"a{n}", "row_id": f"r{n}"} for n in range(examples["count"])]
        secret = "auth_token" in (wanted.get("base") or {})
        base = {name: value for name, value in (wanted.get("base") or before["base"]).items() if name != "auth_token"}
        version = {
            "number": len(versions) + 1,
            "created_at": now(),
            "source": wanted.get("source", "recipe"),
            "base": {**_BASE, **base, "has_auth_token": secret},
            "system_prompt": wanted.get("system_prompt", before["system_prompt"]),
            "examples": examples or [],
            "examples_count": len(examples or []),
            "examples_from": {"dataset_version": 1, "seed": 0, **drawn} if examples and drawn else None,
            "parameters": wanted.get("parameters", before["parameters"]),
            "trained_on": wanted.get("trained_on"),
            "fine_tune_run_id": wanted.get("fine_tune_run_id"),
            "note": wanted.get("note"),
            "deployed": False,
        }
        versions.append(version)
        model.update(latest_version=version["number"], version=version)
        if deploy:
            self._deploy(model, version["number"])
        return version

    def _deploy(self, model: dict[str, Any], number: int | None) -> dict[str, Any]:
        versions = self.own_versions[model["id"]]
        for version in versions:
            version["deployed"] = version["number"] == number
        model.update(deployed_version=number, version=versions[(number or model["latest_version"]) - 1])
        return model
