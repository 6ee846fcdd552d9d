"""Runs: the history as a table, one as a card."""

from collections.abc import Iterable
from typing import Any, Final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from gero.cli.render import formats
from gero.cli.render.push_settings import sample
from gero.cli.render.ranking import ranking_of_run, ranking_report
from gero.cli.render.tables import FAULT, GOOD, WARNING, card, cell, table, text
from gero.cli.render.trust import costs
from gero.cli.render.versions import source_in_words

_STYLES: Final = {
    "completed": GOOD,
    "failed": FAULT,
    "cancelled": WARNING,
    "paused": WARNING,
    **dict.fromkeys(("running", "queued", "reviewing"), "cyan"),
}


def run_table(runs: Iterable[dict[str, Any]]) -> Table:
    """The runs in the order given, with the leader of each."""
    history = table(
        ["id", "status", "started", "took", "calls", "errors", "cost", "leader"],
        numbers=("took", "calls", "errors", "cost"),
        wide=["leader"],
    )
    for run in runs:
        progress = run["progress"]
        history.add_row(
            formats.short_id(run["id"]),
            _status(run),
            formats.age(run.get("started_at") or run["created_at"]),
            formats.duration(run.get("execution_seconds")),
            calls(progress),
            Text(formats.count(progress["errors"]), style=FAULT if progress["errors"] else ""),
            formats.money(run.get("cost_usd")),
            cell(run["leader"]) if run.get("leader") else formats.NOTHING,
        )
    return history


def run_card(run: dict[str, Any]) -> RenderableType:
    """Everything about one run, its ranking included when there is one."""
    dataset = run.get("dataset") or {}
    progress = run["progress"]
    about = card(
        [
            ("run", run["id"]),
            ("status", _status(run)),
            ("started by", run.get("source")),
            ("started", formats.age(run.get("started_at") or run["created_at"])),
            ("took", formats.duration(run.get("execution_seconds"))),
            ("calls", f"{calls(progress)}, {formats.counted(progress['errors'], 'error')}"),
            ("cost", formats.money(run.get("cost_usd"))),
            ("of which", costs(run)),
            ("limit", formats.money(run.get("max_cost_usd"))),
            ("answers", "all asked again" if run.get("fresh") else None),
            ("waits for", text(run["waits_for"], style=WARNING) if run.get("waits_for") else None),
            ("dataset", _dataset(dataset) if dataset else None),
            ("error", text(run["error"], style=FAULT) if run.get("error") else None),
        ]
    )
    return Group(about, "", ranking_report(ranking_of_run(run))) if run.get("ranking") else about


def calls(progress: dict[str, Any]) -> str:
    """Calls done of all, once their number is known."""
    done, total = progress["cells_done"], progress["cells_total"]
    return f"{formats.count(done)}/{formats.count(total)}" if total and done != total else formats.count(done)


def _status(run: dict[str, Any]) -> Text:
    return Text(run["status"], style=_STYLES.get(run["status"], ""))


def _left_out(dataset: dict[str, Any]) -> str:
    if not dataset.get("rows_left_out"):
        return ""
    return f"{formats.count(dataset['rows_left_out'])} left out as {' and '.join(dataset['seen_by'])} has seen them"


def _dataset(dataset: dict[str, Any]) -> str:
    version, limit, source = dataset.get("version"), dataset.get("limit"), dataset.get("source")
    parts = [
        formats.counted(dataset.get("rows"), "row"),
        f"{formats.count(dataset['duplicates_left_out'])} repeated" if dataset.get("duplicates_left_out") else "",
        f"version {version}" if version is not None else "",
        _left_out(dataset),
        f"of which {formats.count(limit['rows'])}, {sample(limit['algorithm'])}" if limit else "",
        f"from {source_in_words(source)}" if source else "",
    ]
    return ", ".join(filter(None, parts))
