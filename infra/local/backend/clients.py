"""boto3 clients of the local endpoint, as the administrator or as a role (STS AssumeRole)."""

from __future__ import annotations

import threading
from typing import Any

import boto3
from botocore.config import Config

from infra.local.backend.wiring import ADMIN_KEY, REGION, Wiring

# Longer than any function or long poll may take: a retry of the SDK would run the work twice.
_READ_TIMEOUT_SECONDS = 1000


class Clients:
    """Creates and keeps one client per service and role; safe to use from every thread."""

    def __init__(self, endpoint: str, wiring: Wiring) -> None:
        self._endpoint = endpoint
        self._wiring = wiring
        self._lock = threading.RLock()
        self._clients: dict[tuple[str, str | None, bool], Any] = {}
        self._credentials: dict[str, dict[str, str]] = {}

    def get(self, service: str, role_arn: str | None = None, *, validate: bool = True) -> Any:
        """A client of `service`; with `role_arn` every call is authorized by that role's policies."""
        key = (service, role_arn, validate)
        # boto3 creates clients from a session that is not thread-safe.
        with self._lock:
            if key not in self._clients:
                self._clients[key] = self._create(service, role_arn, validate)
            return self._clients[key]

    def credentials(self, role_arn: str) -> dict[str, str]:
        """Keys of a session of the role, as environment variables of an AWS SDK."""
        with self._lock:
            if role_arn not in self._credentials:
                self._credentials[role_arn] = self._assume(role_arn)
            return self._credentials[role_arn]

    def close(self) -> None:
        """Give back every connection."""
        with self._lock:
            for client in self._clients.values():
                client.close()
            self._clients.clear()

    def _assume(self, role_arn: str) -> dict[str, str]:
        session = self.get("sts").assume_role(RoleArn=role_arn, RoleSessionName="local")["Credentials"]
        self._wiring.roles[session["AccessKeyId"]] = role_arn.rsplit("/", 1)[-1]
        return {
            "AWS_ACCESS_KEY_ID": session["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": session["SecretAccessKey"],
            "AWS_SESSION_TOKEN": session["SessionToken"],
        }

    def _create(self, service: str, role_arn: str | None, validate: bool) -> Any:
        keys = self.credentials(role_arn) if role_arn else {}
        return boto3.session.Session().client(
            service,
            region_name=REGION,
            endpoint_url=self._endpoint,
            aws_access_key_id=keys.get("AWS_ACCESS_KEY_ID", ADMIN_KEY),
            aws_secret_access_key=keys.get("AWS_SECRET_ACCESS_KEY", "local"),
            aws_session_token=keys.get("AWS_SESSION_TOKEN"),
            config=Config(
                retries={"total_max_attempts": 1},
                read_timeout=_READ_TIMEOUT_SECONDS,
                max_pool_connections=50,
                parameter_validation=validate,
                proxies={},
            ),
        )
