"""Members: the people of a workspace, with their roles; and the workspaces of a person."""

import os
from collections.abc import Iterator

import msgspec

from gero.access import membership_store, people, roles, workspaces
from gero.access.membership_store import Member, Membership
from gero.access.people import Person
from gero.access.workspaces import Workspace
from gero.kit import Conflict, Forbidden, NotFound, clock, log, new_id

MAX_MADE = 10
"""How many workspaces a person may make."""
_GONE = "there is no such member of this workspace"


def add(workspace_id: str, person: Person, role: str) -> Member:
    """Make a person a member. Conflict when they are one already; NotFound when there is no such workspace."""
    workspace = workspaces.get(workspace_id)
    if workspace is None:
        raise NotFound("there is no such workspace")
    member = new_member(workspace_id, person, role)
    membership_store.join(member, workspace.name)
    return member


def new_member(workspace_id: str, person: Person, role: str) -> Member:
    """A member from now on, not stored yet."""
    return Member(workspace_id, person.id, person.email, roles.checked(role), clock.iso())


def listed(workspace_id: str) -> Iterator[Member]:
    """The workspace's members, first those who joined first."""
    yield from sorted(membership_store.members(workspace_id), key=lambda one: (one.joined_at, one.person_id))


def get(workspace_id: str, person_id: str) -> Member:
    """A member. NotFound when there is none."""
    member = membership_store.read(workspace_id, person_id)
    if member is None:
        raise NotFound(_GONE)
    return member


def change_role(workspace_id: str, person_id: str, role: str, *, by: str, held_role: str) -> Member:
    """Give a member another role. `by`: who acts, for the log; `held_role`: their own role.

    Forbidden when that role is too low for it; Conflict (`last_owner`) when no owner would be left.
    """
    member = get(workspace_id, person_id)
    roles.check_may_manage(held_role, member.role, roles.checked(role))
    if member.role == role:
        return member
    membership_store.change_role(member, role)
    log.event("member.role_changed", workspace_id=workspace_id, person_id=person_id, role=role, by=by)
    return msgspec.structs.replace(member, role=role)


def remove(workspace_id: str, person_id: str, *, by: str, held_role: str) -> None:
    """End somebody's membership; they are out at their next request. `by`, `held_role` and failures: `change_role`."""
    member = get(workspace_id, person_id)
    roles.check_may_manage(held_role, member.role)
    membership_store.leave(member)
    log.event("member.removed", workspace_id=workspace_id, person_id=person_id, by=by)


def leave(workspace_id: str, person_id: str) -> None:
    """End one's own membership, whatever the role. Conflict (`last_owner`) when no owner would be left."""
    membership_store.leave(get(workspace_id, person_id))
    log.event("member.left", workspace_id=workspace_id, person_id=person_id)


def workspaces_of(person_id: str) -> list[Membership]:
    """The person's workspaces and their role in each, oldest first."""
    return list(membership_store.memberships(person_id))


def may_create_workspaces() -> bool:
    """Whether the deployment lets whoever is signed in make a workspace."""
    return os.environ.get("GERO_OPEN_WORKSPACES") == "true"


def create_workspace(person: Person, name: str) -> Workspace:
    """A new workspace of plan `free` that the person owns. It has no token yet.

    Forbidden where the deployment does not let people make workspaces; Conflict when they made too many.
    """
    if not may_create_workspaces():
        raise Forbidden("workspaces are made by whoever runs this Gero; ask them for one, or an owner to invite you")
    workspace = Workspace(id=new_id(), name=workspaces.checked_name(name), created_at=clock.iso(), plan="free")
    owner = new_member(workspace.id, person, roles.OWNER)
    others = [*workspaces.opening(workspace), people.making_workspace(person.id, MAX_MADE)]
    try:
        membership_store.join(owner, workspace.name, others)
    except Conflict as error:
        told = f"a person may make at most {MAX_MADE} workspaces; use one of yours, or ask whoever runs this Gero"
        raise Conflict(told, code="too_many_workspaces") from error
    log.event("workspace.made", workspace_id=workspace.id, person_id=person.id)
    return workspace
