"""Read a file of the hub and freeze it, in a process of its own: `python -m tests.benchmarks.freezing NAME`.

Prints how many rows the version has, the seconds it took, and how large the process grew.
"""

import json
import os
import resource
import sys
import time
from pathlib import Path

from gero import datasets
from gero.kit import aws


def peak_bytes() -> int:
    """The most memory this process ever had. Linux's ru_maxrss would count that of its parent, too."""
    status = Path("/proc/self/status")
    if status.exists():
        return int(status.read_text().split("VmHWM:")[1].split()[0]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # macOS has it in bytes


def prepare() -> None:
    """The table and bucket that a deployment has."""
    keys = (("pk", "HASH"), ("sk", "RANGE"))
    aws.client("dynamodb").create_table(
        TableName=os.environ["GERO_TABLE"],
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name, _ in keys],
        KeySchema=[{"AttributeName": name, "KeyType": kind} for name, kind in keys],
    )
    aws.client("s3").create_bucket(Bucket=os.environ["GERO_BUCKET"])


if __name__ == "__main__":
    prepare()
    started = time.perf_counter()
    version = datasets.freeze_upstream("w", "l", f"datasets/a/b/{sys.argv[1]}", mapping={}, token=None)
    seconds = time.perf_counter() - started
    print(json.dumps({"rows": version.rows, "seconds": seconds, "peak": peak_bytes()}))
