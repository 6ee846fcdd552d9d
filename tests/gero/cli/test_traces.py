import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.gero.cli.conftest import Gero
from tests.gero.cli.fake_api import FakeApi


def test_traces_are_a_table_or_lines_of_json(gero: Gero, triage: dict[str, Any], api: FakeApi) -> None:
    shown = gero.ok("traces list --source inference")
    assert shown.count("What is 1+1?") == 2
    lines = gero.ok("traces list --format jsonl --limit 2").splitlines()
    assert [json.loads(line)["trace_id"] for line in lines] == ["t0", "t1"]
    assert gero.json("traces list")["count"] == 3, "over the end of a page"
    assert json.loads(gero.ok("traces list --format json --source run"))["rows"][0]["trace_id"] == "t2"
    assert gero.json("traces list --all --limit 1")["count"] == 3


def test_filters_go_to_the_api_as_it_names_them(gero: Gero, triage: dict[str, Any], api: FakeApi) -> None:
    gero.ok("traces list 'Support triage' --since 2h --until 2030-01-01 --model small-1 --errors --unrated")
    asked = api.queries[-1]
    since = datetime.fromisoformat(asked["since"])
    assert abs(datetime.now(UTC) - timedelta(hours=2) - since) < timedelta(minutes=5)
    model_id = next(one["id"] for one in api.models[triage["id"]].values() if one["name"] == "small-1")
    assert (asked["until"], asked["model_id"]) == ("2030-01-01", model_id)
    assert (asked["errors_only"], asked["has_feedback"]) == ("true", "false")
    gero.ok("traces list --rated")
    assert api.queries[-1]["has_feedback"] == "true"
    assert "since" not in api.queries[-1]
    assert "--since: give 30m" in gero.refused("traces list --since yesterday", exit_code=2)
    assert "no candidate matches" in gero.refused("traces list --model nobody")


def test_traces_are_written_to_a_file_whole_or_not_at_all(
    gero: Gero, triage: dict[str, Any], api: FakeApi, tmp_path: Path
) -> None:
    assert gero.ok("traces list --all --out some.jsonl") == "Wrote 3 traces to some.jsonl\n"
    lines = (tmp_path / "some.jsonl").read_text().splitlines()
    assert [json.loads(line)["trace_id"] for line in lines] == ["t0", "t1", "t2"]
    gero.ok("traces list --all --out some.json --format json")
    assert len(json.loads((tmp_path / "some.json").read_text())) == 3
    gero.ok("traces list --source manual --out none.json --format json")
    assert json.loads((tmp_path / "none.json").read_text()) == []
    assert "cannot be written" in gero.refused("traces list --out nowhere/some.jsonl")
    api.interruptions = [500]
    gero.refused(f"traces list {triage['id']} --out broken.jsonl")
    assert not list(tmp_path.glob("broken*"))


def test_one_trace_is_shown_with_the_feedback_on_it(gero: Gero, triage: dict[str, Any], api: FakeApi) -> None:
    gero.ok("traces feedback t0 --score down --comment 'wrong team' --corrected billing")
    shown = " ".join(gero.ok("traces show t0").split())
    for part in ("What is 1+1?", "small-1", "210 ms", "9 in, 3 out", "wrong team", "corrected billing"):
        assert part in shown
    assert gero.json("traces show t0")["feedback"]["comment"] == "wrong team"
    assert "no such trace" in gero.refused("traces show nobody")


def test_a_trace_without_its_content_says_so(
    gero: Gero, triage: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    bare = {"trace_id": "t0", "source": "run", "content": "left out", "input": "", "output": None}
    monkeypatch.setattr("tests.gero.cli.fake_objects.traces", lambda: [bare])
    assert "left out" in gero.ok("traces show t0")
    assert "left out" in gero.ok("traces list")


def test_traces_of_a_file_are_recorded_and_faults_named_by_their_lines(
    gero: Gero, triage: dict[str, Any], api: FakeApi, tmp_path: Path
) -> None:
    lines = ['{"id": "a", "input": "one"}', "", "not JSON", '{"output": "two"}', '{"id": "a", "input": "one"}']
    (tmp_path / "some.jsonl").write_text("\n".join(lines))
    result = gero("traces add some.jsonl -l 'Support triage'")
    assert result.exit_code == 1
    assert "rejected 2 traces" in result.stderr
    assert "line 3" in result.stderr
    assert "line 4" in result.stderr
    (tmp_path / "known.jsonl").write_text(lines[0])
    assert gero.ok("traces add known.jsonl") == "0 traces recorded, 1 known before, 0 rejected\n"


def test_one_trace_is_recorded_by_options(gero: Gero, triage: dict[str, Any], api: FakeApi) -> None:
    line = "traces add --input Where? --output there --expected there --score 1 --id ticket:17 --model gpt-x"
    assert gero.ok(line) == "1 trace recorded, 0 known before, 0 rejected\n"
    assert api.recorded == [
        {"input": "Where?", "output": "there", "model": "gpt-x", "expected": ["there"], "score": 1.0, "id": "ticket:17"}
    ]
    for wrong in ("traces add", "traces add --output x", "traces add - --input x"):
        assert "give a FILE, or one trace" in gero.refused(wrong, exit_code=2)


def test_feedback_is_given_and_taken_back(gero: Gero, triage: dict[str, Any], api: FakeApi) -> None:
    assert gero.ok("traces feedback t0 --score 0.5") == "Kept the feedback on t0\n"
    assert api.requests[-1][2] == {"score": 0.5}
    shown = gero.ok("traces feedback t0 --score up --corrected a --corrected b --dataset")
    assert shown == "Kept the feedback on t0; it becomes a row of the dataset\n"
    assert api.requests[-1][2] == {"score": "up", "corrected": ["a", "b"], "add_to_dataset": True}
    assert gero.ok("traces feedback t0 --remove") == "Removed the feedback on t0\n"
    assert api.feedback == {}
    for wrong in ("traces feedback t0", "traces feedback t0 --remove --score 1"):
        assert "or else --remove" in gero.refused(wrong, exit_code=2)
    assert "it became no row: its question was not kept" in gero.refused("traces feedback t0 --corrected bare")
