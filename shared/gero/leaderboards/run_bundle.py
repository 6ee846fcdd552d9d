"""The bundle of a run: everything that proves it, as one zip, for people to keep and programs to read.

It is made when somebody asks for it, in bounded memory, and kept for a week. Texts are as the leaderboard lets traces
be kept.
"""

import csv
import hashlib
import io
import json
import tempfile
import time
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import IO, Any, NamedTuple

from gero import ranking, runs, traces
from gero.evaluation import plan as plans
from gero.kit import Conflict, NotFound, TooLarge, blobs, clock, money, table
from gero.leaderboards.leaderboard import Leaderboard
from gero.runs import Run
from gero.traces import SCORE_SCALE

MAX_CELLS = 60_000
MAX_SECONDS = 20  # the HTTP API gives up after 30
_READERS = 16
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
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
statistics.json   the sums that the ranking was computed from, as integers: of each model, and of each pair of models
rows.jsonl        the rows that were asked, in their order
results.jsonl     every answer: row, model, answer, score (0 to 1), reason, cost in dollars, latency in milliseconds

Texts are left out, or redacted, where the leaderboard's trace settings say so; without texts there is no rows.jsonl.
"""


class Bundle(NamedTuple):
    """A stored bundle; `size` in bytes."""

    key: str
    filename: str
    size: int


def bundle(leaderboard: Leaderboard, run: Run) -> Bundle:
    """The bundle of a run that has ended: the stored one, or a new one.

    Conflict while the run is active or where it never began; TooLarge beyond 60,000 answers, or so much text that it
    would take longer than a request may.
    """
    if run.active:
        raise Conflict("the run is active; its bundle is made when it has ended", code="run_active")
    if run.cells_total > MAX_CELLS:
        raise _too_large(run, f"a bundle holds at most {MAX_CELLS:,} answers, and this run has {run.cells_total:,}")
    settings = hashlib.sha256(leaderboard.traces.model_dump_json().encode()).hexdigest()[:12]
    key = f"{plans.run_prefix(run.workspace_id, run.leaderboard_id, run.id)}/bundle-{settings}.zip"
    size = blobs.size(key)
    if size is None:
        with tempfile.TemporaryFile() as file:
            _write(file, leaderboard, run, time.monotonic() + MAX_SECONDS)
            size = file.seek(0, io.SEEK_END)
            file.seek(0)
            blobs.put(key, file, "application/zip", _KEPT)
    return Bundle(key, f"run-{run.id}.zip", size)


def _too_large(run: Run, why: str) -> TooLarge:
    instead = f"`gero traces list --run {run.id} --all --out traces.jsonl`"
    return TooLarge(f"{why}; read its traces instead, with {instead} or page by page over the API")


def _write(file: IO[bytes], leaderboard: Leaderboard, run: Run, until: float) -> None:
    """Write the archive; TooLarge when the monotonic clock reaches `until` before its end."""
    try:
        plan = plans.load(run.workspace_id, run.leaderboard_id, run.id)
    except NotFound as error:
        raise Conflict("this run never began, so there is nothing to download; see its error") from error
    ranked = run.ranking or {"entries": []}
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=3) as archive:
        _add(archive, "README.txt", _README.encode())
        configuration = runs.configuration(run)  # as the API shows it: without a secret
        for name in ("leaderboard", "models"):
            _add(archive, f"{name}.json", _json(configuration[name]))
        _add(archive, "run.json", _json(_about(run)))
        _add(archive, "ranking.json", _json(ranked))
        _add(archive, "ranking.csv", _table(ranked["entries"]))
        _add(archive, "statistics.json", ranking.latest_statistics(plan).to_json())
        if leaderboard.traces.capture_content:
            _add_lines(archive, "rows.jsonl", _in_time(run, _rows(plan, leaderboard), until))
        _add_lines(archive, "results.jsonl", _in_time(run, _results(run, leaderboard), until))


def _in_time(run: Run, documents: Iterator[dict[str, Any]], until: float) -> Iterator[dict[str, Any]]:
    for document in documents:
        if time.monotonic() > until:
            raise _too_large(run, f"this run has so much text that its bundle takes longer than {MAX_SECONDS} seconds")
        yield document


def _about(run: Run) -> dict[str, Any]:
    names = ("id", "leaderboard_id", "source", "status", "created_at", "started_at", "finished_at", "dataset")
    told = {name: getattr(run, name) for name in (*names, "cells_total", "cells_done", "errors", "decision", "error")}
    return told | {"cost_usd": money.to_usd(run.cost_nanos)}


def _table(entries: list[dict[str, Any]]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, _COLUMNS, extrasaction="ignore")
    writer.writeheader()
    writer.writerows(entry | {"name": _harmless(entry["name"])} for entry in entries)
    return text.getvalue().encode("utf-8", "replace")


def _harmless(text: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _rows(plan: plans.EvaluationPlan, leaderboard: Leaderboard) -> Iterator[dict[str, Any]]:
    kept = leaderboard.traces
    for block in range(plan.blocks):
        for row in plans.load_block(plan, block):
            whole = traces.Trace(row.id, "dataset", "", input=row.input, expected=list(row.expected))
            shown = traces.captured(whole, content=True, redact=kept.redact)
            yield {"id": row.id, "input": shown.input, "expected": shown.expected, "rubric": row.rubric}


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


def _json(document: Any) -> bytes:
    return json.dumps(document, ensure_ascii=False, indent=2).encode("utf-8", "replace")


def _add(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    archive.writestr(_entry(name), content, zipfile.ZIP_DEFLATED)


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
