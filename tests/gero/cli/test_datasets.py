"""Checking a dataset, its versions, and what changes them."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from tests.gero.cli.conftest import Gero
from tests.gero.cli.fake_api import FakeApi


@pytest.fixture
def versions(triage: dict[str, Any], api: FakeApi) -> str:
    """A pushed dataset with two versions: of a, b and c b is changed, c removed and d added."""
    board = str(triage["id"])
    for rows in ([("a", "1"), ("b", "2"), ("c", "3")], [("b", "two"), ("d", "4")]):
        for name, answer in rows:
            api.accept(board, {"id": name, "input": f"question {name}", "output": answer})
        api.consolidate({}, {}, board)
        api.dataset({}, None, board)
        api.remove_row({}, None, board, "c")
    return board


def test_a_dataset_is_checked_line_by_line(gero: Gero, api: FakeApi) -> None:
    shown = gero.ok("dataset check https://huggingface.co/good.jsonl --field expected=gold")
    for told in ("usable", "12 checked (the whole file)", "12.3 kB of gzip", "c0ffee", "question, answer", "1+1"):
        assert told in shown
    assert "input ← question, expected ← gold" in shown
    assert api.requests[-1][2]["field_mapping"] == {"expected": "gold"}
    shown = gero.refused("dataset check https://huggingface.co/bad.jsonl")
    assert shown == "gero: the dataset has 2 faults\n  lines 3, 7: output: is missing\n"
    result = gero("dataset check https://huggingface.co/bad.jsonl --json")
    assert (result.exit_code, json.loads(result.stdout)["ok"]) == (1, False)
    assert "FIELD=NAME" in gero.refused("dataset check https://huggingface.co/good.jsonl --field input", exit_code=2)


def test_a_dataset_out_of_reach_is_told_in_the_words_of_the_hub(gero: Gero) -> None:
    result = gero("dataset check https://huggingface.co/gated.jsonl")
    assert result.stderr == "gero: dataset_url: the dataset is gated; ask for access on its page\n"
    assert "reachable  no" in result.stdout


def test_a_pushed_dataset_shows_what_there_is_and_what_is_still_possible(
    gero: Gero, triage: dict[str, Any], api: FakeApi
) -> None:
    api.leaderboards[triage["id"]]["daily_event_limit"] = 5000
    api.accept(triage["id"], {"id": "a", "input": "a", "output": "b"})
    shown = " ".join(gero.ok("dataset show").split())
    for told in (
        "latest version none yet",
        "waiting 1 row for the next version",
        "99 more rows needed before any can be added: 1 of 100 accepted",
        "accepted today 1 of 5,000 rows, 4,999 left",
        "this month 1 row, no limit",
        "every 500 rows or 24 h",
        f"push to {api.url}/v1/leaderboard/{triage['id']}/dataset/push",
    ):
        assert told in shown


def test_a_dataset_of_a_file_shows_nothing_of_pushing(gero: Gero, api: FakeApi) -> None:
    url = "https://huggingface.co/datasets/acme/rows/resolve/main/rows.jsonl"
    api.add_leaderboard("Triage", dataset_url=url)
    assert [line.split() for line in gero.ok("dataset show").splitlines()] == [
        ["rows", "come", "from", url],
        ["latest", "version", "none", "yet"],
    ]


def test_versions_are_listed_and_their_rows_shown(gero: Gero, versions: str) -> None:
    listed = gero.ok("dataset versions").splitlines()
    assert [line.split()[0] for line in listed[2:]] == ["2", "1"]
    shown = gero.ok("dataset rows --version 1")
    assert "question c" in shown
    assert "batch bbbbbbbb" in shown
    assert [row["id"] for row in gero.json("dataset rows --limit 2 --offset 1")["rows"]] == ["b", "d"]
    assert gero.refused("dataset rows --version 9") == "gero: there is no version 9 of this dataset\n"


def test_many_rows_are_read_page_by_page(gero: Gero, triage: dict[str, Any], api: FakeApi) -> None:
    for number in range(450):
        api.accept(triage["id"], {"input": str(number), "output": "x"})
    gero.ok("dataset consolidate --wait")
    lines = gero.ok("dataset rows --limit 430 --offset 10 --format jsonl").splitlines()
    assert [json.loads(line)["input"] for line in lines] == [str(number) for number in range(10, 440)]


def test_two_versions_are_compared(gero: Gero, versions: str) -> None:
    shown = [" ".join(line.split()) for line in gero.ok("dataset compare 1 2").splitlines()]
    assert "unchanged 1 row" in shown
    for line in ("+ d question d 4", "- c question c 3", "before b question b 2", "expected → b question b two"):
        assert line in shown
    assert gero.json("dataset compare 1 2 --limit 0")["examples"]["added"] == []


def test_a_version_is_exported_whole_without_showing_the_storage_the_token(
    gero: Gero, versions: str, tmp_path: Path
) -> None:
    assert gero.ok("dataset export").startswith("Exported version 2 to v2.jsonl (")
    rows = [json.loads(line) for line in (tmp_path / "v2.jsonl").read_text().splitlines()]
    assert [row["id"] for row in rows] == ["a", "b", "d"]
    (tmp_path / "folder").mkdir()
    told = gero.json("dataset export --version 1 --gzip --output folder")
    zipped = (tmp_path / "folder" / "v1.jsonl.gz").read_bytes()
    assert told == {"version": 1, "file": "folder/v1.jsonl.gz", "bytes": len(zipped)}
    assert gzip.decompress(zipped).decode() == gero.ok("dataset export --version 1 --output -")
    assert "both want stdout" in gero.refused("dataset export --output - --json", exit_code=2)


def test_an_export_that_breaks_off_leaves_what_was_there(
    gero: Gero, versions: str, api: FakeApi, tmp_path: Path
) -> None:
    (tmp_path / "rows.jsonl").write_text("before")
    api.storage_keeps = 50
    assert "the download ends in the middle" in gero.refused("dataset export --output rows.jsonl")
    assert [path.name for path in tmp_path.iterdir()] == ["rows.jsonl"]
    assert (tmp_path / "rows.jsonl").read_text() == "before"
    assert "cannot be written" in gero.refused("dataset export --output nowhere/rows.jsonl")


def test_consolidating_says_what_is_queued_or_waits_for_the_new_version(
    gero: Gero, triage: dict[str, Any], api: FakeApi
) -> None:
    api.accept(triage["id"], {"input": "a", "output": "b"})
    assert gero.ok("dataset consolidate --run") == "Queued the consolidation of 1 row\n"
    assert api.requests[-1][2] == {"run": True}
    assert gero.ok("dataset consolidate --wait") == "Version 1 has 1 row\n"
    assert gero.ok("dataset consolidate --wait") == "Nothing new: version 1 is the latest\n"
    api.accept(triage["id"], {"input": "c", "output": "d"})
    api.consolidates = False
    assert "there is no new version after 1.0 s" in gero.refused("dataset consolidate --wait --timeout 1")


def test_interrupting_the_wait_says_that_the_consolidation_goes_on(
    gero: Gero, triage: dict[str, Any], api: FakeApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("gero.cli.polling.time.sleep", interrupt)
    api.accept(triage["id"], {"input": "a", "output": "b"})
    assert "the consolidation goes on" in gero.refused("dataset consolidate --wait", exit_code=130)


def test_removing_a_row_asks_unless_yes(gero: Gero, versions: str, api: FakeApi) -> None:
    api.accept(versions, {"id": "x/7 ü", "input": "a", "output": "b"})
    assert "pass --yes to confirm" in gero.refused("dataset remove 'x/7 ü'", exit_code=2)
    assert gero.ok("dataset remove 'x/7 ü' --yes") == "Removed row x/7 ü from the next version on\n"
    assert "x/7 ü" not in [row["id"] for row in api.accepted[versions]]


def test_traces_become_rows(gero: Gero, triage: dict[str, Any], api: FakeApi) -> None:
    assert gero.ok("dataset add-traces t0 t1 --expected 2 --expected two") == "2 rows added, 0 known before\n"
    assert api.pending[triage["id"]][1] == {"id": "t1", "input": "What is 1+1?", "output": ["2", "two"]}
    shown = gero.refused("dataset add-traces t2 nonsense")
    assert shown == "gero: some traces were not added:\n  nonsense: there is no such trace\n"
    assert api.requests[-1][2] == {"traces": [{"trace_id": "t2"}, {"trace_id": "nonsense"}]}
