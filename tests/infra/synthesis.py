"""The synthesized templates, as tests read them. One synthesis, with CDK's validation on, serves the whole session."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Template:
    """One stack's template."""

    content: dict[str, Any]

    def of_type(self, kind: str) -> dict[str, dict[str, Any]]:
        """Logical id -> properties of every resource of one type."""
        return {name: body.get("Properties", {}) for name, body in self._resources if body["Type"] == kind}

    def only(self, kind: str) -> dict[str, Any]:
        """The properties of the one resource of its type."""
        (properties,) = self.of_type(kind).values()
        return properties

    @property
    def functions(self) -> dict[str, dict[str, Any]]:
        """Our name of each Lambda -> its properties."""
        found = self.of_type("AWS::Lambda::Function").values()
        return {function["Environment"]["Variables"]["POWERTOOLS_SERVICE_NAME"]: function for function in found}

    def logical_id_of(self, function: str) -> str:
        """The logical id of a Lambda."""
        wanted = self.functions[function]
        return next(name for name, found in self.of_type("AWS::Lambda::Function").items() if found is wanted)

    def statements_of(self, role: str) -> list[dict[str, Any]]:
        """Every statement of the policies of a role, given by its logical id."""
        policies = self.of_type("AWS::IAM::Policy").values()
        attached = [policy for policy in policies if {"Ref": role} in policy["Roles"]]
        return [statement for policy in attached for statement in policy["PolicyDocument"]["Statement"]]

    def grants_of(self, function: str) -> list[dict[str, Any]]:
        """Every statement of a Lambda's role."""
        return self.statements_of(self.functions[function]["Role"]["Fn::GetAtt"][0])

    @property
    def _resources(self) -> Iterable[tuple[str, dict[str, Any]]]:
        items: dict[str, dict[str, Any]] = self.content["Resources"]
        return items.items()


@dataclass(frozen=True)
class Synthesis:
    """Both stacks."""

    data: Template
    app: Template


def actions(statement: dict[str, Any]) -> list[str]:
    """The actions of a statement, which IAM writes as one string or a list."""
    found = statement["Action"]
    return [found] if isinstance(found, str) else found


@cache
def synthesis() -> Synthesis:
    """Run the app as `make run` does, without building assets; a violated rule of CDK's validation fails it."""
    return _synthesized({"gero:local": True}, ["-m", "infra.app"])


@cache
def deployable(**chosen: str) -> Synthesis:
    """Run the app as `make deploy` does with these `gero:` keys, but with a file in place of each asset."""
    context = {f"gero:{key}": value for key, value in chosen.items()}
    return _synthesized(context, ["-c", _WITHOUT_ASSETS])


def _synthesized(context: dict[str, Any], command: list[str]) -> Synthesis:
    with tempfile.TemporaryDirectory() as directory:
        environment = {key: value for key, value in os.environ.items() if key != "CDK_VALIDATION"}
        asked = {"CDK_OUTDIR": directory, "CDK_CONTEXT_JSON": json.dumps(context)}
        done = subprocess.run(
            [sys.executable, *command],
            cwd=ROOT,
            env={**environment, **asked},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        read = [Template(json.loads(Path(directory, f"{stack}.template.json").read_text())) for stack in STACKS]
    return Synthesis(*read)


STACKS = ("GeroData", "GeroApp")
_WITHOUT_ASSETS = """
from infra import asset
asset.build = lambda group: (asset.ROOT / "events", group)
from infra.app import build
build().synth()
"""
