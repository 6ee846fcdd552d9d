"""The resource API: leaderboards, models, runs, rankings, traces, tokens; with its OpenAPI document.

Trigger: HTTP API, every path that no other function serves.
May: dynamodb:BatchGetItem, dynamodb:BatchWriteItem, dynamodb:DeleteItem, dynamodb:GetItem, dynamodb:PutItem,
    dynamodb:Query, dynamodb:UpdateItem, kms:Decrypt, kms:Encrypt, s3:DeleteObject, s3:GetObject, s3:ListBucket,
    s3:PutObject, s3:PutObjectTagging, sqs:SendMessage, states:SendTaskSuccess, states:StartExecution,
    states:StopExecution
"""

import asyncio
import json
from typing import Any

from mangum import Mangum

from functions.api.app import create_app
from gero.kit import Invalid

_loop = asyncio.new_event_loop()
_answer = Mangum(create_app(), lifespan="off")


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer an HTTP API event (payload format 2.0)."""
    asyncio.set_event_loop(_loop)  # Mangum asks for the current one, and Python 3.14 no longer makes one up
    try:
        return _answer(event, context)
    except UnicodeEncodeError:  # Mangum's, on headers that no HTTP client may send
        refused = Invalid("a header holds characters that HTTP does not allow")
        headers = {"content-type": "application/json"}
        return {"statusCode": refused.status, "headers": headers, "body": json.dumps(refused.body())}
