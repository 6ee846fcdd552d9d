"""Deploys a synthesized cloud assembly: every stack in its order, every resource through the AWS APIs.

Faithful to CloudFormation for references, conditions, DependsOn and exports. Physical names are made from the stack
and the logical id, so that a second start finds the same names. There are no updates: the cloud starts empty.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from infra.local.backend.wiring import ACCOUNT, REGION
from infra.local.inventory import Inventory
from infra.local.template import Template, TemplateError

ClientFactory = Callable[[str], Any]


@dataclass(frozen=True)
class Created:
    """A created resource: what Ref and GetAtt give."""

    ref: str
    attributes: dict[str, Any] = field(default_factory=dict)


class UnsupportedResourceError(TemplateError):
    """The template has a resource type that the local cloud does not know."""


@dataclass
class Host:
    """What a deployment needs of the cloud around it."""

    client: ClientFactory
    api_url: str
    open_function_url: Callable[[str, bool], str]
    source: Path | None = None  # where every function runs from, instead of its asset


class Stack:
    """One stack while it is deployed. Resource handlers get it as their first argument."""

    def __init__(
        self,
        name: str,
        body: dict[str, Any],
        assets: dict[str, Path],
        inventory: Inventory,
        host: Host,
        exports: dict[str, Any],
    ) -> None:
        self.name = name
        self.inventory = inventory
        self.host = host
        self._assets = assets
        self._created: dict[str, Created] = {}
        self._pending: list[str] = []
        self.template = Template(
            body,
            pseudo={
                "AWS::AccountId": ACCOUNT,
                "AWS::Region": REGION,
                "AWS::Partition": "aws",
                "AWS::URLSuffix": "amazonaws.com",
                "AWS::StackName": name,
                "AWS::StackId": f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/{name}/local",
            },
            physical_id=lambda logical_id: self._create(logical_id).ref,
            attribute=self._attribute,
            exports=exports,
            aliases=inventory.aliases,
        )

    def client(self, service: str) -> Any:
        """An administrator's boto3 client."""
        return self.host.client(service)

    def physical_name(self, logical_id: str, limit: int = 63) -> str:
        """A name of at most `limit` characters for a resource that the template does not name."""
        digest = hashlib.sha256(f"{self.name}/{logical_id}".encode()).hexdigest()[:8]
        return f"{self.name}-{logical_id}"[: limit - 9] + "-" + digest

    def asset(self, code: dict[str, Any]) -> Path:
        """The folder that a Lambda's `Code` or a layer's `Content` was synthesized from."""
        key = str(code.get("S3Key", "")).rsplit("/", 1)[-1].split(".")[0]
        if key not in self._assets:
            raise TemplateError(f"{self.name} has no file asset {code}")
        return self._assets[key]

    def deploy(self) -> dict[str, Any]:
        """Create every resource; returns what the stack exports."""
        for logical_id, resource in self.template.resources.items():
            if self.template.is_wanted(resource):
                self._create(logical_id)
        outputs = self.template.outputs().items()
        # CDK makes these by itself, for references between stacks.
        named = {name: str(value) for name, value in outputs if not name.startswith("ExportsOutput")}
        self.inventory.outputs.update(named)
        return self.template.exported()

    def _create(self, logical_id: str) -> Created:
        from infra.local.resources import HANDLERS

        if logical_id in self._created:
            return self._created[logical_id]
        if logical_id not in self.template.resources:
            raise TemplateError(f"{self.name} has no resource or parameter {logical_id}")
        if logical_id in self._pending:
            raise TemplateError(f"{self.name} has a circular reference: {' -> '.join([*self._pending, logical_id])}")
        resource = self.template.resources[logical_id]
        handler = HANDLERS.get(resource["Type"])
        if handler is None:
            raise UnsupportedResourceError(f"the local cloud does not know {resource['Type']} ({logical_id})")
        self._pending.append(logical_id)
        self._create_dependencies(resource)
        created = handler(self, logical_id, self.template.resolve(resource.get("Properties", {})))
        self._pending.pop()
        self._created[logical_id] = created
        return created

    def _create_dependencies(self, resource: dict[str, Any]) -> None:
        depends_on = resource.get("DependsOn", [])
        for logical_id in [depends_on] if isinstance(depends_on, str) else depends_on:
            if self.template.is_wanted(self.template.resources[logical_id]):
                self._create(logical_id)

    def _attribute(self, logical_id: str, attribute: str) -> Any:
        attributes = self._create(logical_id).attributes
        if attribute not in attributes:
            kind = self.template.resources[logical_id]["Type"]
            raise TemplateError(f"the local cloud does not know the attribute {attribute} of {kind} ({logical_id})")
        return attributes[attribute]


def deploy(assembly: Path, host: Host) -> Inventory:
    """Deploy all stacks of the cloud assembly in the folder `assembly` (a `cdk.out`)."""
    inventory = Inventory()
    exports: dict[str, Any] = {}
    artifacts = json.loads((assembly / "manifest.json").read_text())["artifacts"]
    for artifact_id in _deployment_order(artifacts):
        properties = artifacts[artifact_id]["properties"]
        body = json.loads((assembly / properties["templateFile"]).read_text())
        name = properties.get("stackName", artifact_id)
        stack = Stack(name, body, _assets(assembly, artifact_id), inventory, host, exports)
        exports.update(stack.deploy())
    return inventory


def _deployment_order(artifacts: dict[str, Any]) -> list[str]:
    """The stacks of a manifest, each after those it depends on."""
    order: list[str] = []

    def visit(artifact_id: str) -> None:
        for dependency in artifacts[artifact_id].get("dependencies", []):
            visit(dependency)
        if artifacts[artifact_id]["type"] == "aws:cloudformation:stack" and artifact_id not in order:
            order.append(artifact_id)

    for artifact_id in artifacts:
        visit(artifact_id)
    return order


def _assets(assembly: Path, stack: str) -> dict[str, Path]:
    """Asset hash to the folder it was made from."""
    manifest = assembly / f"{stack}.assets.json"
    if not manifest.exists():
        return {}
    files = json.loads(manifest.read_text()).get("files", {})
    return {key: (assembly / file["source"]["path"]).resolve() for key, file in files.items()}
