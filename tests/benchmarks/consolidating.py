"""Consolidate a dataset in a process of its own: `python -m tests.benchmarks.consolidating LEADERBOARD`.

Prints how many rows the version has, the seconds of time and of the processor it took, and how large the process grew.
"""

import json
import sys
import time

from gero import datasets
from gero.datasets import PushRules
from tests.benchmarks.freezing import peak_bytes

if __name__ == "__main__":
    started, cpu = time.perf_counter(), time.process_time()
    version = datasets.consolidate("w", sys.argv[1], PushRules(max_rows=1_000_000))
    assert version
    spent = {"wall": time.perf_counter() - started, "cpu": time.process_time() - cpu}
    print(json.dumps({"rows": version.rows, **spent, "peak": peak_bytes()}))
