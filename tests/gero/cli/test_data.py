"""Inference, traces, pushing and checking rows."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from tests.gero.cli.conftest import Gero
from tests.gero.cli.fake_api import FakeApi


def write_rows(path: Path, count: int) -> None:
    content = "".join(json.dumps({"input": f"{n}+1", "output": str(n + 1)}) + "\n" for n in range(count)).encode()
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)


def test_only_the_output_of_the_model_goes_to_stdout(gero: Gero, triage: dict[str, Any]) -> None:
    result = gero("infer 'My parcel is late' -l 'Support triage'")
    assert result.stdout == "echo: My parcel is late\n"
    assert result.stderr == "small-1 · 412 ms · $0.000123\n"


def test_the_input_may_come_from_a_pipe_or_be_a_whole_request(gero: Gero, triage: dict[str, Any], api: FakeApi) -> None:
    assert gero.ok("infer", input="piped\n") == "echo: piped\n"
    raw = {"messages": [{"role": "user", "content": "raw"}], "temperature": 0}
    assert gero.json(f"infer --raw '{json.dumps(raw)}'")["output"] == "echo: raw"
    assert api.requests[-1][2] == raw
    assert "not JSON" in gero.refused("infer --raw {", exit_code=2)
    assert "either TEXT or --raw" in gero.refused("infer text --raw {}", exit_code=2)


def test_with_an_id_inference_is_a_single_request(gero: Gero, triage: dict[str, Any], api: FakeApi) -> None:
    gero.ok(f"infer hello -l {triage['id']}")
    assert len(api.requests) == 1


def test_traces_are_a_table_or_lines_of_json(gero: Gero, triage: dict[str, Any], api: FakeApi) -> None:
    shown = gero.ok("traces --source inference")
    assert shown.count("What is 1+1?") == 2
    lines = gero.ok("traces --format jsonl --limit 2").splitlines()
    assert [json.loads(line)["trace_id"] for line in lines] == ["t0", "t1"]
    assert gero.json("traces")["count"] == 3
    assert json.loads(gero.ok("traces --format json --source run"))["rows"][0]["trace_id"] == "t2"


@pytest.mark.parametrize("name", ["rows.jsonl", "rows.jsonl.gz"])
def test_rows_are_pushed_in_batches_and_pushing_again_changes_nothing(
    gero: Gero, triage: dict[str, Any], api: FakeApi, tmp_path: Path, name: str
) -> None:
    write_rows(tmp_path / name, 250)
    assert gero.ok(f"push {name}") == "250 rows accepted, 0 known before, 0 rejected\n"
    sizes = [len(body["rows"]) for method, path, body in api.requests if path.endswith("/dataset/push")]
    assert sizes == [100, 100, 50]
    expected = {"accepted_rows": 0, "duplicate_rows": 250, "rejected_rows": 0, "rejections": []}
    assert gero.json(f"push {name}") == expected


def test_rejected_rows_are_named_by_their_line(gero: Gero, triage: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text('{"input": "a", "output": "b"}\n\nnonsense\n{"input": "c"}\n{"input": NaN}\n')
    result = gero("push rows.jsonl")
    assert result.exit_code == 1
    assert result.stdout == "1 row accepted, 0 known before, 3 rejected\n"
    assert "gero: rejected 3 rows\n  line 3: not JSON: Expecting value" in result.stderr
    assert "  line 4: output: is missing\n" in result.stderr
    assert "  line 5: not JSON: NaN" in result.stderr


def test_a_passing_fault_is_survived_and_a_lasting_one_says_where_it_stopped(
    gero: Gero, triage: dict[str, Any], api: FakeApi, tmp_path: Path
) -> None:
    write_rows(tmp_path / "rows.jsonl", 10)
    api.interruptions = [503]
    assert gero.json(f"push rows.jsonl -l {triage['id']}")["accepted_rows"] == 10
    api.interruptions = [500]
    shown = gero.refused(f"push rows.jsonl -l {triage['id']}")
    assert shown.startswith("gero: stopped at line 1: POST /v1/leaderboard/")
    assert "run it again to go on" in shown


def test_a_damaged_or_missing_file_is_refused(gero: Gero, triage: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl.gz").write_bytes(gzip.compress(b'{"input": 1}\n' * 99)[:-9])
    assert "the file is damaged" in gero.refused("push rows.jsonl.gz")
    assert "nowhere.jsonl" in gero.refused("push nowhere.jsonl", exit_code=2)


def test_a_dataset_is_checked_line_by_line(gero: Gero) -> None:
    assert "usable" in gero.ok("dataset check https://huggingface.co/good.jsonl")
    shown = gero.refused("dataset check https://huggingface.co/bad.jsonl")
    assert shown == "gero: the dataset has 1 fault\n  line 3: output: is missing\n"
    result = gero("dataset check https://huggingface.co/bad.jsonl --json")
    assert (result.exit_code, json.loads(result.stdout)["ok"]) == (1, False)
