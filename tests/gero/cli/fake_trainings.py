"""The API in memory: fine-tuning of models."""

from typing import Any
from uuid import uuid4

from tests.gero.cli.fake_models import ModelRoutes
from tests.gero.cli.fake_objects import now
from tests.gero.cli.fake_routes import Answer, Refused, found, page, route

_ENDED = ("succeeded", "failed", "cancelled")


class TrainingRoutes(ModelRoutes):
    @route("POST", "/api/models/{model}/fine-tune/run")
    def start_training(self, query: Any, body: dict[str, Any], model: str) -> Answer:
        owner = found(self.own_models, model, "model")
        leaderboard = body.get("leaderboard_id") or next(iter(owner["leaderboard_ids"]), None)
        if leaderboard is None:
            raise Refused(400, "leaderboard_id: name the leaderboard whose rows to train on")
        run = {
            "id": str(uuid4()),
            "model_id": model,
            "status": "queued",
            "created_at": now(),
            "updated_at": now(),
            "finished_at": None,
            "leaderboard_id": leaderboard,
            "dataset_version": body.get("dataset_version", 3),
            "rows": 80,
            "held_out": 20,
            "base_model": body.get("base_model") or owner["version"]["base"]["model"],
            "suffix": body.get("suffix"),
            "hyperparameters": body.get("hyperparameters"),
            "job_id": "ftjob-1",
            "fine_tuned_model": None,
            "trained_tokens": None,
            "error": None,
            "version": None,
        }
        self.trainings[model].insert(0, run)
        return 202, run

    @route("GET", "/api/models/{model}/fine-tune/runs")
    def list_trainings(self, query: dict[str, str], body: Any, model: str) -> Answer:
        return 200, page("runs", self.trainings[model], query)

    @route("GET", "/api/models/{model}/fine-tune/runs/{run}")
    def show_training(self, query: Any, body: Any, model: str, run: str) -> Answer:
        return 200, self._training(model, run)

    @route("POST", "/api/models/{model}/fine-tune/runs/{run}/sync")
    def sync_training(self, query: Any, body: Any, model: str, run: str) -> Answer:
        return 200, self._advance(self._training(model, run))

    @route("POST", "/api/models/{model}/fine-tune/sync")
    def sync_trainings(self, query: Any, body: Any, model: str) -> Answer:
        runs = [self._advance(run) for run in self.trainings[model] if run["status"] not in _ENDED]
        return 200, {"runs": runs, "count": len(runs)}

    @route("POST", "/api/models/{model}/fine-tune/runs/{run}/cancel")
    def cancel_training(self, query: Any, body: Any, model: str, run: str) -> Answer:
        cancelled = self._training(model, run)
        cancelled.update(status="cancelled", finished_at=now())
        return 200, cancelled

    def _training(self, model: str, run: str) -> dict[str, Any]:
        return found({one["id"]: one for one in self.trainings[model]}, run, "fine-tuning run")

    def _advance(self, run: dict[str, Any]) -> dict[str, Any]:
        if run["status"] in _ENDED:
            return run
        run.update(status="running", updated_at=now(), syncs=run.get("syncs", 0) + 1)
        if run["syncs"] < self.syncs_to_end:
            return run
        if self.training_error:
            run.update(status="failed", error=self.training_error, finished_at=now())
            return run
        owner, tuned = self.own_models[run["model_id"]], "ft:small:acme::1"
        trained_on = {"leaderboard_id": run["leaderboard_id"], "dataset_version": 3, "rows": 80, "held_out": 20}
        base = {**owner["version"]["base"], "model": tuned}
        wanted = {"source": "fine_tune", "base": base, "trained_on": trained_on, "fine_tune_run_id": run["id"]}
        version = self._publish(owner, wanted, deploy=owner["auto_update_model"])
        facts = {"fine_tuned_model": tuned, "trained_tokens": 12_345, "version": version["number"]}
        run.update(status="succeeded", finished_at=now(), **facts)
        return run
