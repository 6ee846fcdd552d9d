"""What LiteLLM, as a library, sees of an endpoint that speaks as OpenAI does; prints it as JSON."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import litellm  # type: ignore[import-not-found]

from tests.third_party.clients.questions import IMAGE, NAMES, POOR_TOKEN, RESULT, TOKEN, TOOL, URL, Form

litellm.suppress_debug_info = True


def asked(content: Any, **fields: Any) -> dict[str, Any]:
    """The arguments of a request with one question."""
    own = {"api_base": URL, "api_key": TOKEN, "max_retries": 0, "model": f"openai/{NAMES[0]}"}
    return {**own, "messages": [{"role": "user", "content": content}], **fields}


def complete(content: Any, **fields: Any) -> Any:
    """Ask."""
    return litellm.completion(**asked(content, **fields))


def raised(call: Callable[[], object]) -> dict[str, Any]:
    """The error of a call."""
    try:
        call()
    except Exception as error:  # noqa: BLE001  its errors have no base of their own
        return {"class": type(error).__name__, "message": str(error), "status": getattr(error, "status_code", None)}
    return {"class": None}


def streamed() -> dict[str, Any]:
    """A stream with its usage."""
    chunks = list(complete("Where is my parcel?", stream=True, stream_options={"include_usage": True}))
    choices = [one.choices[0] for one in chunks if one.choices]
    usages = [one.usage for one in chunks if getattr(one, "usage", None)]
    return {
        "pieces": [one.delta.content for one in choices if one.delta.content],
        "finish": next(one.finish_reason for one in choices if one.finish_reason),
        "usage": [(one.prompt_tokens, one.completion_tokens) for one in usages],
        "usage_last": getattr(chunks[-1], "usage", None) is not None,
    }


def tools() -> dict[str, Any]:
    """A call of a tool, whole and streamed, and the turn after it."""
    fields = {"tools": [TOOL], "tool_choice": "auto"}
    said = complete("Look it up", **fields).choices[0]
    call = said.message.tool_calls[0]
    chunks = list(complete("Look it up", **fields, stream=True))
    calls = [one for chunk in chunks for one in chunk.choices[0].delta.tool_calls or ()]
    end = litellm.stream_chunk_builder(chunks).choices[0]
    result = {"role": "tool", "tool_call_id": call.id, "content": RESULT}
    turns = [*asked("Look it up")["messages"], said.message.model_dump(), result]
    return {
        "whole": [said.finish_reason, *_call(call)],
        "streamed": [end.finish_reason, *_call(end.message.tool_calls[0])],
        "parts": [one.function.arguments for one in calls],
        "second_turn": complete("", **fields, messages=turns).choices[0].message.content,
    }


def _call(call: Any) -> list[str]:
    return [call.id, call.function.name, call.function.arguments]


def structured() -> list[Any]:
    """An answer in a form, whole and streamed."""
    whole = complete("Fill in the form", response_format=Form)
    chunks = list(complete("Fill in the form", response_format=Form, stream=True))
    told = (whole, litellm.stream_chunk_builder(chunks))
    return [Form.model_validate_json(one.choices[0].message.content).model_dump() for one in told]


def twice() -> list[list[str]]:
    """Two answers to one question, whole and streamed."""
    whole = [one.message.content for one in complete("Say it twice", n=2).choices]
    texts = ["", ""]
    for chunk in complete("Say it twice", n=2, stream=True):
        for choice in chunk.choices:
            texts[choice.index] += choice.delta.content or ""
    return [whole, texts]


def left() -> list[str]:
    """A stream that is closed after its first words."""
    stream = complete("Count slowly", stream=True)
    words = []
    for chunk in stream:
        words.append(chunk.choices[0].delta.content)
        if len(words) == 3:
            stream.close()
            break
    return words


def errors() -> dict[str, Any]:
    """Errors by what went wrong."""
    return {
        "token": raised(lambda: complete("x", api_key="drgero_wrong")),
        "model": raised(lambda: complete("x", model="openai/nobody")),
        "elsewhere": raised(lambda: litellm.embedding(f"openai/{NAMES[0]}", ["x"], api_base=URL, api_key=TOKEN)),
        "unranked": raised(lambda: complete("x", model="openai/Unranked")),
        "body": raised(lambda: complete("x", extra_body={"apply_prompt": "yes"})),
        "poor": raised(lambda: complete("x", api_key=POOR_TOKEN)),
        "refused": raised(lambda: complete("Refuse")),
        "throttled": raised(lambda: complete("Too many")),
        "throttled_stream": raised(lambda: complete("Too many", stream=True)),
        "halfway": raised(lambda: list(complete("Break", stream=True))),
        "slow": raised(lambda: complete("Think long", timeout=0.3)),
        "slow_stream": raised(lambda: list(complete("Stop halfway", stream=True, timeout=0.3))),
    }


async def concurrently() -> list[str]:
    """Several questions at a time."""
    answers = await asyncio.gather(*(litellm.acompletion(**asked("Where is my parcel?")) for _ in range(8)))
    return [one.choices[0].message.content for one in answers]


def main() -> dict[str, Any]:
    """All of it."""
    whole = complete("Where is my parcel?")
    return {
        "whole": {
            "text": whole.choices[0].message.content,
            "finish": whole.choices[0].finish_reason,
            "usage": [whole.usage.prompt_tokens, whole.usage.completion_tokens],
        },
        "trace_id": whole._hidden_params["additional_headers"]["llm_provider-x-dr.gero-trace-id"],
        "stream": streamed(),
        "tools": tools(),
        "structured": structured(),
        "image": complete(IMAGE).choices[0].message.content,
        "twice": twice(),
        "names": {
            name: complete("Where is my parcel?", model=f"openai/{name}").choices[0].message.content for name in NAMES
        },
        "models": litellm.get_valid_models(
            check_provider_endpoint=True, custom_llm_provider="openai", api_base=URL, api_key=TOKEN
        ),
        "left": left(),
        "errors": errors(),
        "concurrently": asyncio.run(concurrently()),
    }


if __name__ == "__main__":
    print(json.dumps(main()))
