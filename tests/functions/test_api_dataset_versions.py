"""The versions of a dataset over the API: their rows, their differences, their export."""

import gzip
import hashlib
import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests  # moto answers it as S3 answers whoever has a signed URL
from starlette.testclient import TestClient

from functions.api.app import create_app
from gero import access, datasets
from gero.datasets import Row
from gero.kit import clock
from tests.functions.pushing import Pushing, consolidated

LARGE = "x" * 900_000


@pytest.fixture
def pushing(cloud: None) -> Pushing:
    return Pushing(name="Große Tickets / v2")


@pytest.fixture
def api(pushing: Pushing) -> Iterator[TestClient]:
    with TestClient(create_app(), headers={"Authorization": f"Bearer {pushing.token}"}) as client:
        yield client


def of(pushing: Pushing, path: str) -> str:
    return f"/api/leaderboards/{pushing.leaderboard.id}/dataset{path}"


def freeze(pushing: Pushing, *found: Row) -> None:
    datasets.freeze(pushing.workspace, pushing.leaderboard.id, found, {"kind": "test"})


def test_versions_are_listed_newest_first_in_pages(api: TestClient, pushing: Pushing) -> None:
    nothing = {"versions": [], "count": 0, "total": 0, "limit": 50, "offset": 0}
    assert api.get(of(pushing, "/versions")).json() == nothing
    for name in "abc":
        pushing.push(name)
        api.post(of(pushing, "/consolidate"))
        consolidated()
    page = api.get(of(pushing, "/versions?limit=2")).json()
    assert [one["version"] for one in page["versions"]] == [3, 2]
    assert (page["count"], page["total"], page["limit"], page["offset"]) == (2, 3, 2, 0)
    rest = api.get(of(pushing, "/versions?limit=2&offset=2")).json()
    assert [one["version"] for one in rest["versions"]] == [1]
    assert api.get(of(pushing, "/versions?offset=3")).json()["versions"] == []
    newest = api.get(of(pushing, "/versions/latest")).json()
    assert newest == page["versions"][0] == api.get(of(pushing, "/versions/3")).json()
    assert (newest["rows"], newest["source"]) == (3, {"kind": "push", "batches": 1, "rows": 1})
    assert set(newest) == {"version", "rows", "sha256", "created_at", "source"}, "not where it is stored"


@pytest.mark.parametrize(
    ("version", "status", "told"),
    [
        ("latest", 404, "no version yet; the first run or consolidation makes one"),
        ("7", 404, "no version 7"),
        ("0", 404, "no version 0"),
        ("newest", 400, "version: 'newest' is neither a number nor latest"),
        ("-1", 400, "version: '-1'"),
        ("٣", 400, "version: '٣'"),
        ("123456789", 400, "version: '123456789'"),
    ],
)
def test_a_version_that_is_not_there_is_told(
    api: TestClient, pushing: Pushing, version: str, status: int, told: str
) -> None:
    for path in (f"/versions/{version}", f"/versions/{version}/rows", f"/versions/{version}/export"):
        answer = api.get(of(pushing, path))
        assert (answer.status_code, told in answer.json()["error"]) == (status, True), answer.text
    assert api.get(of(pushing, f"/compare?from={version}")).status_code == status


def test_rows_come_by_page_with_all_their_fields(api: TestClient, pushing: Pushing) -> None:
    full = {"id": "r2", "input": "asked", "expected": ["a", "b"], "rubric": "r", "metadata": {"n": 1.5}, "tags": ["t"]}
    batch = pushing.send([{"id": "r1", "input": "asked", "output": "a"}, full])[1]["batch_id"]
    api.post(of(pushing, "/consolidate"))
    consolidated()
    page = api.get(of(pushing, "/versions/1/rows")).json()
    bare: dict[str, Any] = {"id": "r1", "input": "asked", "expected": ["a"], "rubric": None, "metadata": {}, "tags": []}
    assert page["rows"] == [row | {"origin": {"batch_id": batch}} for row in (bare, full)]
    assert {name: page[name] for name in ("version", "count", "total", "limit", "offset")} == {
        "version": 1,
        "count": 2,
        "total": 2,
        "limit": 50,
        "offset": 0,
    }


def test_pages_of_rows_follow_each_other_and_end(api: TestClient, pushing: Pushing) -> None:
    freeze(pushing, *(Row(f"r{number:04}", "x") for number in range(1203)))
    ids: list[str] = []
    for offset in range(0, 1400, 200):
        page = api.get(of(pushing, f"/versions/latest/rows?limit=200&offset={offset}")).json()
        assert page["total"] == 1203
        ids += [row["id"] for row in page["rows"]]
    assert ids == [f"r{number:04}" for number in range(1203)]
    for offset in (1203, 1_000_000_000):
        page = api.get(of(pushing, f"/versions/1/rows?offset={offset}")).json()
        assert (page["rows"], page["count"], page["total"]) == ([], 0, 1203)
    for asked in ("offset=-1", "limit=0", "limit=201", "offset=1000000001"):
        assert api.get(of(pushing, f"/versions/1/rows?{asked}")).status_code == 400, asked


def test_a_page_ends_early_when_its_rows_are_too_large_for_one_answer(api: TestClient, pushing: Pushing) -> None:
    freeze(pushing, *(Row(f"r{number}", LARGE) for number in range(12)))
    ids: list[str] = []
    while len(ids) < 12:
        answer = api.get(of(pushing, f"/versions/1/rows?offset={len(ids)}"))
        assert len(json.dumps(answer.text)) < 6_000_000
        page = answer.json()
        assert page["count"] == len(page["rows"]) > 0
        ids += [row["id"] for row in page["rows"]]
    assert ids == [f"r{number}" for number in range(12)]


def test_two_versions_are_compared(api: TestClient, pushing: Pushing) -> None:
    freeze(pushing, Row("a", "same"), Row("b", "old"), Row("c", "gone"))
    freeze(pushing, Row("a", "same", origin={"line": 9}), Row("b", "new"), Row("d", "added"))
    found = api.get(of(pushing, "/compare?from=1&to=2")).json()
    assert (found["from"]["version"], found["to"]["version"]) == (1, 2)
    assert [found[kind] for kind in ("added", "removed", "changed", "unchanged")] == [1, 1, 1, 1]
    examples = found["examples"]
    assert [row["id"] for row in examples["added"] + examples["removed"]] == ["d", "c"]
    (change,) = examples["changed"]
    assert (change["id"], change["fields"]) == ("b", ["input"])
    assert (change["before"]["input"], change["after"]["input"]) == ("old", "new")
    assert set(change["before"]) == {"id", "input", "expected", "rubric", "metadata", "tags", "origin"}
    assert api.get(of(pushing, "/compare?from=1")).json() == found, "the latest, unless told otherwise"
    assert api.get(of(pushing, "/compare?from=1&limit=0")).json()["examples"]["added"] == []
    back = api.get(of(pushing, "/compare?from=latest&to=1")).json()
    assert (back["from"]["version"], back["examples"]["added"][0]["id"]) == (2, "c")
    missing = api.get(of(pushing, "/compare?to=1"))
    assert (missing.status_code, missing.json()["error"]) == (400, "from: this field is required")


def test_all_examples_together_fit_into_one_answer(api: TestClient, pushing: Pushing) -> None:
    freeze(pushing, *(Row(f"{kind}{number}", LARGE) for kind in ("gone", "kept") for number in range(4)))
    new = [Row(f"new{number}", LARGE) for number in range(4)]
    freeze(pushing, *new, *(Row(f"kept{number}", LARGE + "!") for number in range(4)))
    answer = api.get(of(pushing, "/compare?from=1"))
    assert len(json.dumps(answer.text)) < 6_000_000
    found = answer.json()
    assert [found[kind] for kind in ("added", "removed", "changed", "unchanged")] == [4, 4, 4, 0]
    assert [row["id"] for row in found["examples"]["added"]] == ["new0", "new1", "new2", "new3"]


def test_an_export_is_a_url_from_which_anybody_downloads_the_json_lines(api: TestClient, pushing: Pushing) -> None:
    rows = [Row(f"r{number}", f"größe {number}", ["x"]) for number in range(600)]
    freeze(pushing, *rows)
    found = api.get(of(pushing, "/versions/latest/export")).json()
    assert found["filename"] == "gro-e-tickets-v2-v1.jsonl.gz"
    assert (found["version"], found["content_type"]) == (1, "application/gzip")
    assert clock.iso() < found["expires_at"]
    downloaded = requests.get(found["url"], timeout=10)
    assert downloaded.status_code == 200
    assert downloaded.headers["Content-Type"] == "application/gzip"
    assert downloaded.headers["Content-Disposition"] == 'attachment; filename="gro-e-tickets-v2-v1.jsonl.gz"'
    content = gzip.decompress(downloaded.content)
    lines = content.splitlines()
    assert [datasets.decode(line) for line in lines] == rows
    sha256 = api.get(of(pushing, "/versions/1")).json()["sha256"]
    assert hashlib.sha256(content).hexdigest() == sha256
    assert [json.loads(line)["id"] for line in lines] == [row.id for row in rows]


def test_versions_are_closed_to_other_workspaces_and_open_to_readers(api: TestClient, pushing: Pushing) -> None:
    freeze(pushing, Row("a", "x"))
    _, stranger = access.workspaces.create("other")
    _, reader = access.tokens.create(pushing.workspace, "reader", ["leaderboards:read"])
    _, runner = access.tokens.create(pushing.workspace, "runner", ["leaderboards:run", "leaderboards:inference"])
    paths = ("/versions", "/versions/1", "/versions/latest/rows", "/versions/1/export", "/compare?from=1")
    expected: dict[str, Any] = {stranger: 404, reader: 200, runner: 403}
    for path in paths:
        for token, status in expected.items():
            answer = api.get(of(pushing, path), headers={"Authorization": f"Bearer {token}"})
            assert answer.status_code == status, (path, answer.text)
