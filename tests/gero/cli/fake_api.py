"""The part of the HTTP API that the command line uses, in memory, behind a real socket."""

import threading
from collections.abc import Mapping
from http.server import ThreadingHTTPServer
from typing import Any
from uuid import uuid4

from tests.gero.cli import fake_objects
from tests.gero.cli.fake_access import AccessRoutes
from tests.gero.cli.fake_forecasts import PAUSED_AT_ONCE, ForecastRoutes
from tests.gero.cli.fake_inference import InferenceRoutes
from tests.gero.cli.fake_members import MemberRoutes
from tests.gero.cli.fake_production import ProductionRoutes
from tests.gero.cli.fake_pushes import PushRoutes
from tests.gero.cli.fake_reviews import ReviewRoutes
from tests.gero.cli.fake_routes import Answer, Refused, answer, found, handler, page, route
from tests.gero.cli.fake_run_answers import RunAnswerRoutes
from tests.gero.cli.fake_shadows import ShadowRoutes
from tests.gero.cli.fake_traces import TraceRoutes
from tests.gero.cli.fake_trainings import TrainingRoutes

TOKEN = "drgero_0123456789abcdef0123456789abcdef"


class FakeApi(
    TraceRoutes,
    InferenceRoutes,
    ShadowRoutes,
    ReviewRoutes,
    ForecastRoutes,
    ProductionRoutes,
    AccessRoutes,
    MemberRoutes,
    PushRoutes,
    RunAnswerRoutes,
    TrainingRoutes,
):
    """`interruptions` are statuses given to the next requests, `polls_to_end` how often a run is read until it ends."""

    def __init__(self) -> None:
        super().__init__()
        self.runs: dict[str, dict[str, Any]] = {}
        self.requests: list[tuple[str, str, Any]] = []
        self.queries: list[dict[str, str]] = []
        self.interruptions: list[int] = []
        self.polls_to_end = 2
        self.run_error: str | None = None
        self.run_waits: tuple[str, str] | None = None  # its status and what it waits for, instead of ending
        self.schedule_state: dict[str, Any] | None = None
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler(self))
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def add_leaderboard(self, name: str, **fields: Any) -> dict[str, Any]:
        return dict(self.create_leaderboard({}, {"name": name, "system_prompt": "Answer.", **fields})[1])

    def add_model(self, leaderboard: dict[str, Any], name: str) -> dict[str, Any]:
        fields = {"name": name, "endpoint_url": "https://models.test/v1"}
        return dict(self.add_candidate({}, fields, leaderboard["id"])[1])

    def handle(self, method: str, path: str, query: dict[str, str], body: Any, headers: Mapping[str, str]) -> Answer:
        self.requests.append((method, path, body))
        self.queries.append(query)
        if self.interruptions:
            return self.interruptions.pop(0), b"not JSON"
        if path == "/healthz":
            return 200, {"status": "ok"}
        if path.startswith("/storage/"):
            return self.stored(path, query, headers)
        by_push_token = path.endswith("/dataset/push") and self.is_push_token(headers.get("X-Dr.Gero-Push-Token"))
        if headers.get("Authorization") != f"Bearer {TOKEN}" and not by_push_token:
            return 401, {"error": "The token is unknown.", "code": "unauthenticated", "details": {}}
        return answer(self, method, path, query, body)

    @route("GET", "/api/workspace")
    def workspace(self, query: Any, body: Any) -> Answer:
        return 200, {
            "id": "w",
            "name": "Acme",
            "created_at": fake_objects.now(),
            "plan": "free",
            "plan_title": "Free",
            "plan_description": "To try it out.",
            "limits": [
                {"name": "leaderboards", "title": "Leaderboards", "allowed": "3", "value": 3, "used": 2},
                {"name": "run_rows", "title": "Rows of a run", "allowed": "10,000", "value": 10_000, "used": None},
            ],
            "token": {"id": "t", "scopes": ["*"]},
        }

    @route("GET", "/api/leaderboards")
    def list_leaderboards(self, query: dict[str, str], body: Any) -> Answer:
        return 200, page("leaderboards", list(self.leaderboards.values()), query)

    @route("POST", "/api/leaderboards")
    def create_leaderboard(self, query: Any, body: dict[str, Any]) -> Answer:
        if "bad" in body.get("dataset_url", ""):
            fault = {"line": 7, "field": "output", "error": "is missing"}
            raise Refused(400, "dataset_url: the dataset has faults", errors=[fault])
        created = fake_objects.patched(fake_objects.leaderboard(str(uuid4()), self.url), body)
        self.leaderboards[created["id"]] = created
        return 201, created

    @route("GET", "/api/leaderboards/{board}")
    def show_leaderboard(self, query: Any, body: Any, board: str) -> Answer:
        return 200, found(self.leaderboards, board, "leaderboard")

    @route("PATCH", "/api/leaderboards/{board}")
    def change_leaderboard(self, query: Any, body: dict[str, Any], board: str) -> Answer:
        changed = fake_objects.patched(found(self.leaderboards, board, "leaderboard"), body)
        self.leaderboards[board] = changed
        return 200, changed

    @route("DELETE", "/api/leaderboards/{board}")
    def delete_leaderboard(self, query: Any, body: Any, board: str) -> Answer:
        del self.leaderboards[found(self.leaderboards, board, "leaderboard")["id"]]
        return 204, None

    @route("POST", "/api/leaderboards/{board}/run")
    def start_run(self, query: Any, body: dict[str, Any], board: str) -> Answer:
        if len(self.models[board]) < 2:
            raise Refused(409, "a run needs at least two models: add another one")
        run = fake_objects.run(str(uuid4()), board, list(self.models[board].values()))
        run.update(max_cost_usd=body.get("max_cost_usd"), fresh=body.get("fresh", False))
        if body.get("max_cost_usd") == PAUSED_AT_ONCE:
            run.update(status="paused", waits_for="a higher limit")
        self.runs = {run["id"]: run, **self.runs}
        return 202, run

    @route("GET", "/api/leaderboards/{board}/runs")
    def list_runs(self, query: dict[str, str], body: Any, board: str) -> Answer:
        listed = [run | {"ranking": None} for run in self.runs.values() if run["leaderboard_id"] == board]
        return 200, page("runs", listed, query)

    @route("GET", "/api/leaderboards/{board}/runs/{run}")
    def show_run(self, query: Any, body: Any, board: str, run: str) -> Answer:
        shown = found(self.runs, run, "run")
        fake_objects.advance(shown, self.polls_to_end, self.run_error)
        if self.run_waits and shown["status"] == "completed":
            shown.update(status=self.run_waits[0], waits_for=self.run_waits[1])
            self.run_waits = None
        return 200, shown

    @route("POST", "/api/leaderboards/{board}/runs/{run}/cancel")
    def cancel_run(self, query: Any, body: Any, board: str, run: str) -> Answer:
        cancelled = found(self.runs, run, "run")
        cancelled["status"] = "cancelled"
        return 200, cancelled

    @route("GET", "/api/leaderboards/{board}/ranking")
    def ranking(self, query: Any, body: Any, board: str) -> Answer:
        done = next((run for run in self.runs.values() if run["status"] == "completed"), None)
        if done is None:
            raise Refused(409, "there is no ranking yet: run the leaderboard first")
        return 200, fake_objects.ranking(done)

    @route("GET", "/api/leaderboards/{board}/schedule")
    def show_schedule(self, query: Any, body: Any, board: str) -> Answer:
        schedule = found(self.leaderboards, board, "leaderboard")["schedule"]
        return 200, fake_objects.schedule(schedule, self.schedule_state)

    @route("PUT", "/api/leaderboards/{board}/schedule")
    def set_schedule(self, query: Any, body: dict[str, Any], board: str) -> Answer:
        if not body.get("triggers"):
            raise Refused(400, "triggers: Field required")
        found(self.leaderboards, board, "leaderboard")["schedule"] = body
        return self.show_schedule(query, None, board)

    @route("DELETE", "/api/leaderboards/{board}/schedule")
    def clear_schedule(self, query: Any, body: Any, board: str) -> Answer:
        found(self.leaderboards, board, "leaderboard")["schedule"] = None
        return 204, None
