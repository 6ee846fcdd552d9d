"""A PUSH leaderboard with its webhook and its consolidation, driven by their handlers."""

import json
from typing import Any

import boto3
import pytest

from functions.consolidate_dataset.handler import handler as consolidate_dataset
from functions.ingest_rows.handler import handler as ingest_rows
from gero import access, datasets, leaderboards
from gero.kit import settings
from gero.leaderboards import CandidateInput, Leaderboard, LeaderboardInput
from tests.events import event
from tests.functions.context import Context


class Pushing:
    """A workspace with a token and a PUSH leaderboard."""

    def __init__(self, **fields: Any) -> None:
        workspace, self.token = access.workspaces.create("test")
        self.workspace = workspace.id
        self.leaderboard = self.another(**fields)

    def another(self, **fields: Any) -> Leaderboard:
        """One more leaderboard of the workspace."""
        wanted = {"name": "Pushed", "system_prompt": "Team?", "dataset_type": "PUSH"} | fields
        return leaderboards.create(self.workspace, LeaderboardInput.model_validate(wanted))

    def push_token(self) -> str:
        """The secret of a new push token."""
        return access.push_tokens.create(self.workspace, self.leaderboard.id, "ci")[1]

    def event(self, case: str, **replaced: str) -> dict[str, Any]:
        """A payload of `ingest_rows` for this leaderboard."""
        replaced = {"token": self.token} | replaced
        return event("ingest_rows", case, leaderboard=self.leaderboard.id, **replaced)

    def send(
        self, body: Any = None, headers: dict[str, str] | None = None, case: str = "three_rows"
    ) -> tuple[int, dict[str, Any]]:
        """Status and answer of a push; `headers` beside those of an authorized request, or instead of them."""
        payload = self.event(case)
        if body is not None:
            payload["body"] = body if isinstance(body, str) else json.dumps(body)
        payload["headers"] |= headers or {}
        return answered(payload)

    def push(self, *names: str) -> dict[str, Any]:
        """The answer to pushed rows; a row is written as "id" or "id=input"."""
        status, answer = self.send([row(name) for name in names])
        assert status == 202, answer
        return answer

    def add_models(self, count: int = 2) -> None:
        """Give the leaderboard models that nobody calls."""
        for number in range(count):
            wanted = CandidateInput(name=f"m{number}", model="m", endpoint_url="http://127.0.0.1:9/v1")
            leaderboards.candidates.add(self.workspace, self.leaderboard.id, wanted)


def answered(payload: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    """Status and answer of the webhook."""
    answer = ingest_rows(payload, Context())
    return answer["statusCode"], json.loads(answer["body"])


def row(name: str) -> dict[str, Any]:
    """A row that can be pushed."""
    row_id, _, text = name.partition("=")
    return {"id": row_id, "input": text or row_id, "output": "yes"}


def asked() -> list[dict[str, Any]]:
    """The consolidations that were asked for, as records of an event."""
    url = settings.required("GERO_CONSOLIDATION_QUEUE_URL")
    records = []
    while found := boto3.client("sqs").receive_message(QueueUrl=url).get("Messages"):
        records += [{"messageId": one["MessageId"], "body": one["Body"]} for one in found]
    return records


def consolidated() -> None:
    """Do the consolidations that were asked for, or are due."""
    datasets.send_due_consolidations()
    assert consolidate_dataset({"Records": asked()}, Context()) == {"batchItemFailures": []}


def logged(caplog: pytest.LogCaptureFixture) -> str:
    """All that was logged, with its fields."""
    return caplog.text + "".join(str(vars(record)) for record in caplog.records)
