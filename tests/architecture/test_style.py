"""What every file keeps to."""

import ast
import re
from pathlib import Path

import pytest

from tests.architecture.source import ROOT, python_files, shown

PRODUCT = ["shared/gero", "functions", "infra"]
MAX_LINES = 250
FORBIDDEN_NAMES = {"utils", "helpers", "common", "manager", "service", "main"}
TOP_LEVEL = {"infra", "functions", "shared", "events", "tests"}
UNTRACKED = {"cdk.out", "build", "node_modules", "__pycache__"}


@pytest.mark.parametrize("path", python_files(*PRODUCT, "tests"), ids=shown)
def test_a_file_is_short_enough_to_be_read_whole(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= MAX_LINES


@pytest.mark.parametrize("path", python_files(*PRODUCT), ids=shown)
def test_a_file_says_what_it_is_and_has_a_name_that_means_something(path: Path) -> None:
    text = path.read_text()
    assert not text.strip() or ast.get_docstring(ast.parse(text)), "a docstring is missing"
    assert path.stem not in FORBIDDEN_NAMES


@pytest.mark.parametrize("path", python_files(*PRODUCT), ids=shown)
def test_what_others_may_use_is_documented(path: Path) -> None:
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            assert ast.get_docstring(node), f"{node.name} has no docstring"


def test_the_top_level_holds_the_agreed_folders_and_no_other() -> None:
    folders = {path.name for path in ROOT.iterdir() if path.is_dir() and not path.name.startswith(".")}
    assert folders - UNTRACKED <= TOP_LEVEL


def test_no_file_names_a_registry_host() -> None:
    hosts = re.compile(r"(pypi\.org|pythonhosted\.org|registry\.npmjs\.org|registry\.yarnpkg)")
    locks = ("*.lock", "infra/locks/*", "infra/package*.json")
    of_npm = [f"{folder}/package*.json" for folder in ("functions/api/console", "tests/browser", "tests/third_party")]
    for pattern in (*locks, *of_npm, "tests/third_party/requirements.txt"):
        paths = list(ROOT.glob(pattern))
        assert paths, pattern
        for path in paths:
            assert not hosts.search(path.read_text()), shown(path)
