"""Requests that may name their workspace, as `business_id`: it can only be the caller's own."""

from typing import Annotated

from fastapi import Depends, Query

from functions.api.caller import Admin
from gero.access import Principal
from gero.kit import NotFound
from gero.models import Input


class OfWorkspace(Input):
    """A body that may name the workspace it is about: the caller's own."""

    business_id: str | None = None


def check_workspace(caller: Principal, business_id: str | None) -> None:
    """NotFound when another workspace than the caller's is named."""
    if business_id not in (None, caller.workspace_id):
        told = f"business_id: you act in the workspace {caller.workspace_id}; name that one, or leave it out"
        raise NotFound(told, field="business_id")


def _here(
    caller: Admin, business_id: Annotated[str | None, Query(description="Your workspace; may be left out")] = None
) -> Principal:
    check_workspace(caller, business_id)
    return caller


Here = Annotated[Principal, Depends(_here)]
