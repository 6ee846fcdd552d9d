"""Evaluates identity policies: does a role's policy allow an action on a resource?

Faithful to IAM for Action, NotAction, Resource, NotResource, wildcards and explicit Deny. Not evaluated: Condition
(a conditional Allow counts as allowed, a conditional Deny as not denied), permission boundaries, resource policies.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

_Patterns = tuple[re.Pattern[str], ...]


@dataclass(frozen=True)
class Statement:
    """One statement of a policy, its wildcards compiled."""

    allow: bool
    actions: _Patterns
    not_actions: _Patterns
    resources: _Patterns
    not_resources: _Patterns

    def covers(self, action: str, resource: str | None) -> bool:
        """True when the statement speaks of this call; a resource of None is one the call does not name."""
        if not _matches(self.actions, self.not_actions, action.lower()):
            return False
        return resource is None or _matches(self.resources, self.not_resources, resource)


def _matches(wanted: _Patterns, unwanted: _Patterns, value: str) -> bool:
    if unwanted:
        return not any(pattern.fullmatch(value) for pattern in unwanted)
    return any(pattern.fullmatch(value) for pattern in wanted)


def allows(documents: Sequence[str], action: str, resource: str | None) -> bool:
    """Whether the policy documents (JSON texts) together allow `action` on `resource`; a Deny wins."""
    verdicts = {
        statement.allow for document in documents for statement in parse(document) if statement.covers(action, resource)
    }
    return verdicts == {True}


@lru_cache(maxsize=1024)
def parse(document: str) -> tuple[Statement, ...]:
    """The statements of one policy document."""
    return tuple(
        _statement(raw)
        for raw in _listed(json.loads(document)["Statement"])
        if raw["Effect"] == "Allow" or "Condition" not in raw
    )


def _statement(raw: dict[str, Any]) -> Statement:
    return Statement(
        allow=raw["Effect"] == "Allow",
        actions=_patterns(raw, "Action", lower=True),
        not_actions=_patterns(raw, "NotAction", lower=True),
        resources=_patterns(raw, "Resource"),
        not_resources=_patterns(raw, "NotResource"),
    )


def _patterns(raw: dict[str, Any], key: str, *, lower: bool = False) -> _Patterns:
    values = [str(value).lower() if lower else str(value) for value in _listed(raw.get(key, []))]
    return tuple(re.compile(_wildcard(value), re.DOTALL) for value in values)


def _wildcard(pattern: str) -> str:
    return re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
