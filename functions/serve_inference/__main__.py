"""Starts the app as it is deployed, by `run.sh`: `python -m functions.serve_inference`.

Source: uvicorn, "Settings"; the port is the Lambda Web Adapter's.
"""

import gc
import os
import sys

from uvicorn import Config, Server

from functions.serve_inference.handler import handler

_KEEP_ALIVE_SECONDS = 3600  # a frozen sandbox must not thaw to close the connection that the adapter is about to use
_SWITCH_SECONDS = 0.0005


def serve() -> None:
    """Serve until the process is told to end."""
    # What was imported stays: looking through it at every collection stops all answers for tens of milliseconds.
    gc.freeze()
    gc.set_threshold(10_000, 10, 10)
    # boto3 sends traces in a thread: it would keep an answer waiting for 5 ms at a time.
    sys.setswitchinterval(_SWITCH_SECONDS)
    config = Config(
        handler,
        host="127.0.0.1",
        port=int(os.environ.get("AWS_LWA_PORT", "8000")),
        http="httptools",
        ws="none",
        loop="asyncio",
        lifespan="on",
        interface="asgi3",
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=2,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        log_level="warning",
    )
    Server(config).run()


if __name__ == "__main__":
    serve()
