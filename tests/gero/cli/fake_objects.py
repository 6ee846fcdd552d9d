"""Objects as the API shows them."""

from datetime import UTC, datetime, timedelta
from typing import Any


def now() -> str:
    return datetime.now(UTC).isoformat()


def leaderboard(identifier: str, url: str) -> dict[str, Any]:
    return {
        "id": identifier,
        "dataset_type": "GET",
        "dataset_url": None,
        "field_mapping": {},
        "auto_limit_size": True,
        "max_samples_to_gather": 10_000,
        "sampling_algorithm": "LAST_N",
        "daily_event_limit": None,
        "monthly_event_limit": None,
        "end_date": None,
        "dedupe": True,
        "consolidate_every_events": 500,
        "consolidate_every_hours": 24,
        "run_on_new_version": False,
        "eval_type": "exact",
        "normalizers": ["whitespace"],
        "answer_pattern": None,
        "judge": {"provider": "openrouter", "model": None, "mode": "auto", "rubric": None, "audit_percent": 10},
        "human": {"mode": "pairwise", "rows": 100, "reviewers_per_item": 1},
        "racing": "auto",
        "reuse_answers": True,
        "evaluation_target": "traffic",
        "max_run_cost_usd": None,
        "guardrails": {"max_cost_ratio": None, "max_latency_ratio": None, "max_error_increase": 0.01},
        "inference": {
            "messages_prompt": "apply",
            "fallbacks": 2,
            "hedge_after_ms": None,
            "shadow": {"percent": 0, "model_id": None},
        },
        "traces": {"capture_content": True, "redact": [], "retention_days": None},
        "concurrency": 16,
        "model_selection": {"mode": "ranking_winner"},
        "promotion_policy": "default",
        "production": None,
        "latest_run_id": None,
        "active_run_id": None,
        "schedule": None,
        "version": 1,
        "created_at": now(),
        "updated_at": now(),
        "inference_url": f"{url}/v1/leaderboard/{identifier}/inference",
        "traces_url": f"{url}/v1/leaderboard/{identifier}/traces",
    }


def patched(board: dict[str, Any], fields: dict[str, Any]) -> dict[str, Any]:
    """A leaderboard with other fields: they replace what is there, but change `inference` and `traces` in part."""
    parts = {name: _merged(board[name], fields[name]) for name in ("inference", "traces") if name in fields}
    return board | fields | parts


def _merged(before: dict[str, Any], named: dict[str, Any]) -> dict[str, Any]:
    parts = {name: _merged(before[name], value) if isinstance(value, dict) else value for name, value in named.items()}
    return before | parts


def model(identifier: str, fields: dict[str, Any]) -> dict[str, Any]:
    shown = {key: value for key, value in fields.items() if key != "auth_token"}
    return {
        "id": identifier,
        "name": fields.get("model"),
        "platform": "custom",
        "model": None,
        "provider": None,
        "quantization": None,
        "drgero_model_id": None,
        "drgero_version": None,
        "integration": "openrouter" if fields.get("platform") == "openrouter" else None,
        "auth_method": "none",
        "auth_header_name": None,
        "has_auth_token": "auth_token" in fields,
        "parameters": {},
        "input_cost_per_million_usd": None,
        "output_cost_per_million_usd": None,
        "timeout_seconds": 60,
        "created_at": now(),
        **shown,
    }


def entry(model: dict[str, Any], rank: int) -> dict[str, Any]:
    return {
        "model_id": model["id"],
        "name": model["name"],
        "rank": rank,
        "rank_low": rank,
        "rank_high": rank,
        "rank_label": str(rank),
        "score": 1 - rank / 10,
        "score_low": 0.95 - rank / 10,
        "score_high": 1.02 - rank / 10,
        "rows": 1000,
        "errors": rank - 1,
        "unscored": 0,
        "not_asked": 0,
        "cost_usd": 0.0123,
        "cost_per_1000_usd": 0.0123,
        "latency_p50_ms": 210.4,
        "latency_p95_ms": 1480.0,
        "latency_p99_ms": None,
        "tokens_in": 1000,
        "tokens_out": 100,
        "first_error": "the endpoint answered with 500" if rank > 1 else None,
    }


def run(identifier: str, leaderboard_id: str, models: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "id": identifier,
        "leaderboard_id": leaderboard_id,
        "source": "manual",
        "status": "queued",
        "waits_for": None,
        "fresh": False,
        "max_cost_usd": None,
        **dict.fromkeys(["race", "judge", "human", "provisional"]),
        **dict.fromkeys(["answers_cost_usd", "judge_cost_usd", "reused_answers"]),
        "created_at": now(),
        "started_at": None,
        "finished_at": None,
        "execution_seconds": None,
        "progress": {"cells_total": 0, "cells_done": 0, "errors": 0, "percent": 0},
        "cost_usd": 0.0,
        "dataset": None,
        **dict.fromkeys(["leader", "models", "rows"]),
        "ranking": None,
        "ranking_summary": None,
        "decision": None,
        "error": None,
        "configuration": {"leaderboard": {}, "models": models},
    }


def advance(run: dict[str, Any], polls_to_end: int, error: str | None) -> None:
    """One step on each read; `error` is that of a run which fails at its end."""
    if run["status"] not in ("queued", "running"):
        return
    total = 100 * polls_to_end
    done = min(total, run["progress"]["cells_done"] + 100)
    run["progress"] = {"cells_total": total, "cells_done": done, "errors": 1, "percent": 100 * done / total}
    run.update(status="running", cost_usd=done / 1e5, started_at=now())
    if done < total:
        return
    if error is not None:
        run.update(status="failed", error=error, finished_at=now())
        return
    entries = [entry(model, rank) for rank, model in enumerate(run["configuration"]["models"], start=1)]
    leader = entries[0]
    decision = {"action": "first", "model_id": leader["model_id"], "previous_model_id": None, "policy": "default"}
    run.update(
        status="completed",
        finished_at=now(),
        execution_seconds=12.5,
        leader=leader["name"],
        models=len(entries),
        rows=1000,
        ranking=entries,
        ranking_summary=f"{leader['name']} leads (0.900, 95 % 0.850-0.920), separable from all others",
        decision={**decision, "reason": f"{leader['name']} leads and becomes the first production model."},
        dataset={
            "version": 1,
            "rows": 1000,
            "sha256": "0" * 64,
            "source": {"kind": "huggingface", "repo": "acme/rows", "path": "rows.jsonl", "commit": "c0ffee"},
            "limit": {"rows": 20, "algorithm": "LAST_N"},
        },
    )


def ranking(run: dict[str, Any]) -> dict[str, Any]:
    decision = run["decision"]
    production = {"model_id": decision["model_id"], "name": run["ranking"][0]["name"], "reason": decision["reason"]}
    return {
        "leaderboard_id": run["leaderboard_id"],
        "run_id": run["id"],
        "finished_at": run["finished_at"],
        "rows": 1000,
        "summary": run["ranking_summary"],
        "model_selection": {"mode": "ranking_winner"},
        "production": {**production, "run_id": run["id"], "since": run["finished_at"]},
        "entries": run["ranking"],
    }


def traces() -> list[dict[str, Any]]:
    facts = {"run_id": None, "row_id": None, "model_id": "m", "model": "small-1", "tokens_in": 9, "tokens_out": 3}
    texts = {"input": "What is\n1+1?", "output": "2", "messages": None, "expected": None, "reason": None, "error": None}
    numbers = {"score": None, "latency_ms": 210.0, "cost_usd": 0.00002, "attempts": 1}
    sources = ["inference", "inference", "run"]
    return [
        {"trace_id": f"t{index}", "source": source, "created_at": now(), **texts, **facts, **numbers}
        for index, source in enumerate(sources)
    ]


def checked(url: str, mapping: dict[str, str]) -> dict[str, Any]:
    """What a check of a file finds: `bad` has two faulty rows, `gated` cannot be reached."""
    file = {"dataset_url": url, "repo": "acme/rows", "path": "rows.jsonl", "revision": "main"}
    if "gated" in url:
        error = "dataset_url: the dataset is gated; ask for access on its page"
        fault = {"line": None, "field": "dataset_url", "error": error, "code": "gated"}
        counts = {"rows_checked": 0, "complete": False, "error_count": 1, "errors": [fault]}
        return {"ok": False, "reachable": False, **file, "commit": None, "size_bytes": None, **counts}
    faults = [{"line": line, "field": "output", "error": "is missing"} for line in (3, 7)] if "bad" in url else []
    rows = [{"id": "r1", "input": "1+1", "expected": ["2"], "origin": {"line": 1}}]
    found = {"columns": ["question", "answer"], "detected": {"input": "question", "expected": "answer", **mapping}}
    counts = {"rows_checked": 12, "complete": True, "duplicates": 0, "error_count": len(faults), "errors": faults}
    size = {"commit": "c0ffee", "size_bytes": 12_345, "compressed": True, "first_rows": rows}
    return {"ok": not faults, "reachable": True, **file, **size, **found, **counts}


def schedule(wanted: dict[str, Any] | None, state: dict[str, Any] | None) -> dict[str, Any]:
    """A schedule as the API shows it; each trigger comes in three days."""
    at = (datetime.now(UTC) + timedelta(days=3, seconds=5)).isoformat()
    triggers = wanted["triggers"] if wanted and not wanted["paused"] else {}
    times = [{"trigger": name, "at": at} for name in triggers]
    return {"schedule": wanted, "next_run_at": at if times else None, "next": times, "state": state}
