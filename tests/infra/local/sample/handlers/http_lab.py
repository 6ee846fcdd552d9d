"""A function behind the HTTP API: answers with the event it got, or with what the body of the request says."""

import json
import time
from typing import Any


def handler(event: dict[str, Any], context: Any) -> Any:
    if event["rawPath"] == "/slow":
        time.sleep(1)
    if event["rawPath"] == "/fail":
        raise RuntimeError("as asked")
    if event["rawPath"] == "/as-told":
        return json.loads(event["body"])
    return {
        "statusCode": 200,
        "headers": {"Content-Type": "application/json", "X-Lab": "yes"},
        "cookies": ["a=1; Path=/", "b=2"],
        "body": json.dumps(event),
    }
