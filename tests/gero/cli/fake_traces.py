"""The API in memory: traces and feedback on them."""

from typing import Any

from tests.gero.cli import fake_objects
from tests.gero.cli.fake_routes import Answer, Refused, route

BATCH = 2  # traces that an answer finds at most, as if they lay in batches of which one is scanned


class TraceRoutes:
    """Three traces, and what was said of them. A page ends early, as pages of the API may."""

    def __init__(self) -> None:
        super().__init__()
        self.recorded: list[dict[str, Any]] = []
        self.feedback: dict[str, dict[str, Any]] = {}

    @route("GET", "/v1/leaderboard/{board}/traces")
    def traces(self, query: dict[str, str], body: Any, board: str) -> Answer:
        rows = [row for row in fake_objects.traces() if query.get("source") in (None, row["source"])]
        start = int(query.get("cursor", "0"))
        page = rows[start : start + min(BATCH, int(query["limit"]))]
        end = start + len(page)
        return 200, {"rows": page, "count": len(page), "next_cursor": str(end) if end < len(rows) else None}

    @route("GET", "/v1/leaderboard/{board}/traces/{trace}")
    def show_trace(self, query: Any, body: Any, board: str, trace: str) -> Answer:
        found = next((row for row in fake_objects.traces() if row["trace_id"] == trace), None)
        if found is None:
            raise Refused(404, "no such trace here")
        return 200, found | {"feedback": self.feedback.get(trace)}

    @route("POST", "/v1/leaderboard/{board}/traces")
    def record_traces(self, query: Any, body: dict[str, Any], board: str) -> Answer:
        known = {row.get("id") for row in self.recorded}
        good = [row for row in body["traces"] if row.get("input")]
        fresh = [row for row in good if row.get("id") is None or row["id"] not in known]
        self.recorded += fresh
        refused = [
            {"index": index, "field": "input", "error": "input: give input or messages", "code": "invalid_request"}
            for index, row in enumerate(body["traces"])
            if not row.get("input")
        ]
        ids = [row.get("id", "made") if row.get("input") else None for row in body["traces"]]
        counts = {"recorded": len(fresh), "duplicates": len(good) - len(fresh), "rejected": len(refused)}
        return 201, {"ids": ids, **counts, "rejections": refused}

    @route("POST", "/v1/leaderboard/{board}/traces/{trace}/feedback")
    def give_feedback(self, query: Any, body: dict[str, Any], board: str, trace: str) -> Answer:
        score = body.get("score")
        self.feedback[trace] = {**body, "score": {"up": 1.0, "down": 0.0}.get(str(score), score)}
        row = {"status": "accepted", "row_id": trace, "reason": None, "code": None} if body.get("corrected") else None
        if body.get("corrected") == ["bare"]:
            row = {"status": "rejected", "row_id": trace, "reason": "its question was not kept", "code": "x"}
        return 200, {"trace_id": trace, "feedback": self.feedback[trace], "row": row}

    @route("DELETE", "/v1/leaderboard/{board}/traces/{trace}/feedback")
    def take_feedback_back(self, query: Any, body: Any, board: str, trace: str) -> Answer:
        self.feedback.pop(trace, None)
        return 204, None
