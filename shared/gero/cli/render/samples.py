"""Programs that ask a leaderboard, to be copied. The token is read from the environment, never written into them."""

import json
import shlex
from typing import Any, Final, Literal

from gero.cli.render.serving import messages

Language = Literal["curl", "python", "javascript"]
VARIABLE: Final = "GERO_API_TOKEN"
_MESSAGES: Final = [{"role": "user", "content": "Hello"}]
_PYTHON: Final = """\
import os

from openai import OpenAI

client = OpenAI(base_url={base_url}, api_key=os.environ["{variable}"])
answer = client.chat.completions.create(
    model={model},
    messages={messages},
)
print(answer.choices[0].message.content)"""
_JAVASCRIPT: Final = """\
import OpenAI from "openai";

const client = new OpenAI({{ baseURL: {base_url}, apiKey: process.env.{variable} }});
const answer = await client.chat.completions.create({{
  model: {model},
  messages: {messages},
}});
console.log(answer.choices[0].message.content);"""
_CURL: Final = """\
curl {url} \\
    -H "Authorization: Bearer ${variable}" -H 'Content-Type: application/json' \\
    -d {body}"""


def endpoint_in_words(answer: dict[str, Any], leaderboard: dict[str, Any]) -> str:
    """The address and the name, then each program: no table, so that long lines are whole when they are copied."""
    about = (
        ("base URL", answer["base_url"]),
        ("model", answer["model"]),
        ("key", f"an API token with leaderboards:inference, below in {VARIABLE}"),
        ("messages", messages(leaderboard)),
    )
    lines = [f"{name:<10}{value}" for name, value in about if value]
    return "\n\n".join(["\n".join(lines), *answer["samples"].values()])


def sample(language: Language, base_url: str, model: str) -> str:
    """The program in a language."""
    if language == "curl":
        body = _quoted({"model": model, "messages": _MESSAGES})
        url = shlex.quote(f"{base_url}/chat/completions")
        return _CURL.format(url=url, body=shlex.quote(body), variable=VARIABLE)
    text = _PYTHON if language == "python" else _JAVASCRIPT
    quoted = {"base_url": _quoted(base_url), "model": _quoted(model), "messages": _quoted(_MESSAGES)}
    return text.format(**quoted, variable=VARIABLE)


def _quoted(value: Any) -> str:
    """A text or an object as JSON, which JavaScript and, for these, Python read alike."""
    return json.dumps(value, ensure_ascii=False)
