"""The API in memory: the answers of a run, and its bundle. Each model is right on every second row."""

from collections.abc import Mapping
from typing import Any

from tests.gero.cli.fake_datasets import DatasetRoutes
from tests.gero.cli.fake_objects import now
from tests.gero.cli.fake_routes import Answer, Refused, found, route

ZIP = b"PK\x05\x06" + b"\0" * 18


class RunAnswerRoutes(DatasetRoutes):
    url: str
    runs: dict[str, dict[str, Any]]

    @route("GET", "/api/leaderboards/{board}/runs/{run}/matrix")
    def matrix(self, query: dict[str, str], body: Any, board: str, run: str) -> Answer:
        models = self._models(run)
        first = int(query["after"].split("-")[1]) + 1 if "after" in query else 0
        rows = [self._row(number, len(models)) for number in range(150)]
        if query.get("show") == "failures":
            wanted = [number for number, one in enumerate(models) if query.get("model_id") in (None, one["id"])]
            rows = [row for row in rows if any(row["cells"][number]["verdict"] == "wrong" for number in wanted)]
        left = [row for row in rows if int(row["place"].split("-")[1]) >= first]
        page = left[: int(query.get("limit", 25))]
        following = page[-1]["place"] if page and len(left) > len(page) else None
        columns = [{"model_id": one["id"], "name": one["name"]} for one in models]
        told = {"run_id": run, "models": columns, "rows": page, "count": len(page), "scanned": len(page)}
        return 200, told | {"next": following}

    @route("GET", "/api/leaderboards/{board}/runs/{run}/matrix/{place}/{model}")
    def cell(self, query: Any, body: Any, board: str, run: str, place: str, model: str) -> Answer:
        asked = next((one for one in self._models(run) if one["id"] == model), None)
        if asked is None:
            raise Refused(404, "this run has no such model")
        return 200, {
            "run_id": run,
            "place": place,
            "row_id": "r1",
            "model_id": model,
            "model": asked["name"],
            "input": "Where is my parcel?",
            "expected": ["shipping"],
            "rubric": None,
            "output": "billing",
            "score": 0.0,
            "reason": "not an accepted answer",
            "error": None,
            "judge_error": None,
            "audit_score": None,
            "latency_ms": 210.4,
            "cost_usd": 0.001,
            "judge_cost_usd": 0.0,
            "tokens_in": 60,
            "tokens_out": 2,
            "attempts": 1,
            "reused_from": None,
            "trace_id": "t0",
        }

    @route("POST", "/api/leaderboards/{board}/runs/{run}/bundle")
    def bundle(self, query: Any, body: Any, board: str, run: str) -> Answer:
        if found(self.runs, run, "run")["status"] in ("queued", "running"):
            raise Refused(409, "the run is active; its bundle is made when it has ended")
        told = {"run_id": run, "expires_at": now(), "content_type": "application/zip", "size_bytes": len(ZIP)}
        return 200, told | {"url": f"{self.url}/storage/{run}.zip?signature=s", "filename": f"run-{run}.zip"}

    def stored(self, path: str, query: dict[str, str], headers: Mapping[str, str]) -> Answer:
        if not path.endswith(".zip"):
            return super().stored(path, query, headers)
        if headers.get("Authorization") or query != {"signature": "s"}:
            return 400, {"error": "only one way of authorization is allowed"}
        return 200, ZIP

    def _models(self, run: str) -> list[dict[str, Any]]:
        models: list[dict[str, Any]] = found(self.runs, run, "run")["configuration"]["models"]
        return models

    def _row(self, number: int, models: int) -> dict[str, Any]:
        right, wrong = {"verdict": "right", "score": 1.0}, {"verdict": "wrong", "score": 0.0}
        cells = [wrong if (number + model) % 2 else right for model in range(models)]
        return {
            "place": f"0-{number}",
            "row_id": f"r{number}",
            "input": f"Ticket {number}",
            "expected": ["billing"],
            "cells": cells,
        }
