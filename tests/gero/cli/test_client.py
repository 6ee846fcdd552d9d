from collections.abc import Iterator

import pytest

from gero.cli.client import Client, fault_lines
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


def test_of_many_faults_the_first_are_shown() -> None:
    lines = fault_lines([{"line": number, "error": "is empty"} for number in range(1, 1025)])
    assert lines[0] == "line 1: is empty"
    assert lines[-1] == "and 1,004 more"
    assert len(lines) == 21


def test_a_fault_names_its_field_once() -> None:
    assert fault_lines([{"line": 0, "field": "input", "error": "input: is missing"}]) == ["input: is missing"]
    assert fault_lines([{"line": 3, "field": "input", "error": "is missing"}]) == ["line 3: input: is missing"]
