"""What a Lambda ships: the locked aarch64 wheels of its group, `gero/` and its handlers, with bytecode.

No container is involved: every wheel is published built for Lambda's platform, so unpacking is all there is to do.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from aws_cdk import aws_lambda as lambda_

ROOT = Path(__file__).resolve().parent.parent
ASSETS = ROOT / "build" / "assets"
LAMBDA_PYTHON = "3.13"
# Amazon Linux 2023 has glibc 2.34. The older manylinux2014 would silently resolve to older wheels.
LAMBDA_PLATFORM = "aarch64-manylinux_2_28"

GROUPS = {
    "api": ("api",),
    "domain": (
        *("consolidate_dataset", "finish_run", "ingest_rows", "open_review", "plan_run", "rank_round", "start_due"),
    ),
    "worker": ("abandon_batch", "dispatch_round", "evaluate_batch", "record_traces", "shadow_requests"),
    "inference": ("serve_inference",),
}
# What the console's pages load from npm, with the licences; nothing else of node_modules is shipped.
_PACKAGES = ROOT / "functions" / "api" / "console" / "node_modules"
_SHIPPED = {
    "htmx.org": ("LICENSE", "dist/htmx.min.js"),
    "swagger-ui-dist": (
        *("LICENSE", "NOTICE", "swagger-ui-bundle.js", "swagger-ui-bundle.js.LICENSE.txt"),
        "swagger-ui.css",
    ),
}
FROM_NPM = {"api": tuple(_PACKAGES / package / file for package, files in _SHIPPED.items() for file in files)}
_UNSHIPPED = {"__pycache__", "node_modules"}


def code_of(function: str, *, from_tree: bool) -> lambda_.Code:
    """The code of one function; `from_tree` points at its source folder for who runs it without a package."""
    if from_tree:
        return lambda_.Code.from_asset(str(ROOT / "functions"), exclude=[f"**/{name}" for name in sorted(_UNSHIPPED)])
    group = next(name for name, members in GROUPS.items() if function in members)
    directory, fingerprint = build(group)
    # The fingerprint of what went in, not of what came out: the same on every machine, and nothing is read twice.
    return lambda_.Code.from_asset(str(directory), asset_hash=fingerprint)


def build(group: str, into: Path = ASSETS) -> tuple[Path, str]:
    """Make `into/group`, unless it already holds exactly this, and return it with the fingerprint of its sources.

    Raises `subprocess.CalledProcessError` when a wheel is missing for the platform or does not match its hash, and
    FileNotFoundError when a file from npm is not there.
    """
    compiler = lambda_python()
    fingerprint = _fingerprint(group, compiled=compiler is not None)
    directory, stamp = into / group, into / f"{group}.sha256"
    if directory.exists() and stamp.exists() and stamp.read_text() == fingerprint:
        return directory, fingerprint

    into.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=into) as scratch:
        fresh = Path(scratch) / group
        _unpack_wheels(group, fresh)
        _copy_sources(group, fresh)
        if compiler:
            _compile(compiler, fresh)
        stamp.unlink(missing_ok=True)
        shutil.rmtree(directory, ignore_errors=True)
        fresh.rename(directory)
    stamp.write_text(fingerprint)
    _say(group, directory, compiled=compiler is not None)
    return directory, fingerprint


@cache
def lambda_python() -> str | None:
    """An interpreter of Lambda's minor version, the only one whose bytecode Lambda accepts; None if there is none."""
    probe = "import sys; print('{}.{}'.format(*sys.version_info))"
    for candidate in (sys.executable, shutil.which(f"python{LAMBDA_PYTHON}")):
        if candidate is None:
            continue
        # A version manager's shim may exist and refuse to run.
        answer = subprocess.run([candidate, "-c", probe], capture_output=True, text=True, check=False)
        if answer.stdout.strip() == LAMBDA_PYTHON:
            return candidate
    return None


def _sources(group: str) -> Iterator[tuple[Path, Path]]:
    """Every file of ours in the asset, as (path in the asset, path here), in a fixed order."""
    yield Path("functions", "__init__.py"), ROOT / "functions" / "__init__.py"
    folders = [(Path("gero"), ROOT / "shared" / "gero")]
    folders += [(Path("functions", name), ROOT / "functions" / name) for name in GROUPS[group]]
    for target, folder in folders:
        for file in sorted(folder.rglob("*")):
            inside = file.relative_to(folder)
            of_the_command_line = target.name == "gero" and inside.parts[0] == "cli"
            if file.is_file() and not _UNSHIPPED & set(inside.parts) and not of_the_command_line:
                yield target / inside, file
    for file in FROM_NPM.get(group, ()):
        if not file.is_file():
            packages = next(parent for parent in file.parents if parent.name == "node_modules").relative_to(ROOT)
            raise FileNotFoundError(f"{file.relative_to(ROOT)} is missing: run `make {packages}`")
        yield file.relative_to(ROOT), file


def _fingerprint(group: str, *, compiled: bool) -> str:
    digest = hashlib.sha256(f"compiled={compiled}\n".encode())
    recipe = [(Path("recipe"), Path(__file__)), (Path("lock"), _lock(group))]
    for target, file in [*recipe, *_sources(group)]:
        executable = os.access(file, os.X_OK)
        content = hashlib.sha256(file.read_bytes()).hexdigest()
        digest.update(f"{target.as_posix()} {executable} {content}\n".encode())
    return digest.hexdigest()


def _lock(group: str) -> Path:
    return ROOT / "infra" / "locks" / f"{group}.txt"


def _unpack_wheels(group: str, directory: Path) -> None:
    where = ["--target", str(directory), "--python-platform", LAMBDA_PLATFORM, "--python-version", LAMBDA_PYTHON]
    exactly = ["--only-binary", ":all:", "--no-deps", "--require-hashes", "--requirements", str(_lock(group))]
    quietly = ["--quiet", "--link-mode", "copy", "--python", sys.executable]
    subprocess.run([sys.executable, "-m", "uv", "pip", "install", *where, *exactly, *quietly], check=True)
    # Console scripts name the interpreter of this machine, and uv leaves its lock behind.
    shutil.rmtree(directory / "bin", ignore_errors=True)
    (directory / ".lock").unlink(missing_ok=True)


def _copy_sources(group: str, directory: Path) -> None:
    for target, file in _sources(group):
        (directory / target).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, directory / target)


def _compile(python: str, directory: Path) -> None:
    """Lambda's disk is read-only: bytecode not shipped is made again at every cold start, at three times the import.

    Unchecked, because a zip keeps no useful times; with Lambda's paths and a fixed hash seed, so that every machine
    writes the same bytes.
    """
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    paths = ["-s", str(directory), "-p", "/var/task"]
    subprocess.run(
        [python, "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash", *paths, str(directory)],
        check=True,
        env={**environment, "PYTHONHASHSEED": "0"},
    )


def _say(group: str, directory: Path, *, compiled: bool) -> None:
    size = sum(file.stat().st_size for file in directory.rglob("*") if file.is_file())
    note = "" if compiled else f", WITHOUT bytecode: no Python {LAMBDA_PYTHON} here, so cold starts take longer"
    print(f"asset {group}: {size / 1e6:.1f} MB unpacked{note}", file=sys.stderr)
