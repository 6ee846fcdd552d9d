"""Traces in OpenTelemetry's words: the attributes of its conventions for generative AI, and Gero's own beside them.

Source: OpenTelemetry semantic conventions, "GenAI"; a test compares the names with its package.
"""

import json
from typing import Any, Final

from gero.kit import money
from gero.traces.trace import SCORE_SCALE, Trace

_NUMBERS: Final = {
    "temperature": "gen_ai.request.temperature",
    "top_p": "gen_ai.request.top_p",
    "frequency_penalty": "gen_ai.request.frequency_penalty",
    "presence_penalty": "gen_ai.request.presence_penalty",
}
_COUNTS: Final = {
    "max_tokens": "gen_ai.request.max_tokens",
    "max_completion_tokens": "gen_ai.request.max_tokens",
    "seed": "gen_ai.request.seed",
    "top_k": "gen_ai.request.top_k",
    "n": "gen_ai.request.choice.count",
}
_FORMS: Final = {"json_object": "json", "json_schema": "json", "text": "text"}


def attributes(trace: Trace, leaderboard_id: str | None = None) -> dict[str, Any]:
    """The trace's attributes by name: texts, numbers, booleans and lists of texts. Content only where it was kept."""
    found: dict[str, Any] = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": trace.provider or "gero",
        "gen_ai.request.model": trace.model,
        "gen_ai.request.stream": trace.streamed or None,
        "gen_ai.response.id": trace.trace_id,
        "gen_ai.response.model": trace.response_model,
        "gen_ai.response.finish_reasons": [trace.finish_reason] if trace.finish_reason else None,
        "gen_ai.response.time_to_first_chunk": _seconds(trace.first_byte_ms),
        "gen_ai.usage.input_tokens": trace.tokens_in,
        "gen_ai.usage.output_tokens": trace.tokens_out,
        "gen_ai.input.messages": _told(_asked(trace)),
        "gen_ai.output.messages": _told(_answered(trace)),
        "gen_ai.evaluation.name": None if trace.score is None else "gero.score",
        "gen_ai.evaluation.score.value": None if trace.score is None else trace.score / SCORE_SCALE,
        "gen_ai.evaluation.explanation": trace.reason if trace.score is not None else None,
        "error.type": "_OTHER" if trace.error else None,
        **_parameters(trace.parameters or {}),
        "gero.source": trace.source,
        "gero.leaderboard.id": leaderboard_id,
        "gero.model.id": trace.model_id,
        "gero.run.id": trace.run_id,
        "gero.cost_usd": money.to_usd(trace.cost_nanos),
        "gero.fallback.for": trace.fallback_for,
        "gero.fallback.reason": trace.fallback_reason,
        "gero.shadow.of": trace.shadow_of,
        "gero.reused_from": trace.reused_from,
    }
    return {name: value for name, value in found.items() if value is not None}


def _parameters(given: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in given.items():
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if name in _NUMBERS and number:
            found[_NUMBERS[name]] = float(value)
        elif name in _COUNTS and isinstance(value, int) and number:
            found[_COUNTS[name]] = value
    stop = given.get("stop")
    stops = [stop] if isinstance(stop, str) else stop
    if isinstance(stops, list) and stops and all(isinstance(one, str) for one in stops):
        found["gen_ai.request.stop_sequences"] = stops
    wanted = given.get("response_format")
    form = wanted.get("type") if isinstance(wanted, dict) else None
    if isinstance(form, str) and form in _FORMS:
        found["gen_ai.output.type"] = _FORMS[form]
    return found


def _asked(trace: Trace) -> list[dict[str, Any]] | None:
    if trace.messages:
        return [_given(one) for one in trace.messages]
    return [_message("user", trace.input, None)] if trace.input else None


def _answered(trace: Trace) -> list[dict[str, Any]] | None:
    if trace.output is None and not trace.tool_calls:
        return None
    said = _message("assistant", trace.output or None, trace.tool_calls)
    return [said | {"finish_reason": trace.finish_reason or ("error" if trace.error else "stop")}]


def _given(message: dict[str, Any]) -> dict[str, Any]:
    role, content = str(message.get("role", "user")), message.get("content")
    if role != "tool":
        return _message(role, content, message.get("tool_calls"))
    response = _parts(content) if isinstance(content, list) else content
    return {
        "role": role,
        "parts": [{"type": "tool_call_response", "id": message.get("tool_call_id"), "response": response}],
    }


def _message(role: str, content: Any, calls: Any) -> dict[str, Any]:
    parts = content if isinstance(content, list) else [] if content is None else [content]
    return {"role": role, "parts": _parts(parts) + [_call(one) for one in calls or () if isinstance(one, dict)]}


def _parts(content: list[Any]) -> list[dict[str, Any]]:
    return [{"type": "text", "content": part} if isinstance(part, str) else _part(part) for part in content]


def _part(part: Any) -> dict[str, Any]:
    if isinstance(part, dict) and isinstance(part.get("text"), str):
        return {"type": "text", "content": part["text"]}
    return {"type": str(part.get("type", "unknown")) if isinstance(part, dict) else "unknown"}  # not the image itself


def _call(call: dict[str, Any]) -> dict[str, Any]:
    function = call.get("function")
    function = function if isinstance(function, dict) else {}
    told = {"id": call.get("id"), "name": function.get("name"), "arguments": function.get("arguments")}
    return {"type": "tool_call", **told}


def _told(messages: list[dict[str, Any]] | None) -> str | None:
    return json.dumps(messages, ensure_ascii=False) if messages else None


def _seconds(milliseconds: float | None) -> float | None:
    return None if milliseconds is None else milliseconds / 1000
