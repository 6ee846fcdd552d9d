"""A PUSH leaderboard with a push token, and rows as a support desk sends them: 300 to 600 bytes each."""

import json
import random
from typing import Any

from functions.ingest_rows.handler import handler
from gero import access, leaderboards
from gero.access import push_tokens
from gero.leaderboards import LeaderboardInput
from tests.events import event
from tests.functions.context import Context

_TEXT = "my parcel invoice app order refund login was charged twice arrived broken since Monday please help the not"
_TEAMS = ("shipping", "billing", "technical")


def row(number: int) -> dict[str, Any]:
    """The same row for the same number."""
    chance = random.Random(number)
    return {
        "id": f"ticket-{number:07}",
        "input": " ".join(chance.choices(_TEXT.split(), k=chance.randint(35, 80))),
        "output": chance.choice(_TEAMS),
        "metadata": {"channel": "mail", "language": "en", "customer": f"c-{chance.randrange(10**6)}"},
        "tags": ["support", "2026-11"],
    }


class Desk:
    """One that pushes to a leaderboard of its own, through the handler."""

    def __init__(self, **settings: Any) -> None:
        workspace, _ = access.workspaces.create("desk")
        wanted = LeaderboardInput(name="Tickets", system_prompt="Which team?", dataset_type="PUSH", **settings)
        self.leaderboard = leaderboards.create(workspace.id, wanted)
        _, self._secret = push_tokens.create(workspace.id, self.leaderboard.id, "desk")

    def event(self, first: int, count: int) -> dict[str, Any]:
        """A request with `count` rows from number `first` on."""
        payload = event("ingest_rows", "push_token", leaderboard=self.leaderboard.id)
        payload["headers"] = {**payload["headers"], "x-dr.gero-push-token": self._secret}
        del payload["headers"]["idempotency-key"]
        payload["body"] = json.dumps({"rows": [row(number) for number in range(first, first + count)]})
        return payload

    def moved_to(self, other: "Desk", value: Any) -> Any:
        """The same value with the ids of another desk."""
        if isinstance(value, str):
            here, there = self.leaderboard, other.leaderboard
            return value.replace(here.workspace_id, there.workspace_id).replace(here.id, there.id)
        if isinstance(value, list | tuple):
            return type(value)(self.moved_to(other, one) for one in value)
        return {name: self.moved_to(other, one) for name, one in value.items()} if isinstance(value, dict) else value


def accepted(payload: dict[str, Any]) -> int:
    """How many rows of a request the handler accepts."""
    answer = handler(payload, Context())
    assert answer["statusCode"] == 202, answer["body"]
    return int(json.loads(answer["body"])["accepted_rows"])
