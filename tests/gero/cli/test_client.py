from collections.abc import Iterator

import pytest

from gero.cli.client import Client
from gero.cli.failure import Failure
from tests.gero.cli.fake_api import TOKEN, FakeApi


@pytest.fixture
def client(api: FakeApi) -> Iterator[Client]:
    with Client(api.url, TOKEN) as client:
        yield client


@pytest.mark.parametrize("status", [429, 502, 503])
def test_a_read_is_repeated_until_a_passing_fault_is_over(client: Client, api: FakeApi, status: int) -> None:
    api.interruptions = [status]
    assert client.get("/api/workspace")["name"] == "Acme"
    assert len(api.requests) == 2


def test_a_read_gives_up_after_four_attempts(client: Client, api: FakeApi) -> None:
    api.interruptions = [503] * 4
    with pytest.raises(Failure, match="GET /api/workspace was answered with 503 Service Unavailable"):
        client.get("/api/workspace")
    assert len(api.requests) == 4


def test_a_write_is_never_repeated(client: Client, api: FakeApi) -> None:
    api.interruptions = [503]
    with pytest.raises(Failure, match="503"):
        client.post("/api/tokens", {})
    assert len(api.requests) == 1


def test_a_server_of_something_else_is_recognized(client: Client, api: FakeApi) -> None:
    api.interruptions = [200]
    with pytest.raises(Failure, match="not of the Gero API"):
        client.get("/api/workspace")
