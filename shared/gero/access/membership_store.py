"""The items of a membership, and each write that changes them.

`WS#w`, `MEMBER#person` says what the person may do; `PERSON#id`, `WORKSPACE#w` mirrors it, so that a person finds
their workspaces; `WS#w`, `MEMBERS` counts members and owners. They change together, in one transaction.
"""

from collections.abc import Iterator, Sequence

import msgspec

from gero.access.roles import OWNER
from gero.kit import Conflict, conditions, table
from gero.kit.table import Changes, Write

Key = tuple[str, str]
MAX_MEMBERS = 500
_MEMBERSHIP, _COUNTERS = 0, 2  # which write of a transaction it is
_FAILED = "ConditionalCheckFailed"


class Member(msgspec.Struct, frozen=True):
    """A person in a workspace."""

    workspace_id: str
    person_id: str
    email: str
    role: str
    joined_at: str


class Membership(msgspec.Struct, frozen=True):
    """A workspace as its member sees it: its id, its name, and the role there."""

    id: str
    name: str
    role: str


def read(workspace_id: str, person_id: str) -> Member | None:
    """The member as they are at the moment, or None."""
    item = table.get(*_place(workspace_id, person_id), consistent=True)
    return _member(item) if item else None


def members(workspace_id: str) -> Iterator[Member]:
    """The workspace's members, in the order of their ids, which says nothing."""
    return map(_member, table.query(f"WS#{workspace_id}", "MEMBER#"))


def memberships(person_id: str) -> Iterator[Membership]:
    """The person's workspaces, oldest first."""
    for item in table.query(f"PERSON#{person_id}", "WORKSPACE#"):
        yield Membership(_last_part(item["sk"]), item["name"], item["role"])


def join(member: Member, workspace_name: str, others: Sequence[Write] = ()) -> None:
    """Begin a membership, together with `others`. Conflict when they are a member, or the workspace is full."""
    place, mirror = _place(member.workspace_id, member.person_id), _mirror(member.workspace_id, member.person_id)
    joined = {"pk": place[0], "sk": place[1], "email": member.email, "role": member.role, "joined_at": member.joined_at}
    mirrored = {"pk": mirror[0], "sk": mirror[1], "name": workspace_name, "role": member.role}
    writes = [Write(item=joined, condition=conditions.absent()), Write(item=mirrored)]
    try:
        table.transact([*writes, _counted(member.workspace_id, 1, int(member.role == OWNER)), *others])
    except Conflict as error:
        if _failed(error, _MEMBERSHIP):
            raise Conflict(f"{member.email} is a member of this workspace already", code="already_member") from error
        if _failed(error, _COUNTERS):
            told = f"a workspace has at most {MAX_MEMBERS} members; remove one first"
            raise Conflict(told, code="too_many_members") from error
        raise


def leave(member: Member) -> None:
    """End a membership. Conflict when they are the last owner, or were changed meanwhile."""
    place, mirror = _place(member.workspace_id, member.person_id), _mirror(member.workspace_id, member.person_id)
    end = Write(key=place, condition=conditions.equals("role", member.role))
    _transact(end, Write(key=mirror), _counted(member.workspace_id, -1, -int(member.role == OWNER)))


def change_role(member: Member, role: str) -> None:
    """Give a member another role. Conflict when they are the last owner, or were changed meanwhile."""
    place, mirror = _place(member.workspace_id, member.person_id), _mirror(member.workspace_id, member.person_id)
    changes, unchanged = Changes(set={"role": role}), conditions.equals("role", member.role)
    more_owners = int(role == OWNER) - int(member.role == OWNER)
    _transact(
        Write(key=place, changes=changes, condition=unchanged),
        Write(key=mirror, changes=changes),
        _counted(member.workspace_id, 0, more_owners),
    )


def follow_email(person_id: str, email: str) -> None:
    """Show another address of a person in all their workspaces."""
    for one in memberships(person_id):
        try:
            table.update(*_place(one.id, person_id), Changes(set={"email": email}), conditions.present())
        except Conflict:
            continue  # they left it meanwhile


def follow_name(workspace_id: str, name: str) -> None:
    """Show another name of a workspace to all its members."""
    for one in members(workspace_id):
        try:
            table.update(*_mirror(workspace_id, one.person_id), Changes(set={"name": name}), conditions.present())
        except Conflict:
            continue  # they left it meanwhile


def _transact(*writes: Write) -> None:
    try:
        table.transact(writes)
    except Conflict as error:
        if _failed(error, _COUNTERS) and not _failed(error, _MEMBERSHIP):
            told = "this is the last owner of the workspace; make somebody else an owner first"
            raise Conflict(told, code="last_owner") from error
        raise Conflict("this member was changed meanwhile; look again", code="condition_failed") from error


def _counted(workspace_id: str, members: int, owners: int) -> Write:
    """Count more members and owners, or with negative numbers fewer: never none of the owners, nor too many members."""
    counters = (f"WS#{workspace_id}", "MEMBERS")
    changes = Changes(add={"members": members, "owners": owners})
    if owners < 0:
        return Write(key=counters, changes=changes, condition=conditions.above("owners", -owners))
    if members > 0:
        room = conditions.absent("members") | conditions.at_most("members", MAX_MEMBERS - members)
        return Write(key=counters, changes=changes, condition=room)
    return Write(key=counters, changes=changes)


def _failed(error: Conflict, number: int) -> bool:
    """Whether it was the condition of that write."""
    return bool(error.details["reasons"][number] == _FAILED)


def _place(workspace_id: str, person_id: str) -> Key:
    return f"WS#{workspace_id}", f"MEMBER#{person_id}"


def _mirror(workspace_id: str, person_id: str) -> Key:
    return f"PERSON#{person_id}", f"WORKSPACE#{workspace_id}"


def _member(item: table.Item) -> Member:
    workspace_id, person_id = _last_part(item["pk"]), _last_part(item["sk"])
    return Member(workspace_id, person_id, item["email"], item["role"], item["joined_at"])


def _last_part(key: str) -> str:
    return key.rpartition("#")[2]
