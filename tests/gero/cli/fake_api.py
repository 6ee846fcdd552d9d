"""The part of the HTTP API that the command line uses, in memory, behind a real socket."""

import json
import re
import threading
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from uuid import uuid4

from tests.gero.cli import fake_objects

TOKEN = "drgero_0123456789abcdef0123456789abcdef"
Answer = tuple[int, Any]
_ROUTES: list[tuple[str, re.Pattern[str], str]] = []


class Refused(Exception):
    def __init__(self, status: int, error: str, **details: Any) -> None:
        super().__init__(error)
        self.status = status
        self.body = {"error": error, "code": "refused", "details": details}


def route(method: str, path: str) -> Callable[[Callable[..., Answer]], Callable[..., Answer]]:
    def register(function: Callable[..., Answer]) -> Callable[..., Answer]:
        pattern = re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path))
        _ROUTES.append((method, pattern, function.__name__))
        return function

    return register


class FakeApi:
    """`interruptions` are statuses given to the next requests, `polls_to_end` how often a run is read until it ends."""

    def __init__(self) -> None:
        self.leaderboards: dict[str, dict[str, Any]] = {}
        self.models: dict[str, dict[str, dict[str, Any]]] = defaultdict(dict)
        self.runs: dict[str, dict[str, Any]] = {}
        self.tokens: dict[str, dict[str, Any]] = {}
        self.rows: list[Any] = []
        self.requests: list[tuple[str, str, Any]] = []
        self.interruptions: list[int] = []
        self.polls_to_end = 2
        self.run_error: str | None = None
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
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

    def handle(self, method: str, path: str, query: dict[str, str], body: Any, token: str | None) -> Answer:
        self.requests.append((method, path, body))
        if self.interruptions:
            return self.interruptions.pop(0), "not JSON"
        if path == "/healthz":
            return 200, {"status": "ok"}
        if token != TOKEN:
            return 401, {"error": "The token is unknown.", "code": "unauthenticated", "details": {}}
        for verb, pattern, name in _ROUTES:
            if verb == method and (match := pattern.fullmatch(path)):
                try:
                    answer: Answer = getattr(self, name)(query, body, **match.groupdict())
                    return answer
                except Refused as refused:
                    return refused.status, refused.body
        return 404, {"error": f"there is no {method} {path}", "code": "not_found", "details": {}}

    @route("GET", "/api/workspace")
    def workspace(self, query: Any, body: Any) -> Answer:
        return 200, {"id": "w", "name": "Acme", "plan": "free", "token": {"id": "t", "scopes": ["*"]}}

    @route("GET", "/api/leaderboards")
    def list_leaderboards(self, query: dict[str, str], body: Any) -> Answer:
        return 200, _page("leaderboards", list(self.leaderboards.values()), query)

    @route("POST", "/api/leaderboards")
    def create_leaderboard(self, query: Any, body: dict[str, Any]) -> Answer:
        if "bad" in body.get("dataset_url", ""):
            fault = {"line": 7, "field": "output", "error": "is missing"}
            raise Refused(400, "dataset_url: the dataset has faults", errors=[fault])
        created = fake_objects.leaderboard(str(uuid4()), body)
        self.leaderboards[created["id"]] = created
        return 201, created

    @route("GET", "/api/leaderboards/{board}")
    def show_leaderboard(self, query: Any, body: Any, board: str) -> Answer:
        return 200, _found(self.leaderboards, board, "leaderboard")

    @route("PATCH", "/api/leaderboards/{board}")
    def change_leaderboard(self, query: Any, body: dict[str, Any], board: str) -> Answer:
        changed = _found(self.leaderboards, board, "leaderboard")
        changed.update(body)
        return 200, changed

    @route("DELETE", "/api/leaderboards/{board}")
    def delete_leaderboard(self, query: Any, body: Any, board: str) -> Answer:
        del self.leaderboards[_found(self.leaderboards, board, "leaderboard")["id"]]
        return 204, None

    @route("GET", "/api/leaderboards/{board}/models")
    def list_models(self, query: Any, body: Any, board: str) -> Answer:
        models = list(self.models[board].values())
        return 200, {"models": models, "count": len(models)}

    @route("POST", "/api/leaderboards/{board}/models")
    def add_candidate(self, query: Any, body: dict[str, Any], board: str) -> Answer:
        added = fake_objects.model(str(uuid4()), body)
        self.models[board][added["id"]] = added
        return 201, added

    @route("DELETE", "/api/leaderboards/{board}/models/{model}")
    def remove_model(self, query: Any, body: Any, board: str, model: str) -> Answer:
        del self.models[board][model]
        return 204, None

    @route("POST", "/api/leaderboards/{board}/run")
    def start_run(self, query: Any, body: dict[str, Any], board: str) -> Answer:
        if len(self.models[board]) < 2:
            raise Refused(409, "a run needs at least two models: add another one")
        run = fake_objects.run(str(uuid4()), board, list(self.models[board].values()))
        self.runs = {run["id"]: run, **self.runs}
        return 202, run

    @route("GET", "/api/leaderboards/{board}/runs")
    def list_runs(self, query: dict[str, str], body: Any, board: str) -> Answer:
        return 200, _page("runs", [run for run in self.runs.values() if run["leaderboard_id"] == board], query)

    @route("GET", "/api/leaderboards/{board}/runs/{run}")
    def show_run(self, query: Any, body: Any, board: str, run: str) -> Answer:
        found = _found(self.runs, run, "run")
        fake_objects.advance(found, self.polls_to_end, self.run_error)
        return 200, found

    @route("POST", "/api/leaderboards/{board}/runs/{run}/cancel")
    def cancel_run(self, query: Any, body: Any, board: str, run: str) -> Answer:
        cancelled = _found(self.runs, run, "run")
        cancelled["status"] = "cancelled"
        return 200, cancelled

    @route("GET", "/api/leaderboards/{board}/ranking")
    def ranking(self, query: Any, body: Any, board: str) -> Answer:
        done = next((run for run in self.runs.values() if run["status"] == "completed"), None)
        if done is None:
            raise Refused(409, "there is no ranking yet: run the leaderboard first")
        return 200, fake_objects.ranking(done)

    @route("POST", "/v1/leaderboard/{board}/inference")
    def infer(self, query: Any, body: dict[str, Any], board: str) -> Answer:
        asked = body.get("input") or body["messages"][-1]["content"]
        facts = {"model": "small-1", "model_id": "m", "trace_id": "t", "cost_usd": 0.000123, "latency_ms": 412.0}
        return 200, {"output": f"echo: {asked}", "leaderboard_id": board, **facts}

    @route("GET", "/v1/leaderboard/{board}/traces")
    def traces(self, query: dict[str, str], body: Any, board: str) -> Answer:
        rows = [row for row in fake_objects.traces() if query.get("source") in (None, row["source"])]
        return 200, _page("rows", rows, query)

    @route("POST", "/v1/leaderboard/{board}/dataset/push")
    def push(self, query: Any, body: dict[str, Any], board: str) -> Answer:
        good = [row for row in body["rows"] if "output" in row]
        new = [row for row in good if row not in self.rows]
        faults = [(index, row) for index, row in enumerate(body["rows"]) if "output" not in row]
        rejections = [{"index": index, "field": "output", "error": "is missing"} for index, _ in faults]
        self.rows += new
        counts = {"accepted_rows": len(new), "duplicate_rows": len(good) - len(new), "rejected_rows": len(faults)}
        return 202, {**counts, "rejections": rejections, "status": "accepted", "batch_id": str(uuid4())}

    @route("POST", "/api/datasets/huggingface/check")
    def check(self, query: Any, body: dict[str, Any]) -> Answer:
        faults = [{"line": 3, "field": "output", "error": "is missing"}] if "bad" in body["dataset_url"] else []
        checked = {"ok": not faults, "rows_checked": 12, "complete": True, "first_rows": [{"input": "1+1"}]}
        return 200, {**checked, "duplicates": 0, "error_count": len(faults), "errors": faults}

    @route("GET", "/api/tokens")
    def list_tokens(self, query: Any, body: Any) -> Answer:
        return 200, {"tokens": list(self.tokens.values()), "count": len(self.tokens)}

    @route("POST", "/api/tokens")
    def create_token(self, query: Any, body: dict[str, Any]) -> Answer:
        now = datetime.now(UTC)
        expires = None if body["expires_in"] == "none" else (now + timedelta(days=1)).isoformat()
        times = {"created_at": now.isoformat(), "expires_at": expires, "revoked_at": None}
        token = {"id": str(uuid4()), "name": body["name"], "scopes": body["scopes"], **times}
        self.tokens[token["id"]] = token
        return 201, {**token, "secret": "drgero_shown_once"}

    @route("POST", "/api/tokens/{token}/revoke")
    def revoke_token(self, query: Any, body: Any, token: str) -> Answer:
        self.tokens[token]["revoked_at"] = datetime.now(UTC).isoformat()
        return 200, self.tokens[token]

    @route("DELETE", "/api/tokens/{token}")
    def delete_token(self, query: Any, body: Any, token: str) -> Answer:
        del self.tokens[token]
        return 204, None


def _found(objects: dict[str, dict[str, Any]], identifier: str, noun: str) -> dict[str, Any]:
    if identifier not in objects:
        raise Refused(404, f"there is no such {noun} in this workspace")
    return objects[identifier]


def _page(key: str, items: list[Any], query: dict[str, str]) -> dict[str, Any]:
    limit, offset = int(query.get("limit", 50)), int(query.get("offset", 0))
    page = items[offset : offset + limit]
    return {key: page, "count": len(page), "total": len(items), "limit": limit, "offset": offset}


class _Handler(BaseHTTPRequestHandler):
    api: FakeApi
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # one segment for head and body: two would wait for a delayed acknowledgement

    def answer(self) -> None:
        url = urlsplit(self.path)
        content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        token = (self.headers.get("Authorization") or "").removeprefix("Bearer ") or None
        body = json.loads(content) if content else None
        status, answer = self.api.handle(self.command, url.path, dict(parse_qsl(url.query)), body, token)
        data = b"" if answer is None else answer.encode() if isinstance(answer, str) else json.dumps(answer).encode()
        with suppress(ConnectionError):
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

    def log_message(self, format: str, *arguments: Any) -> None:
        """Stay silent."""


def _handler(api: FakeApi) -> type[_Handler]:
    verbs = ("GET", "POST", "PATCH", "DELETE")
    return type("Handler", (_Handler,), {"api": api, **{f"do_{verb}": _Handler.answer for verb in verbs}})
