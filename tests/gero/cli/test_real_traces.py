"""`gero traces` against the API as it is deployed."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from functions.api.app import create_app
from gero import traces
from gero.traces import Trace
from tests.functions.pushing import Pushing
from tests.gero.cli.conftest import Gero
from tests.gero.cli.real_api import served
from tests.gero.traces import made


@pytest.fixture
def pushing(cloud: None) -> Pushing:
    return Pushing()


@pytest.fixture
def real(nobody: Gero, pushing: Pushing, monkeypatch: pytest.MonkeyPatch) -> Iterator[Gero]:
    with served(create_app()) as url:
        monkeypatch.setenv("GERO_API_URL", url)
        monkeypatch.setenv("GERO_API_TOKEN", pushing.token)
        yield nobody


def record(pushing: Pushing, *minutes: float, error: str | None = None) -> list[Trace]:
    found = [made.trace(minute, error=error) for minute in minutes]
    traces.record_all(pushing.workspace, pushing.leaderboard.id, "inference", found)
    return found


def test_traces_are_listed_by_time_shown_and_written(real: Gero, pushing: Pushing, tmp_path: Path) -> None:
    for start in range(0, 30, 3):
        record(pushing, start, start + 1, start + 2)
    failed, *_ = record(pushing, 40, error="timed out")
    assert real.json("traces list --limit 7")["count"] == 7
    assert real.json("traces list --all --limit 1")["count"] == 31
    some = real.json("traces list Pushed --since 2026-03-01T00:05:00Z --until 2026-03-01T00:07:00Z")
    assert [row["input"] for row in some["rows"]] == ["asked at 6", "asked at 5"]
    assert [row["trace_id"] for row in real.json("traces list --errors --source inference")["rows"]] == [
        failed.trace_id
    ]
    assert "timed out" in real.ok(f"traces show {failed.trace_id}")
    assert real.ok("traces list --all --out all.jsonl") == "Wrote 31 traces to all.jsonl\n"
    assert len((tmp_path / "all.jsonl").read_text().splitlines()) == 31
    assert "no such trace here" in real.refused(f"traces show {made.trace(99).trace_id}")


def test_traces_are_added_and_rated(real: Gero, pushing: Pushing, tmp_path: Path) -> None:
    lines = [{"id": "a", "input": "Where?", "output": "here"}, {"output": "no question"}]
    (tmp_path / "some.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    result = real("traces add some.jsonl")
    assert "1 trace recorded, 0 known before, 1 rejected" in result.stdout
    assert "line 2" in result.stderr
    assert "it becomes a row of the dataset" in real.ok("traces feedback a --score down --corrected there")
    assert "its row was known before" in real.ok("traces feedback a --score 0 --corrected there --dataset")
    assert [row["feedback"]["corrected"] for row in real.json("traces list --rated")["rows"]] == [["there"]]
    assert real.json("traces list --unrated")["rows"] == []
    real.ok("traces feedback a --remove")
    assert real.json("traces show a")["feedback"] is None
    assert "score" in real.refused("traces feedback a --score sideways")
