"""One name in five places: folder, construct, events, test, log."""

import ast
import json

import pytest

from tests.architecture.source import ROOT
from tests.infra.synthesis import synthesis

FUNCTIONS = sorted(path.name for path in (ROOT / "functions").iterdir() if (path / "handler.py").exists())


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_has_one_name_everywhere(name: str) -> None:
    app = synthesis().app
    path = app.content["Resources"][app.logical_id_of(name)]["Metadata"]["aws:cdk:path"]
    construct = path.removesuffix("/Resource").rsplit("/", 1)[-1]
    assert construct == name
    assert list((ROOT / "events" / name).glob("*.json")), f"events/{name} has no payload"
    assert (ROOT / "tests" / "functions" / f"test_{name}.py").exists()


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_handler_says_what_triggers_it_and_what_it_may(name: str) -> None:
    docstring = ast.get_docstring(ast.parse((ROOT / "functions" / name / "handler.py").read_text())) or ""
    assert "\nTrigger: " in docstring
    assert "\nMay: " in docstring


def test_every_event_belongs_to_a_function_and_is_valid_json() -> None:
    for path in (ROOT / "events").rglob("*.json"):
        assert path.parent.name in FUNCTIONS
        json.loads(path.read_text())
