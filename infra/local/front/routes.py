"""Chooses the route of a request as HTTP APIs do: the most specific one, then greedy ones, then `$default`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from infra.local.inventory import Route

_PARAMETER = re.compile(r"\{(\w+)(\+?)\}")


@dataclass(frozen=True)
class Match:
    """The chosen route: its key, its integration and the values of its path parameters."""

    key: str
    integration: dict[str, Any]
    parameters: dict[str, str]


@dataclass(frozen=True)
class _Compiled:
    route: Route
    method: str
    pattern: re.Pattern[str]
    rank: tuple[Any, ...]


class RouteTable:
    """The routes of one API, most specific first."""

    def __init__(self, routes: list[Route]) -> None:
        self._default = next((route for route in routes if route.key == "$default"), None)
        compiled = [_compile(route) for route in routes if route.key != "$default"]
        self._routes = sorted(compiled, key=lambda entry: entry.rank)

    def match(self, method: str, path: str) -> Match | None:
        """The route of a request, None when there is none; `path` is decoded."""
        for entry in self._routes:
            if entry.method in ("ANY", method) and (found := entry.pattern.fullmatch(path)):
                return Match(entry.route.key, entry.route.integration, found.groupdict())
        if self._default:
            return Match("$default", self._default.integration, {})
        return None


def _compile(route: Route) -> _Compiled:
    method, path = route.key.split(" ", 1)
    # Segment by segment: a literal before a parameter before a greedy one; the method itself before ANY.
    ranks = tuple(_segment_rank(segment) for segment in path.strip("/").split("/"))
    return _Compiled(route, method, re.compile(_pattern(path)), (ranks, method == "ANY"))


def _pattern(path: str) -> str:
    """`/items/{id}` as a regular expression with a named group for each parameter."""
    pattern, end = "", 0
    for parameter in _PARAMETER.finditer(path):
        name, greedy = parameter.groups()
        pattern += re.escape(path[end : parameter.start()]) + f"(?P<{name}>{'.+' if greedy else '[^/]+'})"
        end = parameter.end()
    return pattern + re.escape(path[end:])


def _segment_rank(segment: str) -> int:
    parameter = _PARAMETER.search(segment)
    if parameter is None:
        return 0
    return 2 if parameter[2] else 1
