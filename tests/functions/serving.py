"""The inference app on a real server, as the Lambda Web Adapter would meet it, and what it sends afterwards."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from typing import Any

import boto3
import httpx
import uvicorn

from functions.serve_inference import attempts, finding
from functions.serve_inference.handler import handler
from gero.kit import settings
from gero.traces import Trace, TraceMessage
from tests.waiting import wait_until


@contextmanager
def app_running() -> Iterator[str]:
    """The app on a port of its own; gives its address."""
    forget()
    server = uvicorn.Server(uvicorn.Config(handler, port=0, lifespan="on", log_level="warning", ws="none"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.005)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(10)


def forget() -> None:
    """Drop what the app remembers between requests."""
    finding.forget()
    attempts.breakers.forget()


def path(ready: Any) -> str:
    """Where the leaderboard of a `Ready` answers."""
    return f"/v1/leaderboard/{ready.leaderboard.id}/inference"


def leave(endpoint: httpx.Client, ready: Any, body: dict[str, Any]) -> None:
    """Ask the leaderboard's endpoint, and leave once a model was asked, without an answer."""
    before = len(ready.models.requests)
    connection = HTTPConnection(endpoint.base_url.host, int(endpoint.base_url.port or 80))
    headers = {"Authorization": endpoint.headers["Authorization"], "Content-Type": "application/json"}
    connection.request("POST", path(ready), json.dumps(body), headers)
    wait_until(lambda: len(ready.models.requests) > before, every=0.01)
    connection.close()


def sent_messages(count: int = 1) -> list[TraceMessage]:
    """The traces that were sent, once there are `count` of them: they go out after the answer."""
    sqs, url = boto3.client("sqs"), settings.required("GERO_TRACE_QUEUE_URL")
    found: list[TraceMessage] = []
    end = time.monotonic() + 10
    while len(found) < count and time.monotonic() < end:
        for message in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", []):
            found.append(TraceMessage.decode(message["Body"]))
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    assert len(found) == count
    return found


def sent_trace() -> Trace:
    """The one trace that was sent."""
    return sent_messages()[0].trace
