"""Redirects what moto cannot do itself: Lambda invocations and EventBridge targets go to the local cloud."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from moto.awslambda.models import LambdaBackend
from moto.awslambda_simple.models import LambdaSimpleBackend
from moto.events.models import Rule

from infra.local.backend.seams import replace
from infra.local.backend.wiring import current

_OURS = re.compile(r"arn:aws:(lambda|states):")
_moto_invoke: dict[type, Any] = {kind: kind.invoke for kind in (LambdaBackend, LambdaSimpleBackend)}
_send_to_targets: Any = Rule.send_to_targets


def install() -> None:
    """Replace the Lambda data plane and add the targets for which moto raises NotImplementedError."""
    replace(LambdaBackend, "invoke", _invoke)
    replace(LambdaSimpleBackend, "invoke", _invoke)
    replace(Rule, "send_to_targets", _deliver)


def _invoke(
    backend: Any, function_name: str, qualifier: str | None, body: Any, headers: Any, response_headers: dict[str, str]
) -> bytes:
    """Run the function and answer as the Invoke API does (error header, 202 with an empty body for Event)."""
    invoke = current().invoke
    if invoke is None:
        answer: bytes = _moto_invoke[type(backend)](backend, function_name, qualifier, body, headers, response_headers)
        return answer
    name = backend.get_function(function_name, qualifier).function_name
    payload = body if isinstance(body, bytes) else (body or "").encode()
    wait = headers.get("X-Amz-Invocation-Type", "RequestResponse") != "Event"
    outcome = invoke(name, payload, wait)
    if outcome.error:
        response_headers["x-amz-function-error"] = outcome.error
    return outcome.payload


def _deliver(rule: Any, original_event: dict[str, Any], transform_input: bool = True) -> None:
    deliver = current().deliver
    if deliver is None:
        _send_to_targets(rule, original_event, transform_input)
        return
    if rule.state != "ENABLED" or not rule.event_pattern.matches_event(original_event):
        return
    event = {name: value for name, value in original_event.items() if name != "ingestion-time"}
    event["time"] = datetime.fromtimestamp(float(original_event["time"]), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    ours = [target for target in rule.targets if _OURS.match(target["Arn"])]
    for target in ours:
        deliver(target, event)
    everything, rule.targets = rule.targets, [target for target in rule.targets if target not in ours]
    try:
        _send_to_targets(rule, original_event, transform_input)
    finally:
        rule.targets = everything
