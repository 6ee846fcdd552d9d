"""What Gero needs from outside, on this machine: models to rank, a hub that serves the dataset to rank on, OpenRouter,
a server that fine-tunes, and a sign-in for people.

with StandIns() as stand_ins:
    stand_ins.chat_url        # where every model of MODELS answers
    stand_ins.dataset_url     # the demo's tickets, in the hub's URL form
    stand_ins.openrouter_url  # the base URL of an OpenRouter that takes OPENROUTER_KEY
    stand_ins.tuning_url      # where models of MODELS can be fine-tuned
    stand_ins.sign_in_url     # the issuer of the development sign-in
"""

from collections.abc import Mapping, Set
from types import TracebackType
from urllib.parse import urlsplit

from infra.local.stand_ins import openrouter
from infra.local.stand_ins.background import BackgroundServers
from infra.local.stand_ins.fine_tuning import FineTuning
from infra.local.stand_ins.hub import Account, Hub, Root
from infra.local.stand_ins.models import MODELS, Model
from infra.local.stand_ins.openrouter import OpenRouter
from infra.local.stand_ins.server import models_app
from infra.local.stand_ins.sign_in import CLIENT_ID, Accounts, SignIn
from infra.local.stand_ins.task import LABELS, PROMPT, TICKETS

__all__ = ["LABELS", "MODELS", "OPENROUTER_KEY", "PROMPT", "TICKETS", "Account", "Hub", "Model", "StandIns"]

OPENROUTER_KEY = "sk-or-v1-stand-in"
_TUNING_STEP_SECONDS = 1.0  # a job is validated, waits, and runs for so long each

_DATASET = "demo/support-tickets"


class StandIns:
    """The servers, running on 127.0.0.1 from construction until `close`.

    `datasets` are served beside the demo's own, "owner/name" -> folder or file, or one of them by revision; the closed
    ones need a token of `hub_accounts` that may read them. `api_key` closes the models to requests without it.
    `accounts`: of people who can sign in. `ports`: those to take, by the names of the property of that name; OSError
    when one is taken.
    """

    def __init__(
        self,
        *,
        datasets: Mapping[str, Root] | None = None,
        gated: Set[str] = frozenset(),
        private: Set[str] = frozenset(),
        hub_accounts: Mapping[str, Account] | None = None,
        api_key: str | None = None,
        accounts: Accounts | None = None,
        ports: Mapping[str, int] | None = None,
    ) -> None:
        hub = Hub({_DATASET: TICKETS, **(datasets or {})}, gated=gated, private=private, accounts=hub_accounts)
        listed = (*openrouter.LISTED, *openrouter.JUDGES_LISTED)
        self.openrouter = OpenRouter({OPENROUTER_KEY: openrouter.Account("stand-in")}, listed)
        tuning = FineTuning(step_seconds=_TUNING_STEP_SECONDS)
        self.sign_in = SignIn(accounts)
        apps = {
            "models": models_app(api_key),
            "hub": hub.app(),
            "openrouter": self.openrouter.app(),
            "tuning": tuning.app(),
            "sign_in": self.sign_in.app(),
        }
        self._servers = BackgroundServers()
        try:
            self._urls = {name: self._servers.serve(app, (ports or {}).get(name, 0)) for name, app in apps.items()}
        except BaseException:
            self.close()
            raise

    @property
    def models_url(self) -> str:
        """The base URL of the models."""
        return f"{self._urls['models']}/v1"

    @property
    def hub_url(self) -> str:
        """The base URL of the hub."""
        return self._urls["hub"]

    @property
    def openrouter_url(self) -> str:
        """The base URL of OpenRouter's API."""
        return f"{self._urls['openrouter']}{openrouter.PATH}"

    @property
    def tuning_url(self) -> str:
        """Where the models that can be fine-tuned, and those that were, answer chats."""
        return f"{self._urls['tuning']}/v1/chat/completions"

    @property
    def sign_in_url(self) -> str:
        """The issuer of the development sign-in, at which people of `sign_in.accounts` sign in."""
        return self._urls["sign_in"]

    @property
    def sign_in_environment(self) -> dict[str, str]:
        """What the functions are told, so that people sign in here and make workspaces of their own."""
        issuer = {"GERO_SIGN_IN_ISSUER": self.sign_in_url, "GERO_SIGN_IN_CLIENT_ID": CLIENT_ID}
        return {**issuer, "GERO_OPEN_WORKSPACES": "true"}

    @property
    def ports(self) -> dict[str, int]:
        """Where each server listens."""
        return {name: urlsplit(url).port or 0 for name, url in self._urls.items()}

    @property
    def chat_url(self) -> str:
        """The URL of a candidate: `POST` a chat completion request with a `model` of MODELS."""
        return f"{self.models_url}/chat/completions"

    @property
    def dataset_url(self) -> str:
        """The demo's tickets on the hub stand-in."""
        return f"{self.hub_url}/datasets/{_DATASET}/resolve/main/{TICKETS.name}"

    def close(self) -> None:
        """Stop the servers."""
        self._servers.close()

    def __enter__(self) -> "StandIns":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
