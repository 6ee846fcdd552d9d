"""AWS clients: made on first use (importing boto3 costs 150 ms of a cold start), one per service and process."""

import threading
from functools import cache
from typing import Any

_creation = threading.Lock()


@cache
def _made(service: str) -> Any:
    import boto3
    from botocore.config import Config

    config = Config(
        retries={"mode": "standard", "max_attempts": 5}, connect_timeout=3, read_timeout=30, max_pool_connections=32
    )
    if service == "s3":  # without these, signed URLs name an endpoint that newer regions refuse (boto3 issue 3015)
        config = config.merge(Config(signature_version="s3v4", s3={"addressing_style": "virtual"}))
    return boto3.client(service, config=config)


def client(service: str) -> Any:
    """The process's boto3 client of a service. Client creation is not thread-safe, calls are."""
    with _creation:
        return _made(service)


def forget_clients() -> None:
    """Drop the clients; for tests that change the endpoint or the credentials."""
    _made.cache_clear()


def error_code(error: BaseException) -> str:
    """The service's error code of a botocore ClientError, `""` for anything else."""
    response = getattr(error, "response", None)
    return str(response.get("Error", {}).get("Code", "")) if isinstance(response, dict) else ""
