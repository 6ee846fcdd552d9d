"""What AWS charges for a million pushed rows, and for making them part of versions: operations at list prices."""

import time
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from functions.consolidate_dataset.handler import handler as consolidate_dataset
from gero import datasets
from gero.datasets import ConsolidationJob
from tests.benchmarks.prices import CPU_GB, HTTP_API, LAMBDA_GB_SECOND, LAMBDA_REQUEST, SQS, Bill, metered
from tests.benchmarks.pushes import Desk, accepted
from tests.functions.context import Context

pytestmark = [pytest.mark.benchmark, pytest.mark.usefixtures("cloud_apart")]

MILLION = 1_000_000
AROUND_PUSH = HTTP_API + LAMBDA_REQUEST
AROUND_CONSOLIDATION = 3 * SQS + LAMBDA_REQUEST  # its message is sent, received and deleted


# Lines are in USD a million rows: what was measured, and a fifth.
@pytest.mark.parametrize(
    ("settings", "rows", "requests", "push_line", "consolidation_line"),
    [
        pytest.param({}, 100, 5, 2.05, 0.095, id="batches of 100"),
        pytest.param({"dedupe": False}, 100, 5, 0.15, 0.075, id="batches of 100 that may repeat"),
        pytest.param({}, 1, 100, 9.95, 2.00, id="single rows"),
    ],
)
def test_a_million_pushed_rows_stay_below_the_lines(
    settings: dict[str, Any],
    rows: int,
    requests: int,
    push_line: float,
    consolidation_line: float,
    record_property: Callable[[str, object], None],
) -> None:
    total = rows * requests
    desk = Desk(consolidate_every_events=total, **settings)
    payloads = [desk.event(number * rows, rows) for number in range(requests)]
    accepted(desk.event(MILLION, 1))  # there are clients, a month and a version
    consolidate(desk)
    with metered() as meter:
        cpu = time.process_time()
        assert sum(map(accepted, payloads)) == total
        cpu = time.process_time() - cpu
        pushed = meter.bill()
        consolidate(desk)
        consolidated = meter.bill()
    assert latest_rows(desk) == total + 1

    push = (pushed.dollars() + requests * AROUND_PUSH) * MILLION / total
    consolidation = (consolidated.dollars() + AROUND_CONSOLIDATION) * MILLION / total
    compute = cpu * CPU_GB * LAMBDA_GB_SECOND * MILLION / total
    lines = {
        "push": f"1 M rows pushed: ${push:.2f}, and ${compute:.3f} of processor; a row: {operations(pushed, total)}",
        "consolidation": f"consolidated: ${consolidation:.3f}; a row: {operations(consolidated, total)}",
    }
    for name, line in lines.items():
        record_property(name, line)
        print(line)
    assert push <= push_line
    assert consolidation <= consolidation_line


def consolidate(desk: Desk) -> None:
    job = ConsolidationJob(desk.leaderboard.workspace_id, desk.leaderboard.id)
    record = {"messageId": "m", "body": msgspec.json.encode(job).decode()}
    assert consolidate_dataset({"Records": [record]}, Context()) == {"batchItemFailures": []}


def latest_rows(desk: Desk) -> int:
    latest = datasets.latest_version(desk.leaderboard.workspace_id, desk.leaderboard.id)
    return latest.rows if latest else 0


def operations(bill: Bill, rows: int) -> str:
    calls = ", ".join(f"{count / rows:.4g} {name}" for name, count in sorted(bill.calls.items()))
    return f"{bill.writes / rows:.3f} write and {bill.reads / rows:.3f} read units; {calls}"
