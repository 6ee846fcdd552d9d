"""Inference and traces."""

import json
from typing import Any

from tests.gero.cli.conftest import Gero
from tests.gero.cli.fake_api import FakeApi


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
