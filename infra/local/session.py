"""A workspace of the running local cloud, and the file through which `gero` finds it."""

import json
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
from infra.local.secret_file import write_secret
from infra.operator import new_workspace

FILE = Path(".gero") / "local.json"


def admin_environment(cloud: LocalCloud) -> dict[str, str]:
    """The environment of a process that acts on the cloud with every right, as an operator does on AWS."""
    return interrupted.admin_environment(cloud.client("sts").meta.endpoint_url, cloud.outputs["TableName"])


class Kept:
    """What `make run` needs again at its next start, in a file of the data folder that this user alone may read.

    The token, the first password of the demo's person, and the ports of the stand-ins: leaderboards name them in their
    addresses.
    """

    def __init__(self, data: Path | None) -> None:
        self._file = data / "session.json" if data else None

    def read(self) -> dict[str, Any]:
        """`{"token", "password", "ports"}`, or {}. StateError when the file is not one of these."""
        if self._file is None or not self._file.exists():
            return {}
        try:
            found: dict[str, Any] = json.loads(self._file.read_text())
            ports = {str(name): int(port) for name, port in found["ports"].items()}
            return {"token": str(found["token"]), "password": found.get("password"), "ports": ports}
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise StateError(f"{self._file} is damaged ({error!r}): remove it to start with a new workspace") from error

    def write(self, token: str, password: str | None, ports: Mapping[str, int]) -> None:
        """Keep them, if there is a data folder."""
        if self._file:
            write_secret(self._file, {"token": token, "password": password, "ports": dict(ports)})


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
        write_secret(FILE, {"api_url": session.api_url, "inference_url": session.inference_url, "token": token})
        return session

    def client(self) -> Client:
        """The API of this session."""
        return Client(self.api_url, self.token, self.inference_url)

    def announce(self, console: Console, person: str, further: list[tuple[str, str]]) -> None:
        """Print where everything is. `person`: who can sign in to the console, and how."""
        facts = [
            ("console", f"[bold]{self.api_url}/[/]   sign in as {person}"),
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
