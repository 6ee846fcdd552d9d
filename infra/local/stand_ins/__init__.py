"""What the demo needs from outside, on this machine: models to rank, and a hub that serves the dataset to rank on.

with StandIns() as stand_ins:
    stand_ins.chat_url     # where every model of MODELS answers
    stand_ins.dataset_url  # the demo's tickets, in the hub's URL form
"""

from collections.abc import Mapping, Set
from types import TracebackType

from infra.local.stand_ins.background import BackgroundServers
from infra.local.stand_ins.hub import Account, Hub, Root
from infra.local.stand_ins.models import MODELS, Model
from infra.local.stand_ins.server import models_app
from infra.local.stand_ins.task import LABELS, PROMPT, TICKETS

__all__ = ["LABELS", "MODELS", "PROMPT", "TICKETS", "Account", "Hub", "Model", "StandIns"]

_DATASET = "demo/support-tickets"


class StandIns:
    """The model server and the hub, running on 127.0.0.1 from construction until `close`.

    `datasets` are served beside the demo's own, "owner/name" -> folder or file, or one of them by revision; the closed
    ones need a token of `hub_accounts` that may read them. `api_key` closes the models to requests without it. Port 0
    takes a free one; OSError when a port is taken.
    """

    def __init__(
        self,
        *,
        datasets: Mapping[str, Root] | None = None,
        gated: Set[str] = frozenset(),
        private: Set[str] = frozenset(),
        hub_accounts: Mapping[str, Account] | None = None,
        api_key: str | None = None,
        models_port: int = 0,
        hub_port: int = 0,
    ) -> None:
        hub = Hub({_DATASET: TICKETS, **(datasets or {})}, gated=gated, private=private, accounts=hub_accounts)
        self._servers = BackgroundServers()
        try:
            self.models_url = f"{self._servers.serve(models_app(api_key), models_port)}/v1"
            self.hub_url = self._servers.serve(hub.app(), hub_port)
        except BaseException:
            self.close()
            raise

    @property
    def chat_url(self) -> str:
        """The URL of a candidate: `POST` a chat completion request with a `model` of MODELS."""
        return f"{self.models_url}/chat/completions"

    @property
    def dataset_url(self) -> str:
        """The demo's tickets on the hub stand-in."""
        return f"{self.hub_url}/datasets/{_DATASET}/resolve/main/{TICKETS.name}"

    def close(self) -> None:
        """Stop both servers."""
        self._servers.close()

    def __enter__(self) -> "StandIns":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
