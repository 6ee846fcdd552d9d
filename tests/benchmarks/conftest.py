import subprocess
import sys
from collections.abc import Iterator

import pytest

LATENCY_SECONDS = 0.2


@pytest.fixture(scope="session")
def models_url() -> Iterator[str]:
    """A model server in a process of its own, answering after 200 ms."""
    command = [sys.executable, "-m", "tests.benchmarks.fast_models", str(LATENCY_SECONDS)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}/v1/chat/completions"
        finally:
            process.terminate()
