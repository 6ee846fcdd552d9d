"""moto's HTTP server in a thread of this process: the endpoint that every AWS SDK here talks to."""

from __future__ import annotations

from moto.moto_api._internal.models import moto_api_backend
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

from infra.local.backend import patches, workflows
from infra.local.backend.clients import Clients
from infra.local.backend.http_server import WsgiServer
from infra.local.backend.wiring import Wiring, connect, current


class Backend:
    """A running, empty set of AWS services: `endpoint`, `clients` and the `wiring` of its patches."""

    def __init__(self) -> None:
        patches.apply()
        if current().connected:
            raise RuntimeError("a local cloud runs in this process already: close it first (moto's state is global)")
        moto_api_backend.reset()
        workflows.execute(True)
        self.wiring = Wiring()
        self._server = WsgiServer(DomainDispatcherApplication(create_backend_app))
        self.endpoint = f"http://{self._server.host}:{self._server.port}"
        self.clients = Clients(self.endpoint, self.wiring)
        self.wiring.client = self.clients.get
        connect(self.wiring)

    def quiesce(self) -> None:
        """End what waits inside the services: long polls and running executions."""
        self.wiring.closing = True
        workflows.stop_executions(self.clients.get("stepfunctions"))

    def close(self) -> None:
        """Stop serving and forget all state."""
        self.clients.close()
        self._server.close()
        connect(Wiring())
        workflows.execute(False)
        moto_api_backend.reset()
