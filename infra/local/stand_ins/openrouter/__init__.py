"""A stand-in for OpenRouter: its list of models, its keys and its chat completions, on this machine.

`GET /models`, `GET /models/{author}/{slug}/endpoints`, `GET /key` and `POST /chat/completions` below `/api/v1`. Answers
are those of the stand-in models; the list around them is made up (see `listing`). No call leaves this machine.
Source: https://openrouter.ai/docs/api-reference
"""

import asyncio
import hmac
from collections import Counter
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, NamedTuple

import msgspec
from aiohttp import web

from infra.local.stand_ins import chat
from infra.local.stand_ins.background import BackgroundServers
from infra.local.stand_ins.judges import JUDGES
from infra.local.stand_ins.models import MODELS
from infra.local.stand_ins.openrouter.faults import Kind, answer, faulty, refuse
from infra.local.stand_ins.openrouter.listing import JUDGES_LISTED, LISTED, Listed, Provider, today

__all__ = ["JUDGES_LISTED", "LISTED", "Account", "Kind", "Listed", "OpenRouter", "OpenRouterServer", "Provider"]

PATH = "/api/v1"
_PROGRAMS = {**MODELS, **JUDGES}
_MAX_BODY_BYTES = 4 * 1024 * 1024


class Account(NamedTuple):
    """Whose a key is: a name, and what may be spent with it in dollars (None: no limit)."""

    name: str
    limit: float | None = None
    is_free_tier: bool = False


class _Routing(msgspec.Struct):
    """Which providers may answer a request."""

    only: list[str] | None = None
    order: list[str] | None = None
    allow_fallbacks: bool = True
    quantizations: list[str] | None = None


class _Routed(msgspec.Struct):
    """What a request says beside what every chat completion request says."""

    provider: _Routing | None = None


class OpenRouter:
    """The models of `listed`, for those who bring a key of `accounts`. `listed` may be changed while it runs.

    `asked` counts the requests by path; `spent` is what was used of each key, in dollars.
    """

    def __init__(self, accounts: Mapping[str, Account], listed: Sequence[Listed] = LISTED) -> None:
        self.accounts = dict(accounts)
        self.listed = listed
        self.asked: Counter[str] = Counter()
        self.spent: Counter[str] = Counter()
        self._faults: list[tuple[Kind, str | None]] = []

    def fail(self, kind: Kind, *, times: int = 1, model: str | None = None) -> None:
        """Refuse the next chat completions (of a model) in a way of OpenRouter's."""
        self._faults += [(kind, model)] * times

    def mend(self) -> None:
        """Refuse nothing any more."""
        self._faults.clear()

    def app(self) -> web.Application:
        """The application to serve; its paths begin with `PATH`."""
        app = web.Application(middlewares=[self._counted], client_max_size=_MAX_BODY_BYTES)
        app.router.add_get(f"{PATH}/models", self._models)
        app.router.add_get(f"{PATH}/models/{{author}}/{{slug}}/endpoints", self._endpoints)
        app.router.add_get(f"{PATH}/key", self._key)
        app.router.add_post(f"{PATH}/chat/completions", self._complete)
        return app

    @web.middleware
    async def _counted(self, request: web.Request, handler: Any) -> web.StreamResponse:
        self.asked[request.path.removeprefix(PATH)] += 1
        try:
            response: web.StreamResponse = await handler(request)
            return response
        except web.HTTPException as error:
            return refuse(error.status, error.reason)

    def _key_of(self, request: web.Request) -> str | None:
        sent = request.headers.get("Authorization", "").removeprefix("Bearer ").encode()
        return next((key for key in self.accounts if hmac.compare_digest(sent, key.encode())), None)

    async def _models(self, _: web.Request) -> web.Response:
        now = today()
        return answer({"data": [one.described(now) for one in self.listed]})

    async def _endpoints(self, request: web.Request) -> web.Response:
        key = self._key_of(request)
        if key is None and "Authorization" in request.headers:
            return faulty("unauthorized")
        found = self._find(f"{request.match_info['author']}/{request.match_info['slug']}")
        if found is None:
            return refuse(404, "Not Found")
        return answer({"data": found.endpoints(today(), known=key is not None)})

    async def _key(self, request: web.Request) -> web.Response:
        key = self._key_of(request)
        if key is None:
            return faulty("unauthorized")
        account, used = self.accounts[key], float(self.spent[key])
        told = {
            "label": f"{key[:12]}...{key[-3:]}",
            "limit": account.limit,
            "limit_remaining": None if account.limit is None else max(0.0, account.limit - used),
            "limit_reset": None,
            "usage": used,
            "is_free_tier": account.is_free_tier,
            "is_provisioning_key": False,
            "rate_limit": {"requests": -1, "interval": "10s"},
        }
        return answer({"data": told})

    async def _complete(self, request: web.Request) -> web.Response:
        arrived = asyncio.get_running_loop().time()
        key = self._key_of(request)
        if key is None:
            return faulty("unauthorized")
        try:
            body = await request.read()
            asked = chat.decode_request(body)
            routing = msgspec.json.decode(body, type=_Routed).provider or _Routing()
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            return refuse(400, f"Invalid request body: {error}")
        found = self._find(asked.model)
        if found is None:
            return refuse(400, f"{asked.model} is not a valid model ID")
        if fault := self._fault(found.id):
            return faulty(fault)
        limit = self.accounts[key].limit
        if limit is not None and float(self.spent[key]) >= limit:
            return faulty("credits")
        provider = _routed(found, routing)
        if provider is None:
            tags = [one.tag for one in found.providers]
            told = "No allowed providers are available for the selected model."
            return refuse(404, told, available_providers=tags, requested_providers=routing.only or [])
        document = _document(asked, found, provider)
        self.spent[key] += document["usage"]["cost"]
        waited = asyncio.get_running_loop().time() - arrived
        await asyncio.sleep(_PROGRAMS[found.answers].latency_seconds(asked.prompt) - waited)
        return answer(document)

    def _find(self, model_id: str) -> Listed | None:
        return next((one for one in self.listed if one.id == model_id), None)

    def _fault(self, model_id: str) -> Kind | None:
        due = next((one for one in self._faults if one[1] in (None, model_id)), None)
        if due is None:
            return None
        self._faults.remove(due)
        return due[0]


class OpenRouterServer:
    """An OpenRouter on 127.0.0.1 from construction until `close`. Port 0 takes a free one; OSError when it is taken."""

    def __init__(self, openrouter: OpenRouter, port: int = 0) -> None:
        self._servers = BackgroundServers()
        try:
            self.base_url = f"{self._servers.serve(openrouter.app(), port)}{PATH}"
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Stop serving; a second call does nothing."""
        self._servers.close()

    def __enter__(self) -> "OpenRouterServer":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _routed(model: Listed, routing: _Routing) -> Provider | None:
    """Who answers: the first of `order`, otherwise the cheapest of those that may."""
    allowed = [one for one in model.providers if _names(routing.only, one)]
    allowed = [one for one in allowed if not routing.quantizations or one.quantization in routing.quantizations]
    order = [one for tag in routing.order or () for one in allowed if _names([tag], one)]
    if routing.order and not routing.allow_fallbacks:
        allowed = order
    return next(iter([*order, *sorted(allowed, key=lambda one: (one.price, one.tag))]), None)


def _names(tags: list[str] | None, provider: Provider) -> bool:
    """Whether one of the tags is the provider's: "bargain" names "bargain/fp8", too."""
    return not tags or any(provider.tag == tag or provider.tag.startswith(f"{tag}/") for tag in tags)


def _document(asked: chat.ChatRequest, model: Listed, provider: Provider) -> dict[str, Any]:
    document = chat.Completion(asked, _PROGRAMS[model.answers]).document()
    usage = document["usage"]
    token_in, token_out = model.usd_per_token(provider)
    prompt_cost, completion_cost = usage["prompt_tokens"] * token_in, usage["completion_tokens"] * token_out
    costs = {"upstream_inference_prompt_cost": prompt_cost, "upstream_inference_completions_cost": completion_cost}
    document["usage"] = {**usage, "cost": round(prompt_cost + completion_cost, 12), "cost_details": costs}
    for choice in document["choices"]:
        choice["native_finish_reason"] = choice["finish_reason"]
    identifier = document["id"].replace("chatcmpl-", "gen-")
    return {**document, "id": identifier, "provider": provider.name, "model": model.id}
