"""Workspaces and people for the tests of who may do what."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from threading import Barrier, Lock
from typing import Any

import pytest
from botocore.client import BaseClient

from gero import access
from gero.access import Person, members, people
from gero.kit import GeroError, table
from gero.kit.table import Write

ISSUER = "https://issuer.test"
_subjects = count()


def new_workspace(name: str = "Acme") -> str:
    return access.workspaces.create(name)[0].id


def person(email: str) -> Person:
    """Somebody who signs in for the first time."""
    return people.signed_in(ISSUER, f"subject-{next(_subjects)}", email)


def joined(workspace_id: str, email: str, role: str) -> Person:
    """Somebody who is a member."""
    made = person(email)
    members.add(workspace_id, made, role)
    return made


def roles_of(workspace_id: str) -> dict[str, str]:
    return {one.email: one.role for one in members.listed(workspace_id)}


def transactions_meet(monkeypatch: pytest.MonkeyPatch, callers: int) -> None:
    """Nobody's transaction begins before all the callers have read what they need: the worst moment for each.

    Calls reach moto one after the other: in one process it is not made for threads.
    """
    met, carried_out, turn, called = Barrier(callers, timeout=30), table.transact, Lock(), BaseClient._make_api_call

    def call(client: Any, *arguments: Any) -> Any:
        with turn:
            return called(client, *arguments)

    def transact(writes: Sequence[Write]) -> None:
        met.wait()
        carried_out(writes)

    monkeypatch.setattr(table, "transact", transact)
    monkeypatch.setattr(BaseClient, "_make_api_call", call)


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """What each call gives, a value or its refusal, when all begin at the same moment."""
    ready = Barrier(len(calls))

    def outcome(call: Callable[[], Any]) -> Any:
        ready.wait()
        try:
            return call()
        except GeroError as error:
            return error

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(outcome, calls))
