import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from gero.kit import aws
from tests import cloud

LATENCY_SECONDS = 0.2


@pytest.fixture(scope="session")
def models_url() -> Iterator[str]:
    """A model server in a process of its own, answering after 200 ms."""
    with _running("tests.benchmarks.fast_models", str(LATENCY_SECONDS)) as port:
        yield f"http://127.0.0.1:{port}/v1/chat/completions"


@pytest.fixture
def cloud_apart(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What `cloud` gives, in a process of its own: neither its time nor its memory is this one's."""
    with _running("tests.benchmarks.aws_server") as endpoint:
        for name, value in {
            "AWS_ENDPOINT_URL": endpoint,
            "AWS_DEFAULT_REGION": "eu-west-1",
            "AWS_ACCESS_KEY_ID": "LOCALADMIN",
            "AWS_SECRET_ACCESS_KEY": "local",
            "GERO_TABLE": cloud.TABLE,
            "GERO_BUCKET": cloud.BUCKET,
            "POWERTOOLS_SERVICE_NAME": "test",
        }.items():
            monkeypatch.setenv(name, value)
        aws.forget_clients()
        cloud._create(monkeypatch)
        yield
        aws.forget_clients()


@contextmanager
def _running(module: str, *arguments: str) -> Iterator[str]:
    """A server in a process of its own, and what it prints first."""
    with subprocess.Popen([sys.executable, "-m", module, *arguments], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            said = process.stdout.readline().strip()
            assert said, f"{module} did not start"
            yield said
        finally:
            process.terminate()
