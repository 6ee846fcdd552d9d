"""Replaces moto's authorization: every call of a role is checked against that role's policies, action and resource.

A denied call is recorded in `Wiring.denied` and answered with AccessDenied in the service's own protocol.
"""

from __future__ import annotations

import json
import logging
import re
from typing import Any

from moto.core.authorization import ActionAuthenticatorMixin
from moto.core.exceptions import AccessDeniedError, InvalidClientTokenIdError, JsonRESTError
from moto.iam.models import iam_backends
from moto.s3.exceptions import S3AccessDeniedError

from infra.local.backend.actions import needs
from infra.local.backend.policies import allows
from infra.local.backend.seams import replace
from infra.local.backend.wiring import ACCOUNT, ADMIN_KEY, Denial, credential_scope, current

_KEY = re.compile(r"<Key>(.*?)</Key>", re.S)
_LOG = logging.getLogger(__name__)
_authenticate_and_authorize_action = ActionAuthenticatorMixin._authenticate_and_authorize_action
_XML_SERVICES = {"iam", "sts", "sns"}


def install() -> None:
    """Check every call from now on."""
    replace(ActionAuthenticatorMixin, "_authenticate_and_authorize_action", _authorize)


def _authorize(response: Any, iam_request_cls: type, resource: str = "*") -> None:
    if not current().connected:
        _authenticate_and_authorize_action(response, iam_request_cls, resource)
        return
    scope = credential_scope(response.headers.get("Authorization", ""))
    if scope is None or scope[0] == ADMIN_KEY:
        return
    access_key, service = scope
    role = current().roles.get(access_key)
    if role is None:
        raise InvalidClientTokenIdError
    documents = _documents(role)
    for action, target in needs(service, response._get_action(), _call(response, service), resource):
        if not allows(documents, action, target):
            _deny(service, Denial(role, action, target))


def _documents(role_name: str) -> list[str]:
    role = iam_backends[ACCOUNT]["aws"].get_role(role_name)
    return list(role.policies.values())


def _call(response: Any, service: str) -> dict[str, Any]:
    """The request's parameters; moto has parsed them for some services only."""
    if service == "lambda":
        parts = response.path.split("/")
        name = parts[parts.index("functions") + 1] if "functions" in parts[:-1] else ""
        return {"FunctionName": name.replace("%3A", ":")}
    if service in _XML_SERVICES:
        return {key: value[0] for key, value in response.querystring.items()}
    if service == "s3":
        return {"Delete": _KEY.findall(_text(response.body))} if "delete" in response.querystring else {}
    if not response.raw_body:
        return {}
    parsed: dict[str, Any] = json.loads(response.raw_body)
    return parsed


def _text(body: str | bytes | None) -> str:
    return body.decode() if isinstance(body, bytes) else body or ""


def _deny(service: str, denial: Denial) -> None:
    wiring = current()
    wiring.denied.append(denial)
    _LOG.warning("AccessDenied: %s may not %s on %s", denial.role, denial.action, denial.resource)
    user = f"arn:aws:sts::{ACCOUNT}:assumed-role/{denial.role}/local"
    if service == "s3":
        raise S3AccessDeniedError
    if service in _XML_SERVICES:
        raise AccessDeniedError(user_arn=user, action=denial.action)
    raise JsonRESTError(
        "AccessDeniedException",
        f"User: {user} is not authorized to perform: {denial.action} on resource: {denial.resource}",
    )
