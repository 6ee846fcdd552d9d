"""What moto's patched calls reach back into: one `Wiring` per running local cloud.

moto's backends are module globals of this process, and so are the patches; the wiring is the only mutable link
between them and the cloud that runs now.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

ACCOUNT = "123456789012"
REGION = "eu-west-1"
ADMIN_KEY = "LOCALADMIN"

_CREDENTIAL = re.compile(r"Credential=([^/]+)/\d+/([^/]+)/([^/]+)/")


@dataclass(frozen=True)
class Outcome:
    """The answer of one Lambda invocation: `error` is None, or what `X-Amz-Function-Error` would say."""

    payload: bytes
    error: str | None = None


@dataclass(frozen=True)
class Denial:
    """One call that the template's policies do not allow."""

    role: str
    action: str
    resource: str | None


@dataclass
class Wiring:
    """Callbacks and records shared by the patches.

    `client(service, role_arn)` makes boto3 clients, `invoke(function, payload, wait)` runs a Lambda (blocking when
    `wait`), `deliver(target, event)` hands an event to a target that moto cannot reach; `roles` maps the access key of
    a session to the name of its role; `writes` counts the calls that may have changed a table or a bucket.
    """

    client: Callable[..., Any] | None = None
    invoke: Callable[[str, bytes, bool], Outcome] | None = None
    deliver: Callable[[dict[str, Any], dict[str, Any]], None] | None = None
    roles: dict[str, str] = field(default_factory=dict)
    denied: list[Denial] = field(default_factory=list)
    closing: bool = False
    writes: int = 0

    @property
    def connected(self) -> bool:
        """False while no cloud runs: then the patches leave to moto what is moto's (a test's `mock_aws`)."""
        return self.client is not None


_current = Wiring()


def connect(wiring: Wiring) -> None:
    """Make `wiring` the one that moto's patched calls use from now on."""
    global _current
    _current = wiring


def current() -> Wiring:
    """The wiring of the local cloud that runs now."""
    return _current


def credential_scope(authorization: str) -> tuple[str, str] | None:
    """Access key and service of a Signature Version 4 `Authorization` header, None when it is unsigned."""
    match = _CREDENTIAL.search(authorization)
    return (match[1], match[3]) if match else None
