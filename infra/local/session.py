"""A workspace of the running local cloud, and the file through which `gero` finds it."""

import json
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from gero.cli.client import Client
from infra.local.backend.wiring import ADMIN_KEY, REGION
from infra.local.cloud import LocalCloud
from infra.operator import new_workspace

FILE = Path(".gero") / "local.json"


def admin_environment(cloud: LocalCloud) -> dict[str, str]:
    """The environment of a process that acts on the cloud with every right, as an operator does on AWS."""
    return {
        "AWS_ENDPOINT_URL": cloud.client("sts").meta.endpoint_url,
        "AWS_ACCESS_KEY_ID": ADMIN_KEY,
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_DEFAULT_REGION": REGION,
        "GERO_TABLE": cloud.outputs["TableName"],
    }


@dataclass(frozen=True)
class Session:
    """Where the API is and the token that may do everything in its one workspace."""

    api_url: str
    inference_url: str
    token: str

    @classmethod
    def open(cls, cloud: LocalCloud, name: str = "demo") -> "Session":
        """Create a workspace in the cloud and note it in `.gero/local.json`, readable by this user alone."""
        _, token = new_workspace(name, admin_environment(cloud))
        session = cls(cloud.api_url, cloud.inference_url.rstrip("/"), token)
        FILE.parent.mkdir(exist_ok=True)
        FILE.touch(mode=0o600)
        FILE.write_text(
            json.dumps({"api_url": session.api_url, "inference_url": session.inference_url, "token": token})
        )
        return session

    def client(self) -> Client:
        """The API of this session."""
        return Client(self.api_url, self.token, self.inference_url)

    def announce(self, console: Console, datasets: list[str]) -> None:
        """Print where everything is."""
        facts = [
            ("API", f"[bold]{self.api_url}[/]   documentation at {self.api_url}/docs"),
            ("inference", f"{self.inference_url}   the API's address serves it as well"),
            ("token", self.token),
            ("command", f".venv/bin/gero --help   finds all this in {FILE}"),
            *(("dataset", f"{dataset}/resolve/main/…") for dataset in datasets),
        ]
        for name, fact in facts:
            console.print(f"{name:<11}{fact}", soft_wrap=True)

    def __enter__(self) -> "Session":
        return self

    def __exit__(self, *_: object) -> None:
        FILE.unlink(missing_ok=True)
