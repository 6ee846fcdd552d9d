"""Logs are events with fields: one JSON object a line. Never a prompt, an answer or a secret."""

from functools import cache
from typing import Any

_CALLER = 3  # frames up to the line that logs


@cache
def _logger() -> Any:
    from aws_lambda_powertools import Logger  # 45 ms of import, paid by those that log

    return Logger(utc=True)


def event(name: str, **fields: Any) -> None:
    """Log that `name` happened."""
    _logger().info(name, stacklevel=_CALLER, **fields)


def warning(name: str, **fields: Any) -> None:
    """Log something that a person may want to look at; the work goes on."""
    _logger().warning(name, stacklevel=_CALLER, **fields)


def failure(name: str, error: BaseException, **fields: Any) -> None:
    """Log a failure with its traceback."""
    _logger().error(name, error=type(error).__name__, exc_info=error, stacklevel=_CALLER, **fields)
