"""Traces."""

import json
from typing import Any

from tests.gero.cli.conftest import Gero
from tests.gero.cli.fake_api import FakeApi


def test_traces_are_a_table_or_lines_of_json(gero: Gero, triage: dict[str, Any], api: FakeApi) -> None:
    shown = gero.ok("traces --source inference")
    assert shown.count("What is 1+1?") == 2
    lines = gero.ok("traces --format jsonl --limit 2").splitlines()
    assert [json.loads(line)["trace_id"] for line in lines] == ["t0", "t1"]
    assert gero.json("traces")["count"] == 3
    assert json.loads(gero.ok("traces --format json --source run"))["rows"][0]["trace_id"] == "t2"
