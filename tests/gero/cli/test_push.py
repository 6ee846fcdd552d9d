"""Pushing rows of files."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from tests.gero.cli.conftest import Gero
from tests.gero.cli.fake_api import TOKEN, FakeApi


def write_rows(path: Path, count: int) -> None:
    content = "".join(json.dumps({"input": f"{n}+1", "output": str(n + 1)}) + "\n" for n in range(count)).encode()
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)


@pytest.mark.parametrize("name", ["rows.jsonl", "rows.jsonl.gz"])
def test_rows_are_pushed_in_batches_and_pushing_again_changes_nothing(
    gero: Gero, triage: dict[str, Any], api: FakeApi, tmp_path: Path, name: str
) -> None:
    write_rows(tmp_path / name, 250)
    assert (
        gero.ok(f"push {name}") == "250 rows accepted, 0 known before, 0 rejected, 250 waiting for the next version\n"
    )
    sizes = [len(body["rows"]) for method, path, body in api.requests if path.endswith("/dataset/push")]
    assert sizes == [100, 100, 50]
    again = gero.json(f"push {name}")
    counts = [again[name] for name in ("accepted_rows", "duplicate_rows", "rejected_rows", "pending_events")]
    assert counts == [0, 250, 0, 250]


def test_rejected_rows_are_named_by_their_line(gero: Gero, triage: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text(
        '{"input": "a", "output": "b"}\n\nnonsense\n{"input": "c"}\n{"input": NaN}\n"\\ud800"\n'
    )
    result = gero("push rows.jsonl")
    assert result.exit_code == 1
    assert result.stdout == "1 row accepted, 0 known before, 4 rejected, 1 waiting for the next version\n"
    assert "gero: rejected 4 rows\n  line 3: not JSON: Expecting value" in result.stderr
    assert "  line 4: output: is missing\n" in result.stderr
    assert "  line 5: not JSON: NaN" in result.stderr
    assert "surrogates not allowed" in result.stderr


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


def test_a_limit_that_rejects_everything_stops_the_push(
    gero: Gero, triage: dict[str, Any], api: FakeApi, tmp_path: Path
) -> None:
    api.leaderboards[triage["id"]]["daily_event_limit"] = 150
    write_rows(tmp_path / "rows.jsonl", 1000)
    result = gero("push rows.jsonl")
    assert result.exit_code == 1
    assert result.stdout == "150 rows accepted, 0 known before, 150 rejected, 150 waiting for the next version\n"
    assert result.stderr == (
        "gero: stopped after line 300, since everything is rejected: rejected 150 rows\n"
        "  lines 151-300: daily_event_limit: the rows of today are used up; push again tomorrow (UTC)\n"
    )


def test_faulty_rows_do_not_stop_the_push(gero: Gero, triage: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text('{"input": "a"}\n' * 200 + '{"input": "a", "output": "b"}\n')
    result = gero("push rows.jsonl")
    assert result.stdout.startswith("1 row accepted")
    assert result.stderr == "gero: rejected 200 rows\n  lines 1-200: output: is missing\n"


def test_a_push_token_is_enough_and_is_all_that_is_sent(
    nobody: Gero, triage: dict[str, Any], api: FakeApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_rows(tmp_path / "rows.jsonl", 1)
    api.push_secrets["p"] = "hpd_secret"
    monkeypatch.setenv("GERO_API_URL", api.url)
    monkeypatch.setenv("GERO_PUSH_TOKEN", "hpd_secret")
    assert nobody.ok(f"push rows.jsonl -l {triage['id']}").startswith("1 row accepted")
    assert "by its whole id" in nobody.refused("push rows.jsonl -l Triage", exit_code=2)
    monkeypatch.setenv("GERO_API_TOKEN", TOKEN)
    assert nobody.ok("push rows.jsonl").startswith("0 rows accepted, 1 known before")
    assert "unknown: check GERO_PUSH_TOKEN" in nobody.refused("push rows.jsonl --push-token hpd_wrong", exit_code=3)


@pytest.mark.parametrize("name", ["rows.csv", "rows.CSV.gz"])
def test_a_spreadsheet_is_pushed_by_the_names_in_its_first_line(
    gero: Gero, triage: dict[str, Any], api: FakeApi, tmp_path: Path, name: str
) -> None:
    lines = ["\ufeffid;input;output;tags;\r\n", '7;"two\nlines; really";1,5;"[""a""]";\r\n', ";;;;\r\n", ";b;c;d;\r\n"]
    content = "".join(lines).encode()
    (tmp_path / name).write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    assert gero.json(f"push {name}")["accepted_rows"] == 2
    assert api.pending[triage["id"]] == [
        {"id": "7", "input": "two\nlines; really", "output": "1,5", "tags": ["a"]},
        {"input": "b", "output": "c", "tags": "d"},
    ]


def test_a_faulty_line_of_a_spreadsheet_has_its_number(gero: Gero, triage: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text('input,output\n"a\nb",c\nd\ne,f,g\n')
    result = gero("push rows.csv")
    assert result.stdout.startswith("1 row accepted, 0 known before, 2 rejected")
    assert "  line 5: 3 cells, but the first line names 2 fields\n" in result.stderr
    assert "  line 4: output: is missing\n" in result.stderr


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "the first line is empty"),
        (b"input,input\na,b\n", "names the field 'input' twice"),
        (b"input,output\na,b\nc,\xff\n", "line 3 is not UTF-8: save the file as CSV UTF-8"),
        (b'input,output\n"a,b\nc,d\n', "line 2: not CSV: unexpected end of data"),
    ],
)
def test_what_is_no_table_of_texts_is_refused(
    gero: Gero, triage: dict[str, Any], tmp_path: Path, content: bytes, sentence: str
) -> None:
    (tmp_path / "rows.csv").write_bytes(content)
    assert sentence in gero.refused("push rows.csv")
