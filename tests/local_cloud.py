"""A local cloud for the tests of a module: the synthesized template, running whole on this machine.

Not for the session: moto lives in the process, and other tests of the same process need it for themselves. Tests that
drive it take these fixtures into their conftest.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gero.cli.client import Client
from infra.local.cloud import LocalCloud
from infra.local.session import admin_environment
from infra.local.stand_ins import StandIns
from infra.local.stand_ins.hub import Account
from infra.operator import new_workspace
from tests.waiting import wait_until

HUB_TOKEN = "hf_journey"
Serve = Callable[[str, list[dict[str, Any]]], str]


@pytest.fixture(scope="session")
def datasets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("datasets")


@pytest.fixture(scope="session")
def stand_ins(datasets: Path) -> Iterator[StandIns]:
    repositories = {"journey/rows": datasets, "journey/gated": datasets}
    accounts = {HUB_TOKEN: Account("journey", {"journey/gated"})}
    with StandIns(datasets=repositories, gated={"journey/gated"}, hub_accounts=accounts) as stand_ins:
        yield stand_ins


@pytest.fixture(scope="module")
def cloud(
    request: pytest.FixtureRequest, stand_ins: StandIns, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LocalCloud]:
    lease = getattr(request.module, "LEASE_SECONDS", "10")
    environment = {
        "HF_ENDPOINT": stand_ins.hub_url,
        "HF_ROUTER_BASE_URL": stand_ins.models_url,
        "OPENROUTER_BASE_URL": stand_ins.openrouter_url,
        "GERO_LEASE_SECONDS": lease,
        **stand_ins.sign_in_environment,
    }
    with LocalCloud.start(data=tmp_path_factory.mktemp("cloud"), environment=environment) as cloud:
        yield cloud
        assert not cloud.denied, "a function lacks a grant that it needs"


@pytest.fixture
def api(cloud: LocalCloud) -> Iterator[Client]:
    """The API as a workspace of this test's own."""
    _, token = new_workspace("journey", admin_environment(cloud))
    with Client(cloud.api_url, token, cloud.inference_url.rstrip("/")) as client:
        yield client


@pytest.fixture
def serve(datasets: Path, stand_ins: StandIns) -> Serve:
    """Serves rows as a dataset file on the hub and gives its URL."""

    def serve(name: str, rows: list[dict[str, Any]]) -> str:
        (datasets / name).write_text("".join(json.dumps(row) + "\n" for row in rows))
        return f"{stand_ins.hub_url}/datasets/journey/rows/resolve/main/{name}"

    return serve


def ended(api: Client, leaderboard_id: str, run_id: str, seconds: float = 90) -> dict[str, Any]:
    """The run once it has ended."""

    def found() -> dict[str, Any] | None:
        run = api.get(f"/api/leaderboards/{leaderboard_id}/runs/{run_id}")
        return run if run["status"] not in ("queued", "running") else None

    return wait_until(found, seconds)
