"""What a cold start of the inference function imports, beside the standard library in the same run (DESIGN §8)."""

import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.benchmark

STARTS = 9
# 250 ms where these take 95; a second library as large as the HTTP client would pass it.
MAX_RATIO = 4
IMPORTS = "import functions.serve_inference.__main__, uvicorn.protocols.http.httptools_impl"
# Work of the same kind: where memory is slow, a loop is not.
STANDARD = (
    "import asyncio, argparse, decimal, email.message, http.client, logging.config, multiprocessing.pool, sqlite3, "
    "ssl, statistics, tarfile, unittest.mock, xml.dom.minidom, zipfile"
)


def test_a_cold_start_of_inference_imports_little() -> None:
    start, standard = cpu_ms(IMPORTS), cpu_ms(STANDARD)
    print(f"\ninference imports {start:.0f} ms CPU, the yardstick {standard:.0f}, ratio {start / standard:.2f}")
    assert start <= standard * MAX_RATIO


def cpu_ms(work: str) -> float:
    """The least CPU time of some code in a fresh interpreter, whose own start is left out: others' work only adds."""
    # Deployed assets are compiled: the first start writes the bytecode here and is not counted.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    code = f"import time\nbefore = time.process_time()\n{work}\nprint(time.process_time() - before)"
    times = [
        float(
            subprocess.run(
                [sys.executable, "-c", code], capture_output=True, check=True, text=True, env=environment
            ).stdout
        )
        for _ in range(STARTS + 1)
    ]
    return 1000 * min(times[1:])
