"""Imports go downwards, through faces, and only kit knows AWS."""

from pathlib import Path

import pytest

from tests.architecture.source import ROOT, imports, python_files, shown

# From the top down. A slice may import what stands below it; slices on one level do not know each other.
LEVELS = [
    ["leaderboards"],
    ["reviews", "shadows"],
    ["ranking"],
    ["runs"],
    ["evaluation"],
    ["models"],
    ["providers", "traces"],
    ["datasets", "access"],
    ["kit"],
]
HEIGHT = {name: -level for level, names in enumerate(LEVELS) for name in names}
# Modules of a face that are themselves part of it: `from gero.evaluation import plan`, `gero.providers.target`.
PUBLIC_MODULES = {
    *("gero.providers.chunks", "gero.providers.directory", "gero.providers.serving", "gero.providers.target"),
    *("gero.kit.table", "gero.kit.conditions"),
}


def slice_of(path: Path) -> str:
    return path.relative_to(ROOT / "shared" / "gero").parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", python_files("shared/gero"), ids=shown)
def test_a_slice_imports_only_what_stands_below_it(path: Path) -> None:
    own = slice_of(path)
    imported = {name.split(".")[1] for name in imports(path) if name.startswith("gero.")}
    if own in ("cli", "__init__"):
        assert imported <= {"cli"}
        return
    for other in imported - {own}:
        assert HEIGHT[other] < HEIGHT[own], f"{shown(path)} imports {other}, which does not stand below {own}"


@pytest.mark.parametrize("path", python_files("shared/gero", "functions"), ids=shown)
def test_a_slice_is_imported_by_its_face(path: Path) -> None:
    own = f"gero.{slice_of(path)}" if "shared" in path.parts else f"functions.{path.parent.name}"
    for name in imports(path):
        if not name.startswith("gero.") or name.startswith(f"{own}."):
            continue
        module = name.rsplit(".", 1)[0]
        assert module.count(".") < 2 or module in PUBLIC_MODULES, f"{shown(path)} reaches into {module}"


@pytest.mark.parametrize("path", python_files("shared/gero", "functions"), ids=shown)
def test_only_kit_imports_boto3(path: Path) -> None:
    if path.is_relative_to(ROOT / "shared" / "gero" / "kit"):
        return
    assert not {name.split(".")[0] for name in imports(path)} & {"boto3", "botocore"}


@pytest.mark.parametrize("path", python_files("functions"), ids=shown)
def test_functions_never_import_each_other(path: Path) -> None:
    own = path.relative_to(ROOT / "functions").parts[0]
    others = {name.split(".")[1] for name in imports(path) if name.startswith("functions.")}
    assert others <= {own}


def test_nothing_of_the_product_imports_the_tests_or_the_infrastructure() -> None:
    for path in python_files("shared/gero", "functions"):
        assert not {name.split(".")[0] for name in imports(path)} & {"tests", "infra", "moto", "aws_cdk"}
