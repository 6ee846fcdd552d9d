"""The API in memory: datasets, their versions, and the storage that gives them out."""

import gzip
import hashlib
import json
from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.gero.cli.fake_objects import checked, now
from tests.gero.cli.fake_routes import Answer, Refused, found, page, route


class DatasetRoutes:
    """`consolidates` is False when a queued consolidation never happens, `storage_keeps` how much of a file is left."""

    url: str

    def __init__(self) -> None:
        super().__init__()
        self.leaderboards: dict[str, dict[str, Any]] = {}
        self.accepted: dict[str, list[Any]] = defaultdict(list)
        self.pending: dict[str, list[Any]] = defaultdict(list)
        self.versions: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self.rows: dict[tuple[str, int], list[dict[str, Any]]] = {}
        self.consolidates = True
        self.storage_keeps: int | None = None
        self._queued = False

    @route("POST", "/api/datasets/huggingface/check")
    def check(self, query: Any, body: dict[str, Any]) -> Answer:
        if "huggingface.co" not in body["dataset_url"]:
            raise Refused(400, "dataset_url: give a Hugging Face dataset file")
        return 200, checked(body["dataset_url"], body.get("field_mapping") or {})

    @route("GET", "/api/leaderboards/{board}/dataset")
    def dataset(self, query: Any, body: Any, board: str) -> Answer:
        leaderboard = found(self.leaderboards, board, "leaderboard")
        told = {name: leaderboard[name] for name in ("dataset_type", "dataset_url", "field_mapping")}
        versions = self.versions[board]
        consolidation = {**self.due(board), "every_events": 500, "every_hours": 24}
        pushed = {
            "push_url": self.push_url(board),
            "accepted_rows": len(self.accepted[board]),
            "pending_events": len(self.pending[board]),
            "min_rows_for_models": 100,
            "limits": self.limits(board),
            "consolidation": consolidation,
        }
        shown = {
            "leaderboard_id": board,
            **told,
            "latest_version": versions[-1] if versions else None,
            **(pushed if leaderboard["dataset_type"] == "PUSH" else dict.fromkeys(pushed)),
        }
        if self._queued and self.consolidates:
            self._consolidate(board)  # seen by who reads next
        return 200, shown

    def due(self, board: str) -> dict[str, Any]:
        at = (datetime.now(UTC) + timedelta(hours=24)).isoformat() if self.pending[board] else None
        return {"should_consolidate": False, "due_at": at}

    @route("POST", "/api/leaderboards/{board}/dataset/consolidate")
    def consolidate(self, query: Any, body: dict[str, Any], board: str) -> Answer:
        self._queued = True
        return 202, {"status": "queued", "pending_events": len(self.pending[board])}

    @route("GET", "/api/leaderboards/{board}/dataset/versions")
    def list_versions(self, query: dict[str, str], body: Any, board: str) -> Answer:
        return 200, page("versions", self.versions[board][::-1], query)

    @route("GET", "/api/leaderboards/{board}/dataset/versions/{number}")
    def show_version(self, query: Any, body: Any, board: str, number: str) -> Answer:
        return 200, self._version(board, number)

    @route("GET", "/api/leaderboards/{board}/dataset/versions/{number}/rows")
    def list_rows(self, query: dict[str, str], body: Any, board: str, number: str) -> Answer:
        version = self._version(board, number)["version"]
        return 200, {"version": version, **page("rows", self.rows[board, version], query)}

    @route("GET", "/api/leaderboards/{board}/dataset/versions/{number}/export")
    def export(self, query: Any, body: Any, board: str, number: str) -> Answer:
        version = self._version(board, number)["version"]
        url = f"{self.url}/storage/{board}/{version}?signature=s"
        kind = {"content_type": "application/gzip"}
        return 200, {"version": version, "url": url, "expires_at": now(), "filename": f"v{version}.jsonl.gz", **kind}

    def stored(self, path: str, query: dict[str, str], headers: Mapping[str, str]) -> Answer:
        """As S3: a signed link together with a token is refused."""
        if headers.get("Authorization") or query != {"signature": "s"}:
            return 400, {"error": "only one way of authorization is allowed"}
        _, _, board, version = path.split("/")
        lines = "".join(json.dumps(row) + "\n" for row in self.rows[board, int(version)])
        return 200, gzip.compress(lines.encode())[: self.storage_keeps]

    @route("GET", "/api/leaderboards/{board}/dataset/compare")
    def compare(self, query: dict[str, str], body: Any, board: str) -> Answer:
        before, after = (self._version(board, query[name]) for name in ("from", "to"))
        old, new = ({row["id"]: row for row in self.rows[board, one["version"]]} for one in (before, after))
        added = [row for name, row in new.items() if name not in old]
        removed = [row for name, row in old.items() if name not in new]
        both = [(old[name], row) for name, row in new.items() if name in old]
        changed = [{"id": b["id"], "fields": ["expected"], "before": b, "after": a} for b, a in both if a != b]
        counts = {"added": len(added), "removed": len(removed), "changed": len(changed)}
        examples = {"added": added, "removed": removed, "changed": changed}
        limited = {name: rows[: int(query["limit"])] for name, rows in examples.items()}
        unchanged = len(both) - len(changed)
        return 200, {"from": before, "to": after, **counts, "unchanged": unchanged, "examples": limited}

    @route("DELETE", "/api/leaderboards/{board}/dataset/rows/{row}")
    def remove_row(self, query: Any, body: Any, board: str, row: str) -> Answer:
        self.accepted[board] = [one for one in self.accepted[board] if one.get("id") != row]
        return 202, {"status": "queued"}

    def accept(self, board: str, row: dict[str, Any]) -> None:
        self.accepted[board] = [one for one in self.accepted[board] if "id" not in row or one.get("id") != row["id"]]
        self.accepted[board].append(row)
        self.pending[board].append(row)

    def push_url(self, board: str) -> str:
        return f"{self.url}/v1/leaderboard/{board}/dataset/push"

    def limits(self, board: str) -> dict[str, Any]:
        leaderboard = found(self.leaderboards, board, "leaderboard")
        accepted = len(self.accepted[board])
        told: dict[str, Any] = {}
        for period in ("daily", "monthly"):
            limit = leaderboard[f"{period}_event_limit"]
            left = None if limit is None else max(0, limit - accepted)
            names = (f"{period}_event_limit", f"{period}_accepted", f"{period}_remaining")
            told |= dict(zip(names, (limit, accepted, left), strict=True))
        most = {name: leaderboard[name] for name in ("max_samples_to_gather", "end_date")}
        return {**told, **most, "max_rows_per_request": 500, "max_body_bytes": 6_000_000}

    def _consolidate(self, board: str) -> None:
        rows = [_row(index, row) for index, row in enumerate(self.accepted[board])]
        digest = hashlib.sha256(json.dumps(rows).encode()).hexdigest()
        versions = self.versions[board]
        if not versions or versions[-1]["sha256"] != digest:
            number = len(versions) + 1
            self.rows[board, number] = rows
            facts = {"rows": len(rows), "sha256": digest, "created_at": now(), "source": {"kind": "push", "rows": 1}}
            versions.append({"version": number, **facts})
        self.pending[board].clear()
        self._queued = False

    def _version(self, board: str, number: str) -> dict[str, Any]:
        versions = self.versions[board]
        if not versions or (number != "latest" and not 1 <= int(number) <= len(versions)):
            raise Refused(404, f"there is no version {number} of this dataset")
        return versions[-1 if number == "latest" else int(number) - 1]


def _row(index: int, row: dict[str, Any]) -> dict[str, Any]:
    expected = row["output"] if isinstance(row["output"], list) else [row["output"]]
    rest: dict[str, Any] = {"rubric": None, "metadata": {}, "tags": [], "origin": {"batch_id": "b" * 32}}
    return {"id": row.get("id") or f"row-{index}", "input": row["input"], "expected": expected, **rest}
