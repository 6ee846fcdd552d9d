"""What the app holds while it lives: connections to models, messages on their way out, work that follows answers."""

import contextlib
from collections.abc import AsyncIterator
from typing import NamedTuple

import aiohttp

from functions.serve_inference.lingering import Lingering, on_lambda
from functions.serve_inference.outbox import Outbox
from gero import providers
from gero.kit import settings

_MAX_CONNECTIONS = 512
_GATHER_SECONDS = 0.02


class Means(NamedTuple):
    """Of one process, on one event loop."""

    session: aiohttp.ClientSession
    lingering: Lingering
    traces: Outbox
    shadows: Outbox


@contextlib.asynccontextmanager
async def means() -> AsyncIterator[Means]:
    """Until the block ends, which waits for what still follows answers."""
    # Lambda bills the time after an answer; elsewhere the next answer should not share the processor with a message.
    gather = 0.0 if on_lambda() else _GATHER_SECONDS
    traces, shadows = (Outbox(settings.required(f"GERO_{name}_QUEUE_URL"), gather) for name in ("TRACE", "SHADOW"))
    lingering = Lingering()
    async with providers.new_session(_MAX_CONNECTIONS) as session, lingering.held_open():
        yield Means(session, lingering, traces, shadows)
