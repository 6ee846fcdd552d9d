"""A dataset as a card, and the result of a dataset's check."""

from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from gero.cli.render import formats
from gero.cli.render.push_settings import fields
from gero.cli.render.tables import FAULT, GOOD, WARNING, card
from gero.cli.render.versions import row_table, version_in_words


def check_report(check: dict[str, Any]) -> RenderableType:
    """What a check found, and the first rows."""
    verdict = Text("usable", style=GOOD) if check["ok"] else Text("not usable", style=FAULT)
    rows = f"{formats.count(check.get('rows_checked'))} checked"
    whole = "the whole file" if check.get("complete") else "only its beginning"
    report = card(
        [
            ("dataset", verdict),
            ("reachable", "yes" if check.get("reachable") else "no"),
            ("file", " ".join(str(check[name]) for name in ("repo", "path") if check.get(name))),
            ("revision", check.get("revision")),
            ("commit", check.get("commit")),
            ("size", formats.size(check.get("size_bytes")) + (" of gzip" if check.get("compressed") else "")),
            ("rows", f"{rows} ({whole})" if check.get("rows_checked") else None),
            ("columns", ", ".join(map(str, check.get("columns") or []))),
            ("fields", fields(check.get("detected"))),
            ("duplicates", formats.count(check["duplicates"]) if check.get("duplicates") else None),
            ("faults", formats.count(check["error_count"]) if check.get("error_count") else None),
        ]
    )
    first = check.get("first_rows")
    return Group(report, "", row_table(first)) if first else report


def dataset_card(dataset: dict[str, Any]) -> RenderableType:
    """Where the rows of a leaderboard come from, what there is, and what is still to come."""
    latest = dataset.get("latest_version")
    limits = dataset.get("limits") or {}
    return card(
        [
            ("rows come from", dataset.get("dataset_url") or "the push webhook"),
            ("push to", dataset.get("push_url")),
            ("fields", fields(dataset.get("field_mapping"))),
            ("latest version", version_in_words(latest) if latest else "none yet"),
            ("waiting", _waiting(dataset)),
            ("next version", _next_version(dataset.get("consolidation") or {})),
            ("candidates", _candidates(dataset)),
            ("accepted today", _used(limits, "daily")),
            ("this month", _used(limits, "monthly")),
            ("a version has", _at_most(limits.get("max_samples_to_gather"), "row")),
            ("accepts until", limits.get("end_date")),
            ("a request has", _request(limits)),
        ]
    )


def _waiting(dataset: dict[str, Any]) -> str | None:
    pending = dataset.get("pending_events")
    return None if pending is None else f"{formats.counted(pending, 'row')} for the next version"


def _next_version(consolidation: dict[str, Any]) -> RenderableType | None:
    if consolidation.get("should_consolidate"):
        return Text("due now: gero dataset consolidate makes it at once", style=WARNING)
    if not consolidation:
        return None
    rule = f"every {formats.counted(consolidation.get('every_events'), 'row')} or {consolidation.get('every_hours')} h"
    due = consolidation.get("due_at")
    return f"{formats.when(due)}, {rule}" if due else f"none is due, {rule}"


def _candidates(dataset: dict[str, Any]) -> RenderableType | None:
    needed, accepted = dataset.get("min_rows_for_models"), dataset.get("accepted_rows")
    if needed is None or accepted is None:
        return None
    if accepted >= needed:
        return f"can be added, with {formats.counted(accepted, 'row')} accepted"
    missing = f"{formats.counted(needed - accepted, 'more row')} needed before any can be added"
    return Text(f"{missing}: {accepted:,} of {needed:,} accepted", style=WARNING)


def _used(limits: dict[str, Any], period: str) -> str | None:
    accepted, limit = limits.get(f"{period}_accepted"), limits.get(f"{period}_event_limit")
    if accepted is None:
        return None
    if limit is None:
        return f"{formats.counted(accepted, 'row')}, no limit"
    return f"{accepted:,} of {formats.counted(limit, 'row')}, {formats.count(limits.get(f'{period}_remaining'))} left"


def _at_most(number: int | None, noun: str) -> str | None:
    return None if number is None else f"at most {formats.counted(number, noun)}"


def _request(limits: dict[str, Any]) -> str | None:
    rows = _at_most(limits.get("max_rows_per_request"), "row")
    return f"{rows}, {formats.size(limits.get('max_body_bytes'))}" if rows else None
