"""A workspace of the running local cloud, and the file through which `gero` finds it."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from gero.cli.client import Client
from gero.cli.failure import NOT_SIGNED_IN, Failure
from infra.local import interrupted
from infra.local.cloud import LocalCloud
from infra.local.persistence import StateError
from infra.operator import new_workspace

FILE = Path(".gero") / "local.json"


def admin_environment(cloud: LocalCloud) -> dict[str, str]:
    """The environment of a process that acts on the cloud with every right, as an operator does on AWS."""
    return interrupted.admin_environment(cloud.client("sts").meta.endpoint_url, cloud.outputs["TableName"])


class Kept:
    """What `make run` needs again at its next start, in a file of the data folder that this user alone may read.

    The token, and the ports of the stand-ins: leaderboards name them in their addresses.
    """

    def __init__(self, data: Path | None) -> None:
        self._file = data / "session.json" if data else None

    def read(self) -> dict[str, Any]:
        """`{"token", "ports"}`, or {}. StateError when the file is not one of these."""
        if self._file is None or not self._file.exists():
            return {}
        try:
            found: dict[str, Any] = json.loads(self._file.read_text())
            return {"token": str(found["token"]), "ports": {str(k): int(v) for k, v in found["ports"].items()}}
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise StateError(f"{self._file} is damaged ({error!r}): remove it to start with a new workspace") from error

    def write(self, token: str, ports: Mapping[str, int]) -> None:
        """Keep them, if there is a data folder."""
        if self._file:
            _write_secret(self._file, {"token": token, "ports": dict(ports)})


@dataclass(frozen=True)
class Session:
    """Where the API is and the token that may do everything in its one workspace."""

    api_url: str
    inference_url: str
    token: str

    @classmethod
    def open(cls, cloud: LocalCloud, name: str = "demo", token: str | None = None) -> "Session":
        """Take up the workspace of `token`, or create one, and note it in `.gero/local.json` for this user alone."""
        if token is None or not _is_known(cloud, token):
            _, token = new_workspace(name, admin_environment(cloud))
        session = cls(cloud.api_url, cloud.inference_url.rstrip("/"), token)
        FILE.parent.mkdir(exist_ok=True)
        _write_secret(FILE, {"api_url": session.api_url, "inference_url": session.inference_url, "token": token})
        return session

    def client(self) -> Client:
        """The API of this session."""
        return Client(self.api_url, self.token, self.inference_url)

    def announce(self, console: Console, further: list[tuple[str, str]]) -> None:
        """Print where everything is."""
        facts = [
            ("API", f"[bold]{self.api_url}[/]   documentation at {self.api_url}/docs"),
            ("inference", f"{self.inference_url}   the API's address serves it as well"),
            ("token", self.token),
            ("command", f".venv/bin/gero --help   finds all this in {FILE}"),
            *further,
        ]
        for name, fact in facts:
            console.print(f"{name:<11}{fact}", soft_wrap=True)

    def __enter__(self) -> "Session":
        return self

    def __exit__(self, *_: object) -> None:
        FILE.unlink(missing_ok=True)


def _is_known(cloud: LocalCloud, token: str) -> bool:
    try:
        with Client(cloud.api_url, token) as client:
            client.get("/api/leaderboards", limit=1)
    except Failure as failure:
        if failure.exit_code == NOT_SIGNED_IN:
            return False
        raise
    return True


def _write_secret(path: Path, document: dict[str, Any]) -> None:
    """Replace a file at once by one that this user alone may read."""
    new = path.with_name(path.name + ".new")
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(document, file)
    new.replace(path)
