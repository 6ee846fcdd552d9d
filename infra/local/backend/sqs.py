"""Makes moto's SQS atomic and quick, with long polling that does not hold the lock.

moto delivers a message many times under threads, and reads a slow clock once per message and call.
"""

from __future__ import annotations

import functools
import threading
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

from moto.core.utils import unix_time
from moto.sqs import models
from moto.sqs.models import SQSBackend

from infra.local.backend.seams import replace
from infra.local.backend.wiring import current

LOCKED = (
    "send_message",
    "send_message_batch",
    "delete_message",
    "delete_message_batch",
    "change_message_visibility",
    "change_message_visibility_batch",
    "purge_queue",
)
# A message whose visibility timeout ends wakes nobody, so a waiting poll looks again this often.
_POLL_SECONDS = 0.2

_lock = threading.RLock()
_receive_message = SQSBackend.receive_message


def install() -> None:
    """Serialise every action on messages and replace the clock and the long poll."""
    for name in LOCKED:
        replace(SQSBackend, name, _one_at_a_time(getattr(SQSBackend, name)))
    replace(SQSBackend, "receive_message", _receive)
    replace(models, "unix_time", _seconds)
    replace(models, "unix_time_millis", lambda moment=None: _seconds(moment) * 1000.0)


def _one_at_a_time(method: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(method)
    def locked(*arguments: Any, **options: Any) -> Any:
        with _lock:
            return method(*arguments, **options)

    return locked


def _seconds(moment: datetime | None = None) -> float:
    return time.time() if moment is None else float(unix_time(moment))


def _receive(
    backend: Any,
    queue_name: str,
    count: int,
    wait_seconds_timeout: int,
    visibility_timeout: int,
    message_attribute_names: list[str] | None = None,
) -> list[Any]:
    deadline = time.monotonic() + (wait_seconds_timeout or 0)
    queue = backend.get_queue(queue_name)
    while True:
        with _lock:
            messages: list[Any] = _receive_message(
                backend, queue_name, count, 0, visibility_timeout, message_attribute_names
            )
        remaining = deadline - time.monotonic()
        if messages or remaining <= 0 or current().closing:
            return messages
        with queue._messages_lock:
            # Checked under the queue's own lock: a message sent since then has already notified nobody.
            if not queue.messages:
                queue._messages_lock.wait(min(_POLL_SECONDS, remaining))
