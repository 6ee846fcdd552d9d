"""Answers of AWS that moto never gives, put between a real client and moto."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from gero.kit import aws

Reply = Callable[[dict[str, Any]], dict[str, Any]]


class Faults:
    """Hooks in the process's clients; `close` takes them out again."""

    def __init__(self) -> None:
        self._hooks: list[tuple[Any, str, Any]] = []

    def answer(
        self, service: str, operation: str, times: int, reply: Reply, *, status: int = 200, after: int = 0
    ) -> list[dict[str, Any]]:
        """Answer `times` calls of an operation, `after` good ones, with `reply(request)`; gives all requests seen."""
        seen: list[dict[str, Any]] = []

        def before(params: dict[str, Any], **_: object) -> tuple[Any, dict[str, Any]] | None:
            seen.append(params)
            return (SimpleNamespace(status_code=status), reply(params)) if after < len(seen) <= after + times else None

        events, name = aws.client(service).meta.events, f"before-call.{service}.{operation}"
        events.register(name, before)
        self._hooks.append((events, name, before))
        return seen

    def fail(self, service: str, operation: str, times: int, code: str, *reasons: str) -> list[dict[str, Any]]:
        """Let the first `times` calls fail with an error code, and a transaction for these reasons."""
        fault: dict[str, Any] = {"Error": {"Code": code, "Message": "told to fail"}}
        if reasons:
            fault["CancellationReasons"] = [{"Code": reason} for reason in reasons]
        return self.answer(service, operation, times, lambda _: fault, status=400)

    def meanwhile(self, service: str, operation: str, action: Callable[[dict[str, Any]], object]) -> None:
        """Let something happen just before the first call of an operation."""
        pending = [action]

        def before(params: dict[str, Any], **_: object) -> None:
            if pending:
                pending.pop()(params)

        events, name = aws.client(service).meta.events, f"before-call.{service}.{operation}"
        events.register(name, before)
        self._hooks.append((events, name, before))

    def close(self) -> None:
        """Let everything through again."""
        for events, name, before in self._hooks:
            events.unregister(name, before)
        self._hooks.clear()
