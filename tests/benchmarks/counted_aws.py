"""AWS in a process of its own that counts calls: `python -m tests.benchmarks.counted_aws`.

Prints its endpoint; `GET /counts` there tells the calls by action, and the `messages` that queues were sent. It gives
way to others, and takes messages without storing them, after as long as SQS needs: what AWS takes of a processor is
none of this machine's time, and moto's queues take all of one.
"""

import json
import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from infra.local.backend.server import Backend

_SEND_SECONDS = 0.005


class _Counted:
    """A WSGI app that counts what it passes on."""

    def __init__(self, app: Callable[..., Iterable[bytes]]) -> None:
        self._app = app
        self._calls: Counter[str] = Counter()
        self._lock = threading.Lock()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        answer: Any = self._calls
        if environ["PATH_INFO"] != "/counts":
            action = environ.get("HTTP_X_AMZ_TARGET", "").rpartition(".")[2]
            self._count(action)
            if action != "SendMessageBatch":
                return self._app(environ, start_response)
            answer = self._take(json.loads(environ["wsgi.input"].read())["Entries"])
        start_response("200 OK", [("Content-Type", "application/x-amz-json-1.0")])
        return [json.dumps(answer).encode()]

    def _take(self, entries: list[dict[str, Any]]) -> dict[str, Any]:
        time.sleep(_SEND_SECONDS)
        self._count("messages", len(entries))
        return {"Successful": [{"Id": entry["Id"], "MessageId": entry["Id"]} for entry in entries], "Failed": []}

    def _count(self, name: str, more: int = 1) -> None:
        with self._lock:
            self._calls[name] += more


if __name__ == "__main__":
    os.nice(19)
    backend = Backend()
    backend._server.app = _Counted(backend._server.app)
    print(backend.endpoint, flush=True)
    threading.Event().wait()
