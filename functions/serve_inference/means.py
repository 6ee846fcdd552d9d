"""What the app holds while it lives: connections to models, messages on their way out, work that follows answers."""

import contextlib
from collections.abc import AsyncIterator
from typing import NamedTuple

import aiohttp

from functions.serve_inference.lingering import Lingering
from functions.serve_inference.outbox import Outbox
from gero import providers
from gero.kit import settings

_MAX_CONNECTIONS = 512


class Means(NamedTuple):
    """Of one process, on one event loop."""

    session: aiohttp.ClientSession
    lingering: Lingering
    traces: Outbox
    shadows: Outbox


@contextlib.asynccontextmanager
async def means() -> AsyncIterator[Means]:
    """Until the block ends, which waits for what still follows answers."""
    traces, shadows = (Outbox(settings.required(f"GERO_{name}_QUEUE_URL")) for name in ("TRACE", "SHADOW"))
    lingering = Lingering()
    async with providers.new_session(_MAX_CONNECTIONS) as session, lingering.held_open():
        yield Means(session, lingering, traces, shadows)
