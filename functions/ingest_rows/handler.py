"""Take pushed rows into a leaderboard's dataset: once a row is called accepted, it is durable.

Trigger: HTTP API, POST /v1/leaderboard/{id}/dataset/push and its alias under /api/leaderboards.
May: dynamodb:BatchGetItem, dynamodb:GetItem, dynamodb:PutItem, dynamodb:UpdateItem, s3:DeleteObject, s3:PutObject
"""

import json
from typing import Any

from functions.ingest_rows.request import Request
from gero import access, datasets, leaderboards
from gero.datasets import Rejection, Row
from gero.kit import GeroError, Invalid, Unauthenticated, log
from gero.leaderboards import Leaderboard


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer an HTTP API event (payload format 2.0)."""
    try:
        return _response(202, _push(Request(event)))
    except GeroError as error:
        return _response(error.status, error.body())
    except Exception as error:  # noqa: BLE001  the process boundary: a caller gets a body, never a traceback
        log.failure("push.failed", error)
        body = {"error": "something went wrong on our side; try again", "code": "internal_error", "details": {}}
        return _response(500, body)


def _push(request: Request) -> dict[str, Any]:
    leaderboard = leaderboards.get(_workspace(request), request.leaderboard_id)
    leaderboards.check_takes_rows(leaderboard)
    batch_id = request.batch_id()
    rows, rejections = _rows(request.documents(), leaderboard, batch_id)
    owner = leaderboard.workspace_id, leaderboard.id
    pushed = datasets.push(*owner, rows, leaderboard.rules(), batch_id, repeatable=request.repeatable)
    rejections += pushed.rejections
    log.event("rows.pushed", leaderboard_id=leaderboard.id, accepted=pushed.accepted, rejected=len(rejections))
    return leaderboards.push_answer(leaderboard, pushed, batch_id, rejections)


def _workspace(request: Request) -> str:
    """The workspace of a push token of this leaderboard, or of an API token that may write."""
    try:
        token = access.push_tokens.authenticate(request.headers)
        if token:
            access.push_tokens.check_leaderboard(token, request.leaderboard_id)
            return token.workspace_id
        caller = access.authenticate(request.headers)
    except Unauthenticated as error:
        raise Unauthenticated(f"{error.message}; a push token goes into X-Dr.Gero-Push-Token") from error
    caller.require("leaderboards:write")
    return caller.workspace_id


def _rows(
    documents: list[Any], leaderboard: Leaderboard, batch_id: str
) -> tuple[list[tuple[int, Row]], list[Rejection]]:
    """The rows that can be scored, with their places, and why the others cannot."""
    rows, rejections = [], []
    for index, document in enumerate(documents):
        try:
            row = datasets.parse(document, leaderboard.field_mapping, {"batch_id": batch_id})
            if not row.expected:
                told = "expected: exact evaluation needs an answer (expected, output, answer, …)"
                raise Invalid(told, field="expected")
            rows.append((index, row))
        except Invalid as error:
            rejections.append(Rejection(index, error.message, error.code, error.details.get("field")))
    return rows, rejections


def _response(status: int, body: dict[str, Any]) -> dict[str, Any]:
    return {"statusCode": status, "headers": {"content-type": "application/json"}, "body": json.dumps(body)}
