"""The API in memory: rows that are pushed, and the tokens that may push them."""

from typing import Any
from uuid import uuid4

from tests.gero.cli.fake_access import new_token
from tests.gero.cli.fake_datasets import DatasetRoutes
from tests.gero.cli.fake_objects import now
from tests.gero.cli.fake_routes import Answer, route


class PushRoutes(DatasetRoutes):
    def __init__(self) -> None:
        super().__init__()
        self.push_tokens: dict[str, dict[str, Any]] = {}
        self.push_secrets: dict[str, str] = {}

    def is_push_token(self, secret: str | None) -> bool:
        return secret in self.push_secrets.values()

    @route("POST", "/v1/leaderboard/{board}/dataset/push")
    def push(self, query: Any, body: dict[str, Any], board: str) -> Answer:
        rejections: list[dict[str, Any]] = []
        accepted = duplicates = 0
        for index, row in enumerate(body["rows"]):
            if "output" not in row:
                fault = {"field": "output", "error": "is missing", "code": "invalid_request"}
                rejections.append({"index": index, **fault})
            elif row in self.accepted[board]:
                duplicates += 1
            elif self.limits(board)["daily_remaining"] == 0:
                full = "daily_event_limit: the rows of today are used up; push again tomorrow (UTC)"
                rejections.append({"index": index, "field": None, "error": full, "code": "daily_limit"})
            else:
                self.accept(board, row)
                accepted += 1
        counts = {"accepted_rows": accepted, "duplicate_rows": duplicates, "rejected_rows": len(rejections)}
        return 202, {**counts, "rejections": rejections, **self.state_after_push(board)}

    @route("POST", "/api/leaderboards/{board}/dataset/from-traces")
    def from_traces(self, query: Any, body: dict[str, Any], board: str) -> Answer:
        known = [one for one in body["traces"] if one["trace_id"].startswith("t")]
        for one in known:
            self.accept(board, {"id": one["trace_id"], "input": "What is 1+1?", "output": one.get("expected", "2")})
        missing = [one["trace_id"] for one in body["traces"] if one not in known]
        counts = {"accepted_rows": len(known), "duplicate_rows": 0, "rejected_rows": 0, "rejections": []}
        return 202, {**counts, **self.state_after_push(board), "not_found": missing}

    def state_after_push(self, board: str) -> dict[str, Any]:
        counted = {"pending_events": len(self.pending[board]), "limits": self.limits(board)}
        pending = {**counted, "consolidation": self.due(board)}
        return {"status": "accepted", "batch_id": str(uuid4()), **pending}

    @route("POST", "/api/leaderboards/{board}/dataset/token")
    def create_push_token(self, query: Any, body: dict[str, Any], board: str) -> Answer:
        token = new_token(body)
        self.push_tokens[token["id"]] = token
        return 201, self._with_secret(token, board)

    @route("GET", "/api/leaderboards/{board}/dataset/tokens")
    def list_push_tokens(self, query: Any, body: Any, board: str) -> Answer:
        return 200, {"tokens": list(self.push_tokens.values()), "count": len(self.push_tokens)}

    @route("POST", "/api/leaderboards/{board}/dataset/tokens/{token}/rotate")
    def rotate_push_token(self, query: Any, body: dict[str, Any], board: str, token: str) -> Answer:
        return 200, self._with_secret(self.push_tokens[token], board)

    @route("POST", "/api/leaderboards/{board}/dataset/tokens/{token}/revoke")
    def revoke_push_token(self, query: Any, body: Any, board: str, token: str) -> Answer:
        self.push_tokens[token]["revoked_at"] = now()
        del self.push_secrets[token]
        return 200, self.push_tokens[token]

    @route("DELETE", "/api/leaderboards/{board}/dataset/tokens/{token}")
    def delete_push_token(self, query: Any, body: Any, board: str, token: str) -> Answer:
        del self.push_tokens[token]
        self.push_secrets.pop(token, None)
        return 204, None

    def _with_secret(self, token: dict[str, Any], board: str) -> dict[str, Any]:
        secret = f"hpd_{uuid4().hex}"
        self.push_secrets[token["id"]] = secret
        token["last_four"] = secret[-4:]
        return {**token, "secret": secret, "push_url": self.push_url(board), "example": "curl …"}
