"""A local cloud for each test file of this folder: it runs the small assembly in `sample/`."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from infra.local.cloud import LocalCloud

SAMPLE = Path(__file__).with_name("sample")


# Not one for the session: moto's state is global, and a `mock_aws` of another folder's tests would clear it.
@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    with LocalCloud.start(
        assembly=SAMPLE, data=tmp_path_factory.mktemp("cloud"), environment={"EXTRA": "for every function"}
    ) as running:
        yield running


@pytest.fixture
def counter(cloud: LocalCloud) -> Callable[[str], int]:
    """How often a function of the sample has counted something."""

    def count(name: str) -> int:
        key = {"pk": {"S": "count"}, "sk": {"S": name}}
        item = cloud.client("dynamodb").get_item(TableName=cloud.outputs["TableName"], Key=key).get("Item")
        return int(item["n"]["N"]) if item else 0

    return count


@pytest.fixture
def eventually() -> Callable[..., Any]:
    """Waits until a call gives something true, and returns it."""

    def wait(look: Callable[[], Any], seconds: float = 15) -> Any:
        ends = time.monotonic() + seconds
        while not (value := look()):
            assert time.monotonic() < ends, "it did not happen in time"
            time.sleep(0.05)
        return value

    return wait
