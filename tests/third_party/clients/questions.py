"""What the clients in Python ask with, and where."""

import json
import os

from pydantic import BaseModel

URL, TOKEN, POOR_TOKEN = (os.environ[name] for name in ("BASE_URL", "TOKEN", "POOR_TOKEN"))
NAMES: list[str] = json.loads(os.environ["NAMES"])
"""The names of what answers, the first one to be used where any will do."""
IMAGE = [
    {"type": "text", "text": "What is it?"},
    {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}},
]
TOOL = {
    "type": "function",
    "function": {
        "name": "look_up",
        "parameters": {"type": "object", "properties": {"parcel": {"type": "integer"}}, "required": ["parcel"]},
    },
}
RESULT = '{"late":true}'
"""What the tool gives."""


class Form(BaseModel):
    """A structured answer."""

    team: str
    urgent: bool
