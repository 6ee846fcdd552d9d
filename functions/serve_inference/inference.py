"""The paths: who asks, what they ask, and what answers."""

from functions.serve_inference import finding, web
from functions.serve_inference.answering import Answering
from functions.serve_inference.asked import MAX_BYTES, Asked, read
from functions.serve_inference.exchange import Exchange
from functions.serve_inference.means import Means
from functions.serve_inference.web import Request, Send
from gero.access import Principal
from gero.kit import NotFound, clock
from gero.providers.directory import Entry


async def infer(request: Request, send: Send, means: Means) -> None:
    """Answer with a leaderboard's production model."""
    caller, asked = await _read(request)
    served = await finding.by_id(caller.workspace_id, "leaderboard", request.parts["id"])
    await _answer(request, send, means, Exchange(caller, asked, served), openai=False)


async def infer_model(request: Request, send: Send, means: Means) -> None:
    """Answer with the deployed version of a Dr.Gero model. Its traces are kept under the model's id."""
    caller, asked = await _read(request)
    served = await finding.by_id(caller.workspace_id, "model", request.parts["id"])
    await _answer(request, send, means, Exchange(caller, asked, served), openai=False)


async def chat(request: Request, send: Send, means: Means) -> None:
    """Answer as OpenAI does; `model` names a leaderboard or a Dr.Gero model."""
    caller, asked = await _read(request, openai=True)
    served = await finding.by_name(caller.workspace_id, str(asked.model))
    await _answer(request, send, means, Exchange(caller, asked, served), openai=True)


async def list_models(request: Request, send: Send, means: Means) -> None:
    """What can be asked, as OpenAI lists models."""
    caller = await finding.caller(request.headers)
    entries = await finding.askable(caller.workspace_id)
    names = [entry.slug for entry in entries]
    data = [_model(one, unambiguous=names.count(one.slug) == 1) for one in entries]
    await web.reply(send, 200, {"object": "list", "data": data})


async def read_model(request: Request, send: Send, means: Means) -> None:
    """One that can be asked, by its id, its name or its slug."""
    caller = await finding.caller(request.headers)
    entry = await finding.named(caller.workspace_id, request.parts["id"])
    if entry.id not in {one.id for one in await finding.askable(caller.workspace_id)}:
        raise NotFound("model: nothing answers for it yet", code="model_not_found", field="model")
    await web.reply(send, 200, _model(entry, unambiguous=True))


async def _read(request: Request, *, openai: bool = False) -> tuple[Principal, Asked]:
    caller = await finding.caller(request.headers)
    return caller, read(await request.body(MAX_BYTES), openai=openai)


async def _answer(request: Request, send: Send, means: Means, exchange: Exchange, *, openai: bool) -> None:
    await Answering(exchange, means, openai=openai).run(request, send)


def _model(entry: Entry, *, unambiguous: bool) -> dict[str, object]:
    return {
        "id": entry.slug if unambiguous and entry.slug else entry.id,
        "object": "model",
        "created": int(clock.parse(entry.created_at).timestamp()),
        "owned_by": "gero",
        "name": entry.name,
        "kind": entry.kind,
        "gero_id": entry.id,
    }
