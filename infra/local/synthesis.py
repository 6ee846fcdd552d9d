"""Synthesizes the CDK app into a folder under `.gero/`, once for each content of what decides the template."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_REPOSITORY = Path(__file__).resolve().parents[2]
_KEPT_ASSEMBLIES = 4


class SynthesisError(RuntimeError):
    """The CDK app failed; the message ends with what it printed."""


def synthesize(out: Path, context: dict[str, Any]) -> Path:
    """The cloud assembly of the app for `context`, made anew only when it is not in the folder `out` yet.

    Local assets point at the source tree, so that code of functions may change without a new synthesis.
    """
    context = {"gero:local": True, **context}
    assembly = out / _digest(context)
    if (assembly / "manifest.json").exists():
        os.utime(assembly)
        return assembly
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out, prefix="synth-") as folder:
        _run_app(Path(folder), context)
        # Another process may have made the same assembly meanwhile: then its folder stays.
        if not assembly.exists():
            Path(folder).rename(assembly)
            Path(folder).mkdir()
    _forget_oldest(out)
    return assembly


def _run_app(folder: Path, context: dict[str, Any]) -> None:
    environment = {
        **os.environ,
        "CDK_CONTEXT_JSON": json.dumps(context),
        "CDK_OUTDIR": str(folder),
        "CDK_VALIDATION": "false",
        "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "1",
    }
    run = subprocess.run(
        [sys.executable, "-m", "infra.app"],
        cwd=_REPOSITORY,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if run.returncode or not (folder / "manifest.json").exists():
        raise SynthesisError(f"python -m infra.app ended with status {run.returncode}:\n{run.stdout[-4000:]}")


def _digest(context: dict[str, Any]) -> str:
    digest = hashlib.sha256(json.dumps(context, sort_keys=True).encode())
    for file in sorted(_input_files()):
        digest.update(str(file.relative_to(_REPOSITORY)).encode())
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()[:16]


def _input_files() -> Iterator[Path]:
    """The files that decide the template; the code of functions does not, it is run from where it lies."""
    infra = _REPOSITORY / "infra"
    yield from (*infra.glob("*.py"), *infra.glob("*.json"), *(infra / "locks").iterdir())
    yield from (_REPOSITORY / name for name in ("cdk.json", "requirements.lock"))


def _forget_oldest(out: Path) -> None:
    assemblies = [folder for folder in out.iterdir() if (folder / "manifest.json").exists()]
    for folder in sorted(assemblies, key=lambda folder: folder.stat().st_mtime)[:-_KEPT_ASSEMBLIES]:
        shutil.rmtree(folder, ignore_errors=True)
