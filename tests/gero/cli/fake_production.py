"""The API in memory: production, its history and its webhook."""

from typing import Any
from uuid import uuid4

from tests.gero.cli.fake_objects import now
from tests.gero.cli.fake_routes import Answer, Refused, route

EVENTS = ["production.changed", "production.held", "run.completed", "run.failed", "run.paused", "run.reviewing"]


def decision(action: str, model: str, previous: str | None, **more: Any) -> dict[str, Any]:
    return {
        "id": str(uuid4()),
        "at": now(),
        "action": action,
        "changed": model != previous,
        "model_id": model,
        "model": model,
        "previous_model_id": previous,
        "previous_model": previous,
        "policy": "default",
        "reason": f"{action} of {model}",
        "run_id": "r",
        "by": None,
        "evidence": None,
        "rows_needed": None,
        "can_be_served_again": True,
        **more,
    }


class ProductionRoutes:
    """`small-1` served first; `big-1` was held back, and then promoted."""

    def __init__(self) -> None:
        super().__init__()
        self.webhook: dict[str, Any] | None = None
        self.webhook_error: str | None = None
        self.waiting: list[dict[str, Any]] = []
        self.challenger: dict[str, Any] | None = None
        self.decisions = [
            decision("promote", "big-1", "small-1"),
            decision("hold", "small-1", "small-1", rows_needed=820),
            decision("first", "small-1", None),
        ]

    @route("GET", "/api/leaderboards/{board}/production")
    def show_production(self, query: Any, body: Any, board: str) -> Answer:
        latest = self.decisions[0]
        serves = {"model_id": latest["model_id"], "name": latest["model"], "run_id": "r", "since": latest["at"]}
        rolled = latest["action"] == "rollback"
        return 200, {
            "leaderboard_id": board,
            "production": {**serves, "reason": latest["reason"]},
            "model_selection": {"mode": "manual" if rolled else "ranking_winner", "model_id": None},
            "promotion_policy": "default",
            "held": rolled,
            "latest_decision": latest,
            "pending": self.challenger,
            "told": f"{latest['model']} serves{' and is pinned' if rolled else ''}.",
        }

    @route("GET", "/api/leaderboards/{board}/production/history")
    def list_decisions(self, query: dict[str, str], body: Any, board: str) -> Answer:
        found = self.decisions[: int(query["limit"])]
        return 200, {"decisions": found, "count": len(found), "limit": int(query["limit"]), "offset": 0}

    @route("POST", "/api/leaderboards/{board}/production/rollback")
    def roll_back(self, query: Any, body: dict[str, Any], board: str) -> Answer:
        wanted = body.get("to", self.decisions[-1]["id"])
        goal = next((one for one in self.decisions if one["id"] == wanted), None)
        if goal is None:
            raise Refused(404, "no such decision in the history of this leaderboard")
        self.decisions.insert(0, decision("rollback", goal["model"], self.decisions[0]["model"], by="t"))
        return self.show_production(query, None, board)

    @route("GET", "/api/leaderboards/{board}/notifications")
    def show_notifications(self, query: Any, body: Any, board: str) -> Answer:
        return 200, {"webhook": self.webhook, "waiting": self.waiting}

    @route("PUT", "/api/leaderboards/{board}/notifications")
    def set_webhook(self, query: Any, body: dict[str, Any], board: str) -> Answer:
        new = self.webhook is None or body.get("new_secret")
        times = {"created_at": now(), "updated_at": now(), "called_at": None, "error": None}
        self.webhook = {"url": body["url"], "events": body.get("events", EVENTS), **times, "secret": None}
        return 200, {"webhook": {**self.webhook, "secret": "whsec_shown_once" if new else None}, "waiting": []}

    @route("DELETE", "/api/leaderboards/{board}/notifications")
    def remove_webhook(self, query: Any, body: Any, board: str) -> Answer:
        self.webhook = None
        return 204, None

    @route("POST", "/api/leaderboards/{board}/notifications/test")
    def test_webhook(self, query: Any, body: Any, board: str) -> Answer:
        if self.webhook is None:
            raise Refused(404, "this leaderboard has no webhook; set one first")
        return 200, {"delivered": self.webhook_error is None, "error": self.webhook_error}
