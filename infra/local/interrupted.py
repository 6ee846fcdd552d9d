"""Ends the runs whose execution ended with the local cloud that ran it.

They cannot go on: the queue has lost their messages, and planning anew may find another dataset than the one that a
part of their results is of.
"""

from __future__ import annotations

from typing import Any

from gero import runs
from gero.kit import table
from gero.runs.run import WATCH, from_item
from infra.local.backend.wiring import ADMIN_KEY, REGION
from infra.operator import acting_in

_ERROR = "the local cloud was stopped during this run; run again"
_EVER, _ALL = "9999", 10_000


def admin_environment(endpoint: str, table_name: str) -> dict[str, str]:
    """The environment of a process that acts on a local cloud with every right, as an operator does on AWS."""
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": ADMIN_KEY,
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_DEFAULT_REGION": REGION,
        "GERO_TABLE": table_name,
    }


def end_runs(endpoint: str, outputs: dict[str, Any]) -> None:
    """Let every active run fail and unlock its leaderboard; before anything else of the cloud may touch them."""
    with acting_in(admin_environment(endpoint, outputs["TableName"])):
        for item in list(table.query_due(WATCH, _EVER, _ALL)):
            runs.finish(from_item(item), "failed", error=_ERROR)
