"""How models are called: endpoint, prompt, request, answer, retries.

What needs aiohttp (179 ms of import) is loaded on first use: slices that only describe endpoints stay light.
"""

from typing import TYPE_CHECKING, Any

from gero.providers import catalogue, directory, prompt, serving, target
from gero.providers.answer import Answer, characters_of
from gero.providers.breaker import Breakers
from gero.providers.endpoint import AUTH_METHODS, Endpoint, check_auth, seal_secret
from gero.providers.health import Health
from gero.providers.pace import Pace, Stopped
from gero.providers.refusal import CallFailed, redacted

if TYPE_CHECKING:
    from gero.providers.call import PATIENCE_SECONDS, NotNow, ask, ask_patiently, ask_whole, new_session, request_body
    from gero.providers.stream import AnswerStream, open_stream

__all__ = [
    "AUTH_METHODS",
    "PATIENCE_SECONDS",
    "Answer",
    "AnswerStream",
    "Breakers",
    "CallFailed",
    "Endpoint",
    "Health",
    "NotNow",
    "Pace",
    "Stopped",
    "ask",
    "ask_patiently",
    "ask_whole",
    "catalogue",
    "characters_of",
    "check_auth",
    "directory",
    "new_session",
    "open_stream",
    "prompt",
    "redacted",
    "request_body",
    "seal_secret",
    "serving",
    "target",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(name)
    from gero.providers import call, stream

    return getattr(stream if name in ("AnswerStream", "open_stream") else call, name)
