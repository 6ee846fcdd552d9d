"""`gero runs matrix`, `cell` and `bundle`."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from functions.api.app import create_app
from tests.functions.conftest import Ready, models, ready
from tests.functions.workflow import finished
from tests.gero.cli.conftest import Gero
from tests.gero.cli.fake_api import FakeApi
from tests.gero.cli.fake_run_answers import ZIP
from tests.gero.cli.real_api import served

__all__ = ["models", "ready"]  # fixtures, found by their names


@pytest.fixture
def run_id(gero: Gero, triage: dict[str, Any]) -> str:
    """A run of two models that has ended."""
    return str(gero.json("run --wait")["id"])


@pytest.fixture
def real(nobody: Gero, ready: Ready, monkeypatch: pytest.MonkeyPatch) -> Iterator[Gero]:
    with served(create_app()) as url:
        monkeypatch.setenv("GERO_API_URL", url)
        monkeypatch.setenv("GERO_API_TOKEN", ready.token)
        yield nobody


def test_the_matrix_has_a_sign_for_each_model_in_an_order_that_is_told(gero: Gero, run_id: str) -> None:
    lines = [" ".join(line.split()) for line in gero.ok(f"runs matrix {run_id} --limit 2").splitlines()]
    assert "0-0 ✓✗ Ticket 0 billing" in lines
    assert "0-1 ✗✓ Ticket 1 billing" in lines
    assert "Models in their order: 1 small-1, 2 big-1" in lines


def test_rows_are_read_over_all_pages_and_from_a_place_on(gero: Gero, run_id: str) -> None:
    whole = gero.json("runs matrix --limit 1000")
    assert (whole["count"], len(whole["rows"]), whole["next"]) == (150, 150, None)
    some = gero.json("runs matrix --limit 120")
    assert (some["count"], some["next"]) == (120, "0-119")
    assert gero.json("runs matrix --after 0-119")["rows"][0]["place"] == "0-120"
    assert "There is more: --after 0-119" in gero("runs matrix --limit 120").stderr


def test_only_the_failures_of_a_model_are_shown(gero: Gero, run_id: str) -> None:
    shown = gero.json("runs matrix --show failures --model small-1 --limit 3")
    assert [row["place"] for row in shown["rows"]] == ["0-1", "0-3", "0-5"]
    assert "no model matches 'huge-1'" in gero.refused("runs matrix --model huge-1")


def test_a_cell_tells_the_question_the_answer_and_the_verdict(gero: Gero, run_id: str) -> None:
    shown = " ".join(gero.ok("runs cell 0-1 small-1").split())
    for told in ("model small-1", "Where is my parcel?", "answer billing", "not an accepted answer", "210 ms"):
        assert told in shown


def test_a_bundle_is_downloaded_without_showing_the_storage_the_token(gero: Gero, run_id: str, tmp_path: Path) -> None:
    assert gero.ok("runs bundle") == f"Wrote the bundle of run {run_id} to run-{run_id}.zip (22 bytes)\n"
    assert (tmp_path / f"run-{run_id}.zip").read_bytes() == ZIP
    (tmp_path / "proofs").mkdir()
    told = gero.json("runs bundle --output proofs")
    assert told == {"run_id": run_id, "file": f"proofs/run-{run_id}.zip", "bytes": len(ZIP)}
    assert "cannot be written" in gero.refused("runs bundle --output nowhere/proof.zip")


def test_an_active_run_has_no_bundle(gero: Gero, triage: dict[str, Any], api: FakeApi, tmp_path: Path) -> None:
    gero.ok("run")
    assert gero.refused("runs bundle") == "gero: the run is active; its bundle is made when it has ended\n"
    assert list(tmp_path.glob("*.zip*")) == []


def test_the_api_as_it_is_deployed_gives_the_same(real: Gero, ready: Ready) -> None:
    finished(ready)
    found = real.json("runs matrix --show disagreements")
    assert {row["row_id"] for row in found["rows"]} == {"a", "c"}
    assert real.ok("runs matrix").count("✓✗") == 2
    place = next(row["place"] for row in found["rows"] if row["row_id"] == "a")
    shown = " ".join(real.ok(f"runs cell {place} bad").split())
    assert "answer billing" in shown
    assert "expected shipping" in shown
    assert [one["leader"] for one in real.json("runs list")["runs"]] == ["good"]
    assert "good" in real.ok("runs list")
