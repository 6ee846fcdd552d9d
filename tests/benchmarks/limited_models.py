"""A model server in this process that refuses, fails and counts: what a run costs against a provider with limits."""

import asyncio
import json
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web


@dataclass
class Limits:
    """Shares of calls that are answered 429 and 500; how many are served at a time; how many a second."""

    refused: float = 0.0
    failed: float = 0.0
    at_a_time: int | None = None
    per_second: float | None = None
    latency_seconds: float = 0.02


@dataclass
class LimitedModels:
    """The server: its address, and what it counted."""

    limits: Limits
    url: str = ""
    calls: int = 0
    refused: int = 0
    under_way: int = 0
    most_under_way: int = 0
    answered: set[str] = field(default_factory=set)
    _chance: random.Random = field(default_factory=lambda: random.Random(7))
    _tokens: float = 1.0
    _filled_at: float = 0.0

    async def answer(self, request: web.BaseRequest) -> web.Response:
        """A chat completion, or what the limits say."""
        prompt = json.loads(await request.read())["messages"][-1]["content"]
        self.calls += 1
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            if self._is_too_much() or self._chance.random() < self.limits.refused:
                self.refused += 1
                return web.json_response({"error": {"message": "slow down"}}, status=429)
            await asyncio.sleep(self.limits.latency_seconds)
            if self._chance.random() < self.limits.failed:
                return web.json_response({"error": {"message": "oops"}}, status=500)
        finally:
            self.under_way -= 1
        self.answered.add(prompt)
        choice = {"index": 0, "message": {"role": "assistant", "content": prompt.rsplit(" ", 1)[-1]}}
        return web.json_response({"choices": [choice], "usage": {"prompt_tokens": 9, "completion_tokens": 1}})

    def _is_too_much(self) -> bool:
        limits, now = self.limits, time.monotonic()
        if limits.at_a_time is not None and self.under_way > limits.at_a_time:
            return True
        if limits.per_second is None:
            return False
        filled = self._tokens + (now - (self._filled_at or now)) * limits.per_second
        self._tokens, self._filled_at = min(limits.per_second, filled), now
        if self._tokens < 1:
            return True
        self._tokens -= 1
        return False


@asynccontextmanager
async def serving(limits: Limits) -> AsyncIterator[LimitedModels]:
    """The server, while the block runs."""
    models = LimitedModels(limits)
    runner = web.ServerRunner(web.Server(models.answer))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, backlog=1024)
    await site.start()
    models.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1/chat/completions"
    try:
        yield models
    finally:
        await runner.cleanup()
