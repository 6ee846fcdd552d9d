"""What is shipped to Lambda. Builds a real package, so it needs the wheels (a cache or a package index)."""

import hashlib
import shutil
import struct
from pathlib import Path

import pytest

from infra import asset

AARCH64 = 183  # e_machine in an ELF header


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory, _ = asset.build("inference", tmp_path_factory.mktemp("assets"))
    return directory


@pytest.fixture(scope="module")
def api_package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory, _ = asset.build("api", tmp_path_factory.mktemp("assets"))
    return directory


def digest_of(directory: Path) -> str:
    digest = hashlib.sha256()
    for file in sorted(path for path in directory.rglob("*") if path.is_file()):
        digest.update(f"{file.relative_to(directory)} {file.stat().st_mode}\n".encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()


def test_the_package_holds_our_code_without_the_command_line(package: Path) -> None:
    run = package / "functions" / "serve_inference" / "run.sh"
    assert run.stat().st_mode & 0o111
    assert (package / "gero" / "__init__.py").exists()
    assert not (package / "gero" / "cli").exists()
    assert {path.name for path in (package / "functions").iterdir() if path.is_dir()} - {"__pycache__"} == {
        "serve_inference"
    }


def test_the_package_holds_what_its_group_names_and_no_more(package: Path) -> None:
    assert (package / "uvicorn").is_dir()
    assert list(package.glob("uvicorn-*.dist-info"))
    for absent in ("boto3", "fastapi", "starlette", "bin", ".lock"):
        assert not (package / absent).exists()


def test_the_api_ships_its_pages_and_of_npm_only_what_they_load(api_package: Path) -> None:
    console = api_package / "functions" / "api" / "console"
    kinds = {path.suffix for path in console.rglob("*") if "node_modules" not in path.parts}
    assert {".html", ".css", ".js", ".svg"} <= kinds
    from_npm = [str(path.relative_to(console)) for path in console.rglob("*") if path.is_file()]
    assert sorted(path for path in from_npm if path.startswith("node_modules")) == [
        "node_modules/htmx.org/LICENSE",
        "node_modules/htmx.org/dist/htmx.min.js",
        "node_modules/swagger-ui-dist/LICENSE",
        "node_modules/swagger-ui-dist/NOTICE",
        "node_modules/swagger-ui-dist/swagger-ui-bundle.js",
        "node_modules/swagger-ui-dist/swagger-ui-bundle.js.LICENSE.txt",
        "node_modules/swagger-ui-dist/swagger-ui.css",
    ]


def test_no_package_holds_anything_of_the_local_cloud(api_package: Path, package: Path) -> None:
    for directory in (api_package, package):
        assert not (directory / "infra").exists()
        ours = [path for top in ("functions", "gero") for path in (directory / top).rglob("*") if path.is_file()]
        assert not [path for path in ours if b"stand_ins" in path.read_bytes()]


def test_a_file_from_npm_that_is_missing_is_told_with_what_makes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = asset.ROOT / "functions" / "api" / "console" / "node_modules" / "htmx.org" / "dist" / "gone.js"
    monkeypatch.setattr(asset, "FROM_NPM", {"inference": (missing,)})
    with pytest.raises(FileNotFoundError, match=r"gone.js is missing: run `make functions/api/console/node_modules`"):
        asset.build("inference", tmp_path)


def test_compiled_libraries_are_built_for_lambdas_processor(package: Path) -> None:
    libraries = list(package.rglob("*.so"))
    assert libraries
    for library in libraries:
        (machine,) = struct.unpack_from("<H", library.read_bytes(), 18)
        assert machine == AARCH64, library.name


def test_what_a_cold_start_downloads_stays_small(package: Path, tmp_path: Path) -> None:
    archive = Path(shutil.make_archive(str(tmp_path / "package"), "zip", package))
    assert archive.stat().st_size < 10e6


@pytest.mark.skipif(asset.lambda_python() is None, reason="needs a Python of Lambda's version")
def test_every_module_comes_with_bytecode_that_is_never_checked_against_a_time(package: Path) -> None:
    modules = [path for path in package.rglob("*.py") if "__pycache__" not in path.parts]
    bytecode = list(package.rglob("*.cpython-313.pyc"))
    assert len(bytecode) == len(modules)
    unchecked_hash = 0b01
    for file in bytecode:
        content = file.read_bytes()
        assert struct.unpack_from("<I", content, 4) == (unchecked_hash,)
        assert str(package).encode() not in content, "a path of this machine"


def test_two_builds_are_the_same_to_the_byte(package: Path, tmp_path: Path) -> None:
    again, fingerprint = asset.build("inference", tmp_path)
    assert digest_of(again) == digest_of(package)
    assert (tmp_path / "inference.sha256").read_text() == fingerprint


def test_an_unchanged_package_is_not_built_again(package: Path) -> None:
    before = package.stat().st_ino
    asset.build("inference", package.parent)
    assert package.stat().st_ino == before
