"""Take pushed rows into a leaderboard's dataset: once a row is called accepted, it is durable.

Trigger: HTTP API, POST /v1/leaderboard/{id}/dataset/push and its alias under /api/leaderboards.
May: dynamodb:GetItem, dynamodb:PutItem
"""

import base64
import json
from typing import Any

import msgspec

from gero import access, datasets, leaderboards
from gero.kit import Conflict, GeroError, Invalid, TooLarge, log, new_id

MAX_ROWS = 500
_LISTS = ("rows", "events", "samples")


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer an HTTP API event (payload format 2.0)."""
    try:
        return _response(202, _push(event))
    except GeroError as error:
        return _response(error.status, error.body())
    except Exception as error:  # noqa: BLE001  the process boundary: a caller gets a body, never a traceback
        log.failure("push.failed", error)
        body = {"error": "something went wrong on our side; try again", "code": "internal_error", "details": {}}
        return _response(500, body)


def _push(event: dict[str, Any]) -> dict[str, Any]:
    caller = access.authenticate(event["headers"])
    caller.require("leaderboards:write")
    leaderboard = leaderboards.get(caller.workspace_id, event["pathParameters"]["id"])
    if leaderboard.dataset_type != "PUSH":
        raise Conflict("this leaderboard reads its dataset from a URL; only PUSH leaderboards take rows")
    documents = _documents(event)
    batch_id = new_id()
    accepted, duplicates, rejections = 0, 0, []
    for index, document in enumerate(documents):
        try:
            is_new = datasets.accept(caller.workspace_id, leaderboard.id, _scorable(document), batch_id)
        except Invalid as error:
            rejections.append({"index": index, "error": error.message, "field": error.details.get("field")})
            continue
        if is_new:
            accepted += 1
        else:
            duplicates += 1
    log.event("rows.pushed", leaderboard_id=leaderboard.id, accepted=accepted, rejected=len(rejections))
    return {
        "accepted_rows": accepted,
        "rejected_rows": len(rejections),
        "rejections": rejections,
        "duplicate_rows": duplicates,
        "status": "accepted",
        "batch_id": batch_id,
    }


def _scorable(document: Any) -> datasets.Row:
    row = datasets.parse(document)
    if not row.expected:
        raise Invalid("expected: exact evaluation needs an answer (expected, output, answer, …)", field="expected")
    return row


def _documents(event: dict[str, Any]) -> list[Any]:
    body = event.get("body") or ""
    raw = base64.b64decode(body) if event.get("isBase64Encoded") else body
    try:
        document = msgspec.json.decode(raw)
    except (msgspec.DecodeError, RecursionError) as error:
        raise Invalid("the body is not valid JSON") from error
    if isinstance(document, dict):
        found = next((document[name] for name in _LISTS if name in document), [document])
    else:
        found = document
    if not isinstance(found, list):
        raise Invalid("the body must be a row, a list of rows, or an object with rows, events or samples")
    if len(found) > MAX_ROWS:
        raise TooLarge(f"at most {MAX_ROWS} rows a request; send smaller batches", limit=MAX_ROWS)
    return found


def _response(status: int, body: dict[str, Any]) -> dict[str, Any]:
    return {"statusCode": status, "headers": {"content-type": "application/json"}, "body": json.dumps(body)}
