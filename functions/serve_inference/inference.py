"""One inference request: who asks, which model serves, what it answered, and the trace of it."""

import asyncio
import time
from collections.abc import Callable

from msgspec.structs import replace
from starlette.requests import Request
from starlette.responses import Response

from functions.serve_inference.answering import AnswerThenTrace
from functions.serve_inference.asked import Asked, read
from functions.serve_inference.recent import Recent
from gero import access, providers
from gero.access import Principal
from gero.kit import Conflict, NotFound, UpstreamFailed, clock, is_id, log, money, new_id, queues, settings
from gero.providers import Answer
from gero.providers.target import NoTarget, Target
from gero.traces import Trace, TraceMessage

Owner = tuple[str, str]
"""The workspace, and the id of the leaderboard or model that was asked."""
_NO_RANKING = Conflict("no model serves this leaderboard yet; complete a run first", code="no_ranking")
_NOT_DEPLOYED = Conflict("this model is not deployed; deploy one of its versions first", code="model_not_deployed")
_STATUS = {"rate_limited": 429, "endpoint_waking": 503}
_principals: Recent[Principal] = Recent(seconds=5)
_targets: Recent[tuple[Target, dict[str, str]]] = Recent(seconds=5)


async def infer(request: Request) -> Response:
    """Answer a request with a leaderboard's production model; the trace is sent after the answer, never before."""
    leaderboard_id = request.path_params["leaderboard_id"]
    caller = await _caller(request)
    asked = read(await request.body())
    served = await _target(caller.workspace_id, leaderboard_id, providers.target.key, "leaderboard", _NO_RANKING)
    return await _answer(request, asked, served, (caller.workspace_id, leaderboard_id))


async def infer_model(request: Request) -> Response:
    """Answer a request with the deployed version of a Dr.Gero model. Its traces are kept under the model's id."""
    model_id = request.path_params["model_id"]
    caller = await _caller(request)
    asked = read(await request.body())
    served = await _target(caller.workspace_id, model_id, providers.target.model_key, "model", _NOT_DEPLOYED)
    return await _answer(request, asked, served, (caller.workspace_id, model_id))


async def _answer(request: Request, asked: Asked, served: tuple[Target, dict[str, str]], owner: Owner) -> Response:
    target, headers = served
    messages = asked.messages or providers.prompt.messages(target.prompt, asked.text)
    trace = Trace(
        trace_id=new_id(),
        source="inference",
        created_at=clock.iso(),
        input=asked.text,
        messages=asked.messages,
        model_id=target.candidate_id,
        model=target.name,
    )
    body = providers.request_body(target.endpoint, messages, asked.parameters)
    try:
        answer = await providers.ask(request.state.session, target.endpoint, headers, body)
    except UpstreamFailed as error:
        return _failed(error, trace, owner)
    return _answered(answer, target, trace, owner)


def forget() -> None:
    """Drop what was read from the table; for tests."""
    _principals.forget()
    _targets.forget()


async def _caller(request: Request) -> Principal:
    headers = request.headers
    presented = "\0".join(headers.get(name, "") for name in ("authorization", "x-api-key", "x-dr.gero-api-key"))
    caller = await _principals.get(presented, lambda: access.authenticate(headers))
    caller.require("leaderboards:inference")
    return caller


async def _target(
    workspace_id: str, owner_id: str, key: Callable[[str, str], providers.target.Key], noun: str, missing: Conflict
) -> tuple[Target, dict[str, str]]:
    """What answers for a leaderboard or a model, and its headers. NotFound when there is none of that id; `missing`
    when nothing answers for it yet.
    """

    def load() -> tuple[Target, dict[str, str]]:
        found = providers.target.load(key(workspace_id, owner_id)) if is_id(owner_id) else None
        if found is None:
            raise NotFound(f"no such {noun} in this workspace")
        if isinstance(found, NoTarget):
            raise Conflict(missing.message, code=missing.code)
        return found, found.endpoint.headers(workspace_id)

    return await _targets.get(f"{noun}/{workspace_id}/{owner_id}", load)


def _answered(answer: Answer, target: Target, trace: Trace, owner: Owner) -> Response:
    recorded = replace(
        trace,
        output=answer.text,
        provider=answer.provider,
        latency_ms=round(answer.latency_ms, 2),
        tokens_in=answer.tokens_in,
        tokens_out=answer.tokens_out,
        cost_nanos=answer.cost_nanos,
        usage_estimated=answer.usage_estimated,
    )
    body = {
        "id": f"chatcmpl-{trace.trace_id}",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": answer.model or target.endpoint.model or target.name,
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": answer.text},
                "finish_reason": answer.finish_reason or "stop",
            }
        ],
        "usage": {
            "prompt_tokens": answer.tokens_in,
            "completion_tokens": answer.tokens_out,
            "total_tokens": answer.tokens_in + answer.tokens_out,
        },
        "output": answer.text,
        "leaderboard_id": owner[1] if target.candidate_id != owner[1] else None,
        "model_id": target.candidate_id,
        "trace_id": trace.trace_id,
        "cost_usd": money.to_usd(answer.cost_nanos),
        "latency_ms": round(answer.latency_ms, 2),
    }
    return AnswerThenTrace(body, 200, _headers(trace), lambda: _send(recorded, owner))


def _failed(error: UpstreamFailed, trace: Trace, owner: Owner) -> Response:
    recorded = replace(trace, error=error.message)
    return AnswerThenTrace(error.body(), _STATUS.get(error.code, 502), _headers(trace), lambda: _send(recorded, owner))


def _headers(trace: Trace) -> dict[str, str]:
    return {"X-Dr.Gero-Trace-Id": trace.trace_id, "X-Dr.Gero-Model-Id": str(trace.model_id)}


async def _send(trace: Trace, owner: Owner) -> None:
    body = TraceMessage(*owner, trace).encode()
    try:
        await asyncio.to_thread(queues.send, settings.required("GERO_TRACE_QUEUE_URL"), [body])
    except Exception as error:  # noqa: BLE001  the client has its answer: a lost trace must not take it back
        log.failure("trace.lost", error, trace_id=trace.trace_id)
