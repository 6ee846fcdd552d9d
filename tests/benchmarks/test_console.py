"""The console's pages of a leaderboard with 50 models and 200 runs, on the local cloud: their weight and server time.

The line is 100 ms of server time a page, and 150 kB with everything it loads. Time is held as a ratio to the least
that the local cloud answers in the same run, a read of one item (`/readyz`): a slow machine is no fault of ours.
"""

import re
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from gero.kit import address
from infra.local.cloud import LocalCloud
from infra.local.session import admin_environment
from infra.operator import acting_in, new_workspace
from tests.seeded import Seeded, seed

pytestmark = pytest.mark.benchmark
MAX_BYTES = 150_000
MAX_READS = 22
"""A page takes as long as so many reads of one item through the whole local cloud: 100 ms where one takes 4.5."""
_ROUNDS = 7
PAGES = (
    *("/leaderboards", "{board}", "{board}?all=1", "{board}/detail", "{board}/run", "{board}/runs"),
    *("{board}/runs?offset=180", "{board}/runs/{run}", "{board}/runs/{run}/matrix", "{board}/traces"),
    *("{board}/decisions", "{board}/dataset", "{board}/schedule", "{board}/edit/evaluation", "{board}/models/new"),
    *("/models", "/settings/tokens", "/settings/members", "/settings/plan"),
)


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    with LocalCloud.start(data=tmp_path_factory.mktemp("console")) as cloud:
        yield cloud


@pytest.fixture(scope="module")
def seeded(cloud: LocalCloud) -> tuple[str, Seeded]:
    workspace, token = new_workspace("benchmark", admin_environment(cloud))
    stores = {"GERO_BUCKET": cloud.outputs["BucketName"], "GERO_KEY_ID": cloud.outputs["KeyId"]}
    stores["GERO_PRIVATE_NETWORKS"] = address.LOOPBACK
    with acting_in(admin_environment(cloud) | stores):
        return token, seed(workspace.id)


@pytest.fixture(scope="module")
def browser(cloud: LocalCloud, seeded: tuple[str, Seeded]) -> Iterator[httpx.Client]:
    headers = {"accept": "text/html", "origin": cloud.api_url}
    with httpx.Client(base_url=cloud.api_url, headers=headers, follow_redirects=True, timeout=60) as client:
        csrf = re.search(r'name="csrf" value="([^"]+)"', client.get("/sign-in").text)
        assert csrf
        client.post("/sign-in", data={"csrf": csrf[1], "token": seeded[0]})
        yield client


def least(client: httpx.Client, path: str) -> float:
    """The least seconds that a page takes, once it was asked before."""
    found = []
    for _ in range(_ROUNDS):
        begun = time.perf_counter()
        assert client.get(path).status_code == 200, path
        found.append(time.perf_counter() - begun)
    return min(found)


def test_pages_are_light_and_quick(browser: httpx.Client, seeded: tuple[str, Seeded]) -> None:
    _, found = seeded
    board, run = f"/leaderboards/{found.leaderboard.id}", found.runs[-1].id
    first = browser.get("/leaderboards").text
    parts = set(re.findall(r'(?:href|src)="(/static/[^"]+)"', first))
    assert len(parts) == 4
    loaded = sum(len(browser.get(part).content) for part in parts)
    read, told, slow, heavy = least(browser, "/readyz"), [], [], []
    for page in PAGES:
        path = page.format(board=board, run=run)
        seconds, size = least(browser, path), len(browser.get(path).content) + loaded
        told.append(f"{page:32} {1000 * seconds:6.0f} ms  {seconds / read:5.1f} reads  {size / 1000:5.0f} kB")
        slow += [page] if seconds > MAX_READS * read else []
        heavy += [page] if size > MAX_BYTES else []
    print(f"\none read: {1000 * read:.1f} ms; styles and scripts {loaded / 1000:.0f} kB", *told, sep="\n")
    assert not heavy, f"heavier than {MAX_BYTES:,} bytes: {heavy}"
    assert not slow, f"slower than {MAX_READS} reads: {slow}"


def test_the_stylesheet_is_one_and_small() -> None:
    static = Path(__file__).parents[2] / "functions" / "api" / "console" / "static"
    assert [file.name for file in static.glob("*.css")] == ["console.css"]
    assert (static / "console.css").stat().st_size < 40_000
