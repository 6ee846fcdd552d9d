"""The payloads of `events/`, with the example ids and the example token replaced by a test's own."""

import json
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
WORKSPACE, LEADERBOARD, RUN, CANDIDATE = (f"01a20000-0000-7000-8000-00000000000{number}" for number in range(1, 5))
TOKEN, PUSH_TOKEN = "drgero_TOKEN", "hpd_TOKEN"


def event(function: str, case: str, **replaced: str) -> dict[str, Any]:
    """A payload; `workspace`, `leaderboard`, `run`, `candidate`, `token`, `push_token` replace the examples."""
    text = (ROOT / "events" / function / f"{case}.json").read_text()
    examples = {"workspace": WORKSPACE, "leaderboard": LEADERBOARD, "run": RUN, "candidate": CANDIDATE}
    examples |= {"token": TOKEN, "push_token": PUSH_TOKEN}
    for name, value in replaced.items():
        text = text.replace(examples[name], value)
    found: dict[str, Any] = json.loads(text)
    return found
