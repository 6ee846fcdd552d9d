"""What OpenAI's own client in Python sees of an endpoint; prints it as JSON."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import openai  # type: ignore[import-not-found]

from tests.third_party.clients.questions import IMAGE, NAMES, POOR_TOKEN, RESULT, TOKEN, TOOL, URL, Form

MODEL = NAMES[0]
client = openai.OpenAI(base_url=URL, api_key=TOKEN, max_retries=0)
chat = client.chat.completions


def asked(content: Any, **fields: Any) -> dict[str, Any]:
    """The arguments of a request with one question."""
    return {"model": MODEL, "messages": [{"role": "user", "content": content}], **fields}


def raised(call: Callable[[], object]) -> dict[str, Any]:
    """The error of a call."""
    try:
        call()
    except openai.APIError as error:
        told = {"class": type(error).__name__, "message": error.message, "code": error.code, "param": error.param}
        return told | {"status": getattr(error, "status_code", None)}
    return {"class": None}


def streamed() -> dict[str, Any]:
    """A stream with its usage."""
    chunks = list(chat.create(**asked("Where is my parcel?"), stream=True, stream_options={"include_usage": True}))
    choices = [one.choices[0] for one in chunks if one.choices]
    return {
        "pieces": [one.delta.content for one in choices if one.delta.content],
        "finish": choices[-1].finish_reason,
        "usage": [(one.usage.prompt_tokens, one.usage.completion_tokens) for one in chunks if one.usage],
        "usage_last": chunks[-1].usage is not None,
    }


def tools() -> dict[str, Any]:
    """A call of a tool, whole and streamed, and the turn after it."""
    first = asked("Look it up", tools=[TOOL], tool_choice="auto")
    said = chat.create(**first).choices[0]
    call = said.message.tool_calls[0]
    with chat.stream(**first) as stream:
        parts = [event.arguments_delta for event in stream if event.type == "tool_calls.function.arguments.delta"]
        end = stream.get_final_completion().choices[0]
    result = {"role": "tool", "tool_call_id": call.id, "content": RESULT}
    second = first | {"messages": [*first["messages"], said.message, result]}
    return {
        "whole": [said.finish_reason, call.id, call.function.name, call.function.arguments],
        "streamed": [end.finish_reason, *_call(end.message.tool_calls[0])],
        "parts": parts,
        "second_turn": chat.create(**second).choices[0].message.content,
    }


def _call(call: Any) -> list[str]:
    return [call.id, call.function.name, call.function.arguments]


def structured() -> list[Any]:
    """An answer in a form, whole and streamed."""
    whole = chat.parse(**asked("Fill in the form"), response_format=Form).choices[0].message.parsed
    with chat.stream(**asked("Fill in the form"), response_format=Form) as stream:
        streamed = stream.get_final_completion().choices[0].message.parsed
    return [whole.model_dump(), streamed.model_dump()]


def twice() -> list[list[str]]:
    """Two answers to one question, whole and streamed."""
    whole = [one.message.content for one in chat.create(**asked("Say it twice", n=2)).choices]
    texts = ["", ""]
    for chunk in chat.create(**asked("Say it twice", n=2), stream=True):
        for choice in chunk.choices:
            texts[choice.index] += choice.delta.content or ""
    return [whole, texts]


def left() -> list[str]:
    """A stream that is closed after its first words."""
    stream = chat.create(**asked("Count slowly"), stream=True)
    words = []
    for chunk in stream:
        words.append(chunk.choices[0].delta.content)
        if len(words) == 3:
            stream.close()
            break
    return words


def errors() -> dict[str, Any]:
    """Errors by what went wrong."""
    stranger = client.with_options(api_key="drgero_wrong")
    poor = client.with_options(api_key=POOR_TOKEN).chat.completions
    hasty = client.with_options(timeout=0.3).chat.completions
    return {
        "token": raised(lambda: stranger.chat.completions.create(**asked("x"))),
        "listing": raised(lambda: stranger.models.list()),
        "model": raised(lambda: chat.create(**asked("x") | {"model": "nobody"})),
        "retrieve": raised(lambda: client.models.retrieve("nobody")),
        "elsewhere": raised(lambda: client.responses.create(model=MODEL, input="x")),
        "unranked": raised(lambda: chat.create(**asked("x") | {"model": "Unranked"})),
        "body": raised(lambda: chat.create(**asked("x"), extra_body={"apply_prompt": "yes"})),
        "poor": raised(lambda: poor.create(**asked("x"))),
        "refused": raised(lambda: chat.create(**asked("Refuse"))),
        "throttled": raised(lambda: chat.create(**asked("Too many"))),
        "throttled_stream": raised(lambda: chat.create(**asked("Too many"), stream=True)),
        "halfway": raised(lambda: list(chat.create(**asked("Break"), stream=True))),
        "slow": raised(lambda: hasty.create(**asked("Think long"))),
        "slow_stream": raised(lambda: list(hasty.create(**asked("Stop halfway"), stream=True))),
    }


def tries() -> int:
    """How often a client that is as patient as it is by default asks what has no answer yet."""
    try:
        client.with_options(max_retries=2).chat.completions.create(**asked("x") | {"model": "Unranked"})
    except openai.ConflictError as error:
        return 1 + int(error.response.request.headers["x-stainless-retry-count"])
    return 0


async def concurrently() -> list[str]:
    """Several questions at a time, by the asynchronous client."""
    async with openai.AsyncOpenAI(base_url=URL, api_key=TOKEN, max_retries=0) as own:
        answers = await asyncio.gather(*(own.chat.completions.create(**asked("Where is my parcel?")) for _ in range(8)))
        return [one.choices[0].message.content for one in answers]


def main() -> dict[str, Any]:
    """All of it."""
    raw = chat.with_raw_response.create(**asked("Where is my parcel?"))
    whole = raw.parse()
    return {
        "whole": {
            "text": whole.choices[0].message.content,
            "finish": whole.choices[0].finish_reason,
            "usage": [whole.usage.prompt_tokens, whole.usage.completion_tokens],
        },
        "request_id": whole._request_id,
        "trace_id": raw.headers["x-dr.gero-trace-id"],
        "stream": streamed(),
        "tools": tools(),
        "structured": structured(),
        "image": chat.create(**asked(IMAGE)).choices[0].message.content,
        "twice": twice(),
        "names": {
            name: chat.create(**asked("Where is my parcel?") | {"model": name}).choices[0].message.content
            for name in NAMES
        },
        "models": [one.id for one in client.models.list()],
        "retrieved": [client.models.retrieve(name).id for name in NAMES],
        "left": left(),
        "errors": errors(),
        "tries": tries(),
        "concurrently": asyncio.run(concurrently()),
    }


if __name__ == "__main__":
    print(json.dumps(main()))
