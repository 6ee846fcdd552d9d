"""From a task prompt and an input to the messages a model gets: the same in a run and in production."""

import re
from typing import Any

_PLACEHOLDER = re.compile(r"\{(?:input|question|query)\}")


def render(prompt: str, text: str) -> str:
    """The prompt with every `{input}`, `{question}` or `{query}` replaced; without one, the input is appended."""
    if _PLACEHOLDER.search(prompt):
        return _PLACEHOLDER.sub(lambda _: text, prompt)
    return f"{prompt}\n\n{text}"


def placeholders(prompt: str) -> list[str]:
    """The placeholders that are replaced, each once; none where the input is appended."""
    return list(dict.fromkeys(_PLACEHOLDER.findall(prompt)))


def messages(prompt: str, text: str) -> list[dict[str, Any]]:
    """The rendered prompt as one user message."""
    return [{"role": "user", "content": render(prompt, text)}]


def around(prompt: str, conversation: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A conversation with the prompt in front: rendered around the first thing that the user says, so that a single
    question is asked in the words of a run. Images and everything that follows stay as they are.
    """
    for place, message in enumerate(conversation):
        if message.get("role") == "user":
            wrapped = {**message, "content": _wrapped(prompt, message.get("content"))}
            return [*conversation[:place], wrapped, *conversation[place + 1 :]]
    return [{"role": "system", "content": render(prompt, "").strip()}, *conversation]


def _wrapped(prompt: str, content: Any) -> Any:
    if not isinstance(content, list):
        return render(prompt, content if isinstance(content, str) else "")
    for place, part in enumerate(content):
        if isinstance(part, dict) and isinstance(part.get("text"), str):
            return [*content[:place], {**part, "text": render(prompt, part["text"])}, *content[place + 1 :]]
    return [{"type": "text", "text": render(prompt, "").strip()}, *content]
