"""Fine-tuning runs of a model."""

from collections.abc import Iterable
from typing import Any, Final

from rich.table import Table
from rich.text import Text

from gero.cli.render import formats
from gero.cli.render.tables import FAULT, GOOD, WARNING, card, cell, table, text

_STYLES: Final = {"succeeded": GOOD, "failed": FAULT, "cancelled": WARNING, "paused": WARNING}


def fine_tune_table(runs: Iterable[dict[str, Any]]) -> Table:
    """One line for each run, with what came of it."""
    listed = table(
        ["id", "status", "base", "rows", "tokens", "started", "came of it"],
        numbers=("rows", "tokens"),
        wide=["base", "came of it"],
    )
    for one in runs:
        listed.add_row(
            formats.short_id(one["id"]),
            _status(one),
            cell(one.get("base_model")),
            formats.count(one.get("rows")),
            formats.count(one.get("trained_tokens")),
            formats.age(one.get("created_at")),
            cell(one["error"], FAULT) if one.get("error") else cell(_result(one)),
        )
    return listed


def fine_tune_card(one: dict[str, Any]) -> Table:
    """Everything about one run."""
    held_out = formats.counted(one.get("held_out"), "row")
    source = f"of version {one.get('dataset_version')} of the dataset of {formats.short_id(one.get('leaderboard_id'))}"
    hyperparameters = ", ".join(f"{name}={value}" for name, value in (one.get("hyperparameters") or {}).items())
    return card(
        [
            ("run", one["id"]),
            ("status", _status(one)),
            ("base", one.get("base_model")),
            ("trains on", f"{formats.counted(one.get('rows'), 'row')} {source}; {held_out} held out"),
            ("parameters", hyperparameters),
            ("job", one.get("job_id")),
            ("started", formats.age(one.get("created_at"))),
            ("looked at", formats.age(one.get("updated_at"))),
            ("ended", formats.age(one.get("finished_at"))),
            ("tokens", formats.count(one.get("trained_tokens"))),
            ("became", _result(one)),
            ("error", text(one["error"], style=FAULT) if one.get("error") else None),
        ]
    )


def _status(one: dict[str, Any]) -> Text:
    return Text(formats.plain(one["status"]).replace("_", " "), style=_STYLES.get(one["status"], "cyan"))


def _result(one: dict[str, Any]) -> str:
    if not one.get("version"):
        return formats.NOTHING
    return f"version {one['version']}: {one.get('fine_tuned_model')}"
