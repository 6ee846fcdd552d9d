"""From a task prompt and an input to the messages a model gets: the same in a run and in production."""

import re
from typing import Any

_PLACEHOLDER = re.compile(r"\{(?:input|question|query)\}")


def render(prompt: str, text: str) -> str:
    """The prompt with every `{input}`, `{question}` or `{query}` replaced; without one, the input is appended."""
    if _PLACEHOLDER.search(prompt):
        return _PLACEHOLDER.sub(lambda _: text, prompt)
    return f"{prompt}\n\n{text}"


def messages(prompt: str, text: str) -> list[dict[str, Any]]:
    """The rendered prompt as one user message."""
    return [{"role": "user", "content": render(prompt, text)}]
