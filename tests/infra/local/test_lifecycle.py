"""Starting and ending: nothing outlives the cloud, however it ends."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

SAMPLE = Path(__file__).with_name("sample")
# A cloud of its own process: starts, warms a function of each kind, says which processes there are, and waits.
PROGRAM = """
import json, sys, threading
from pathlib import Path
from infra.local.cloud import LocalCloud

def main():
    before = threading.enumerate()
    for round in range(2):
        with LocalCloud.start(assembly=Path(sys.argv[1]), port=int(sys.argv[2])) as cloud:
            cloud.warm("Lab", 2)
            cloud.warm("Web")
            cloud.client("stepfunctions").start_execution(
                stateMachineArn=cloud.outputs["Machine"], input='{"do": "count", "key": "x", "name": "x"}'
            )
            pids = cloud.workers("Lab") + cloud.workers("Web")
            print(json.dumps({"pids": pids, "url": cloud.api_url, "inference": cloud.inference_url}), flush=True)
            command = sys.stdin.readline().strip()
        print(json.dumps({"threads": [t.name for t in threading.enumerate() if t not in before]}), flush=True)

main()
"""


def running(pids: list[int]) -> list[int]:
    return [pid for pid in pids if _is_running(pid)]


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat")
    return not state.exists() or state.read_text().rpartition(")")[2].split()[0] != "Z"


def start(port: int = 0) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(SAMPLE), str(port)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def answer(process: subprocess.Popen[str]) -> dict[str, object]:
    assert process.stdout
    said: dict[str, object] = json.loads(process.stdout.readline())
    return said


def test_closing_leaves_no_process_and_no_thread_and_a_second_cloud_may_start() -> None:
    process = start()
    for _ in range(2):
        pids = answer(process)["pids"]
        assert isinstance(pids, list)
        assert len(running(pids)) == 3
        assert process.stdin
        started = time.monotonic()
        process.stdin.write("go on\n")
        process.stdin.flush()
        assert answer(process) == {"threads": []}
        assert time.monotonic() - started < 10
        assert running(pids) == []
    assert process.wait(timeout=20) == 0


def test_no_function_outlives_a_parent_that_was_killed() -> None:
    process = start()
    pids = answer(process)["pids"]
    assert isinstance(pids, list)
    assert len(running(pids)) == 3
    process.send_signal(signal.SIGKILL)
    process.wait()
    ends = time.monotonic() + 5
    while running(pids) and time.monotonic() < ends:
        time.sleep(0.05)
    assert running(pids) == []


def test_a_busy_port_is_named() -> None:
    from infra.local.cloud import LocalCloud
    from infra.local.front.listener import PortInUseError

    before = threading.active_count()
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(PortInUseError, match=f"port {port} is in use; stop the other Gero or choose --port"):
            LocalCloud.start(assembly=SAMPLE, port=port)
    assert threading.active_count() == before
