"""What tests of several slices need of the cloud."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from moto.core.botocore_stubber import BotocoreStubber

from tests.gero.faults import Faults

_one_at_a_time = threading.RLock()


@pytest.fixture
def atomic_cloud(cloud: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The cloud for tests with threads: each request is atomic, as it is on AWS and as moto's are not."""
    answer = BotocoreStubber.__call__

    def locked(self: BotocoreStubber, *arguments: Any, **named: Any) -> Any:
        with _one_at_a_time:
            return answer(self, *arguments, **named)

    monkeypatch.setattr(BotocoreStubber, "__call__", locked)


@pytest.fixture
def faults(cloud: None) -> Iterator[Faults]:
    """Faults of AWS on demand."""
    found = Faults()
    yield found
    found.close()
