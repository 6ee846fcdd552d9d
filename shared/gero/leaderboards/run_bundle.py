"""The bundle of a run: everything that proves it, as one zip, for people to keep and programs to read.

It is made when somebody asks for it, in bounded memory, and kept for a week. Texts are as the leaderboard lets traces
be kept.
"""

import csv
import hashlib
import io
import json
import tempfile
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import IO, Any, NamedTuple

from gero import runs, traces
from gero.evaluation import plan as plans
from gero.kit import Conflict, NotFound, TooLarge, blobs, clock, money, table
from gero.leaderboards.leaderboard import Leaderboard
from gero.runs import Run
from gero.traces import SCORE_SCALE

MAX_CELLS = 60_000
_READERS = 16
_KEPT = {"gero-retention": "7"}
_COLUMNS = (
    *("rank_low", "rank_high", "candidate_id", "name", "score", "score_low", "score_high", "n_rows", "n_scored"),
    *("n_errors", "cost_nanos_per_1000_rows", "latency_p50_ms", "latency_p95_ms", "latency_p99_ms"),
)
_README = """\
What is in this bundle of a run of Gero:

run.json          the run: source, status, times, cost, dataset, decision about production
leaderboard.json  the leaderboard as it was when the run started
models.json       its models as they were, without their keys
ranking.json      the ranking with all its figures; money in nano-dollars (1e-9 dollars)
ranking.csv       the same as a table
rows.jsonl        the rows that were asked, in their order
results.jsonl     every answer: row, model, answer, score (0 to 1), reason, cost in dollars, latency in milliseconds

Texts are left out, or redacted, where the leaderboard's trace settings say so.
"""


class Bundle(NamedTuple):
    """A stored bundle."""

    key: str
    filename: str


def bundle(leaderboard: Leaderboard, run: Run) -> Bundle:
    """The bundle of a run that has ended: the stored one, or a new one.

    Conflict while the run is active or where it never began; TooLarge beyond 60,000 answers.
    """
    if run.active:
        raise Conflict("the run is active; its bundle is made when it has ended", code="run_active")
    if run.cells_total > MAX_CELLS:
        told = f"a bundle holds at most {MAX_CELLS:,} answers, and this run has {run.cells_total:,}; read its traces"
        raise TooLarge(told)
    settings = hashlib.sha256(leaderboard.traces.model_dump_json().encode()).hexdigest()[:12]
    key = f"{plans.run_prefix(run.workspace_id, run.leaderboard_id, run.id)}/bundle-{settings}.zip"
    if not any(True for _ in blobs.keys(key)):
        with tempfile.TemporaryFile() as file:
            _write(file, leaderboard, run)
            file.seek(0)
            blobs.put(key, file, "application/zip", _KEPT)
    return Bundle(key, f"run-{run.id}.zip")


def _write(file: IO[bytes], leaderboard: Leaderboard, run: Run) -> None:
    try:
        plan = plans.load(run.workspace_id, run.leaderboard_id, run.id)
    except NotFound as error:
        raise Conflict("this run never began, so there is nothing to download; see its error") from error
    configuration = runs.configuration(run)
    ranking = run.ranking or {"entries": []}
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=3) as archive:
        _add(archive, "README.txt", _README)
        _add(archive, "run.json", _json(_about(run)))
        _add(archive, "leaderboard.json", _json(configuration["leaderboard"]))
        _add(archive, "models.json", _json(configuration["models"]))
        _add(archive, "ranking.json", _json(ranking))
        _add(archive, "ranking.csv", _table(ranking["entries"]))
        if leaderboard.traces.capture_content:
            _add_lines(archive, "rows.jsonl", _rows(plan, leaderboard))
        _add_lines(archive, "results.jsonl", _results(run, leaderboard))


def _about(run: Run) -> dict[str, Any]:
    names = ("id", "leaderboard_id", "source", "status", "created_at", "started_at", "finished_at", "dataset")
    told = {name: getattr(run, name) for name in (*names, "cells_total", "cells_done", "errors", "decision", "error")}
    return told | {"cost_usd": money.to_usd(run.cost_nanos)}


def _table(entries: list[dict[str, Any]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, _COLUMNS, extrasaction="ignore")
    writer.writeheader()
    writer.writerows(entries)
    return text.getvalue()


def _rows(plan: plans.EvaluationPlan, leaderboard: Leaderboard) -> Iterator[dict[str, Any]]:
    kept = leaderboard.traces
    for block in range(plan.blocks):
        for row in plans.load_block(plan, block):
            whole = traces.Trace(row.id, "dataset", "", input=row.input, expected=list(row.expected))
            shown = traces.captured(whole, content=True, redact=kept.redact)
            yield {"id": row.id, "input": shown.input, "expected": shown.expected}


def _results(run: Run, leaderboard: Leaderboard) -> Iterator[dict[str, Any]]:
    """The answers of the batches that were counted, in the order of the batches."""
    partition = f"WS#{run.workspace_id}#LB#{run.leaderboard_id}"
    items = table.query(partition, "TRACES#", first=f"TRACES#{run.id}")
    keys = sorted(item["key"] for item in items if item.get("run_id") == run.id)
    kept = leaderboard.traces
    with ThreadPoolExecutor(_READERS) as readers:
        for start in range(0, len(keys), _READERS):  # so that few objects are in memory
            for lines in readers.map(blobs.get_lines, keys[start : start + _READERS]):
                for line in lines:
                    trace = traces.captured(traces.decode(line), content=kept.capture_content, redact=kept.redact)
                    yield _told(trace)


def _told(trace: traces.Trace) -> dict[str, Any]:
    names = ("row_id", "model_id", "input", "output", "expected", "reason", "error", "judge_error", "latency_ms")
    told = {name: getattr(trace, name) for name in (*names, "tokens_in", "tokens_out", "attempts", "reused_from")}
    score = None if trace.score is None else trace.score / SCORE_SCALE
    costs = {"cost_usd": money.to_usd(trace.cost_nanos), "judge_cost_usd": money.to_usd(trace.judge_cost_nanos)}
    return told | {"score": score, "trace_id": trace.trace_id} | costs


def _json(document: Any) -> str:
    return json.dumps(document, ensure_ascii=False, indent=2)


def _add(archive: zipfile.ZipFile, name: str, text: str) -> None:
    archive.writestr(_entry(name), text.encode("utf-8", "replace"), zipfile.ZIP_DEFLATED)


def _add_lines(archive: zipfile.ZipFile, name: str, documents: Iterator[dict[str, Any]]) -> None:
    with archive.open(_entry(name), "w", force_zip64=True) as file:
        for document in documents:
            file.write(json.dumps(document, ensure_ascii=False).encode("utf-8", "replace") + b"\n")


def _entry(name: str) -> zipfile.ZipInfo:
    now: datetime = clock.now()
    entry = zipfile.ZipInfo(name, now.timetuple()[:6])
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    return entry
