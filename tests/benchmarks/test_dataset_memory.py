"""A dataset as large as it may be does not grow the process: 1,000,000 rows, and 2 GB in few long lines."""

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest

from tests.benchmarks.big_files import LONG_LINES, ROWS

pytestmark = pytest.mark.benchmark

MAX_BYTES = 300 * 1024**2
MAX_TIME_RATIO = 10  # to a loop that decodes the lines and does nothing with them; 4.7 when this was written


class Servers(NamedTuple):
    """Where the hub and AWS are."""

    hub: str
    aws: str


@pytest.fixture(scope="module")
def servers() -> Iterator[Servers]:
    command = [sys.executable, "-m", "tests.benchmarks.big_files"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout
        try:
            hub, aws = (f"http://127.0.0.1:{port}" for port in process.stdout.readline().split())
            yield Servers(hub, aws)
        finally:
            process.terminate()


def frozen(servers: Servers, name: str) -> dict[str, Any]:
    """What a process of its own tells of freezing a file: rows, seconds, the most bytes it had."""
    short = name.partition(".")[0]
    names = {
        "HF_ENDPOINT": servers.hub,
        "AWS_ENDPOINT_URL": servers.aws,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "GERO_TABLE": f"table-{short}",
        "GERO_BUCKET": f"bucket-{short}",
    }
    command = [sys.executable, "-m", "tests.benchmarks.freezing", name]
    done = subprocess.run(command, env={**os.environ, **names}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def decoded(url: str) -> float:
    """The seconds it takes to decode every line of a file."""
    started, count = time.perf_counter(), 0
    with urllib.request.urlopen(url) as lines:
        for line in lines:
            json.loads(line)
            count += 1
    assert count == ROWS
    return time.perf_counter() - started


def test_a_million_rows_are_frozen_in_bounded_memory(
    servers: Servers, record_property: Callable[[str, object], None]
) -> None:
    told = frozen(servers, "million.jsonl")
    base = decoded(f"{servers.hub}/million.jsonl")
    ratio = told["seconds"] / base
    line = f"{told['peak'] / 1024**2:.0f} MB, {ROWS / told['seconds']:,.0f} rows/s, {ratio:.1f} times a bare loop"
    record_property("million", line)
    print(f"\n1,000,000 rows: {line}")
    assert told["rows"] == ROWS
    assert told["peak"] < MAX_BYTES
    assert ratio < MAX_TIME_RATIO


def test_two_gigabytes_in_long_lines_are_frozen_in_bounded_memory(
    servers: Servers, record_property: Callable[[str, object], None]
) -> None:
    told = frozen(servers, "long.jsonl.gz")
    line = f"{told['peak'] / 1024**2:.0f} MB, {told['seconds']:.0f} s"
    record_property("long", line)
    print(f"\n2 GB, {LONG_LINES} lines: {line}")
    assert told["rows"] == LONG_LINES
    assert told["peak"] < MAX_BYTES
