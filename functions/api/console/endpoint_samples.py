"""Programs that ask a leaderboard, to be copied. The token is read from the environment, never written into them."""

import json
import shlex
from dataclasses import dataclass

VARIABLE = "GERO_API_TOKEN"
_MESSAGES = [{"role": "user", "content": "Hello"}]


@dataclass(frozen=True)
class Sample:
    """A program: the key and the name of its language, and its text."""

    key: str
    language: str
    text: str


def samples(base_url: str, model: str) -> list[Sample]:
    """The same request by curl and by OpenAI's clients for Python and JavaScript. `base_url` ends with /v1."""
    quoted_url, quoted_model = json.dumps(base_url), json.dumps(model, ensure_ascii=False)
    messages = json.dumps(_MESSAGES)
    body = shlex.quote(json.dumps({"model": model, "messages": _MESSAGES}, ensure_ascii=False))
    curl = (
        f"curl {shlex.quote(base_url + '/chat/completions')} \\\n"
        f"  -H \"Authorization: Bearer ${VARIABLE}\" \\\n  -H 'Content-Type: application/json' \\\n  -d {body}"
    )
    python = (
        "import os\n\nfrom openai import OpenAI\n\n"
        f'client = OpenAI(base_url={quoted_url}, api_key=os.environ["{VARIABLE}"])\n'
        f"answer = client.chat.completions.create(\n    model={quoted_model},\n    messages={messages},\n)\n"
        "print(answer.choices[0].message.content)"
    )
    javascript = (
        'import OpenAI from "openai";\n\n'
        f"const client = new OpenAI({{ baseURL: {quoted_url}, apiKey: process.env.{VARIABLE} }});\n"
        "const answer = await client.chat.completions.create({\n"
        f"  model: {quoted_model},\n  messages: {messages},\n}});\n"
        "console.log(answer.choices[0].message.content);"
    )
    return [Sample("curl", "curl", curl), Sample("python", "Python", python), Sample("js", "JavaScript", javascript)]
