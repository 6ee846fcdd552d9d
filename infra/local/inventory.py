"""What a deployed template asks the local cloud itself to run: functions, event sources, schedules, routes."""

from __future__ import annotations

import socket
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from infra.local.compute.function import FunctionSpec


@dataclass(frozen=True)
class QueueSource:
    """An SQS event source mapping."""

    queue_arn: str
    function: str
    batch_size: int
    window_seconds: int
    max_concurrency: int
    partial_failures: bool


@dataclass(frozen=True)
class Schedule:
    """A scheduled EventBridge rule, or a schedule of EventBridge Scheduler."""

    name: str
    expression: str
    timezone: str
    arn: str
    targets: tuple[dict[str, Any], ...]
    enabled: bool
    has_event: bool  # a rule sends an event; Scheduler sends its Input, or {}


@dataclass(frozen=True)
class Route:
    """One route of the HTTP API: `GET /items/{id}` or `$default`, and its integration's properties."""

    key: str
    integration: dict[str, Any]


@dataclass
class HttpApi:
    """The HTTP API and its routes."""

    id: str
    cors: dict[str, Any] | None
    routes: list[Route] = field(default_factory=list)


@dataclass(frozen=True)
class FunctionUrl:
    """A function's own HTTPS endpoint; its socket listens from the start, so its address is known at deployment."""

    function: str
    listener: socket.socket
    url: str
    streaming: bool


@dataclass
class Inventory:
    """Everything of a deployment that moto does not run."""

    functions: dict[str, FunctionSpec] = field(default_factory=dict)
    layers: dict[str, Path] = field(default_factory=dict)
    sources: list[QueueSource] = field(default_factory=list)
    schedules: list[Schedule] = field(default_factory=list)
    integrations: dict[str, dict[str, Any]] = field(default_factory=dict)
    async_retries: dict[str, int] = field(default_factory=dict)
    apis: dict[str, HttpApi] = field(default_factory=dict)
    urls: dict[str, FunctionUrl] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)  # address on AWS to the local one
    outputs: dict[str, str] = field(default_factory=dict)
