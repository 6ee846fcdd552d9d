"""A handler's docstring says what it may do, and that is what its role allows."""

import ast
import re
from pathlib import Path

import pytest

from tests.infra.synthesis import ROOT, actions, synthesis

FUNCTIONS = ROOT / "functions"
HANDLERS = sorted(FUNCTIONS.glob("*/handler.py"))


def stated_actions(handler: Path) -> set[str]:
    """The actions after `May:` in a handler's docstring; an indented line continues the one before."""
    docstring = ast.get_docstring(ast.parse(handler.read_text())) or ""
    stated = re.search(r"^May:(.*(?:\n[ \t]+\S.*)*)", docstring, flags=re.MULTILINE)
    assert stated, f"{handler}: no line `May:`"
    return set(re.findall(r"[a-z0-9-]+:[A-Z]\w+", stated.group(1)))


def granted_actions(function: str) -> set[str]:
    granted = {action for statement in synthesis().app.grants_of(function) for action in actions(statement)}
    return {action for action in granted if not action.startswith("logs:")}


@pytest.mark.parametrize("handler", HANDLERS, ids=lambda path: path.parent.name)
def test_a_handler_states_exactly_what_its_role_allows(handler: Path) -> None:
    assert stated_actions(handler) == granted_actions(handler.parent.name)


@pytest.mark.parametrize("handler", HANDLERS, ids=lambda path: path.parent.name)
def test_a_handler_states_its_trigger(handler: Path) -> None:
    docstring = ast.get_docstring(ast.parse(handler.read_text())) or ""
    assert re.search(r"^Trigger: \S", docstring, flags=re.MULTILINE)


def test_every_deployed_function_has_its_folder() -> None:
    deployed = set(synthesis().app.functions)
    assert deployed == {handler.parent.name for handler in HANDLERS}
