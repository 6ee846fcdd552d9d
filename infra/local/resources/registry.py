"""The shape of a resource handler."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from infra.local.backend.wiring import ACCOUNT, REGION
from infra.local.deployment import Created, Stack

Properties = dict[str, Any]
Handler = Callable[[Stack, str, Properties], Created]


def arn(service: str, resource: str) -> str:
    """The ARN of a regional resource of the local account."""
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}"
