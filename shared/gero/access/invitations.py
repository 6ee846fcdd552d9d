"""Invitations to a workspace: for one e-mail address, one role and one acceptance. The link's secret is shown once.

`WS#w`, `INVITATION#id` is the invitation, its secret only as a digest; `INVITED#address`, `WORKSPACE#w` leads from an
address to the one that is open. What was accepted, revoked or replaced is kept for a month, so that its link says so.
"""

import hmac
import re
from collections.abc import Iterator
from datetime import timedelta

import msgspec

from gero.access import members, membership_store, people, roles, secret_texts, workspaces
from gero.access.membership_store import Member
from gero.access.people import Person
from gero.kit import Conflict, Forbidden, Invalid, NotFound, clock, conditions, log, new_id, table
from gero.kit.table import Changes, Write

PREFIX = "ginv_"
LIFETIME = timedelta(days=14)
MAX_OPEN = 100
"""How many invitations to a workspace may be open."""
_KEPT = timedelta(days=30)
_ADDRESS = re.compile(r"[^@\s\x00-\x1f\x7f]{1,64}@[^@\s\x00-\x1f\x7f]{1,189}")
_OPEN = "open"
_CLOSED = {
    "accepted": "this invitation was accepted already; if it was by you, the workspace is among yours",
    "revoked": "this invitation was revoked; ask whoever invited you for another one",
    "replaced": "this invitation was replaced by a later one; use its link",
    "expired": "this invitation has expired; ask whoever invited you for another one",
}


class Invitation(msgspec.Struct, frozen=True):
    """An invitation without its secret. `state`: open, accepted, revoked, replaced or expired."""

    id: str
    workspace_id: str
    workspace_name: str
    email: str
    role: str
    invited_by: str
    created_at: str
    expires_at: str
    secret_sha256: str
    state: str = _OPEN


def create(workspace_id: str, email: str, role: str, by: str, held_role: str) -> tuple[Invitation, str]:
    """A new invitation and the secret of its link, which nobody can read again. An older one for the address ends.

    `by`: who invites, as it is shown; `held_role`: their role. Forbidden when that is too low; Conflict when the
    address is a member's, or too many invitations are open.
    """
    email = checked_email(email)
    older = _waiting(email, workspace_id)
    roles.check_may_manage(held_role, roles.checked(role), *([older.role] if older and older.state == _OPEN else []))
    if any(one.email == email for one in membership_store.members(workspace_id)):
        raise Conflict(f"email: {email} is a member of this workspace already", code="already_member", field="email")
    if sum(one.email != email for one in listed(workspace_id)) >= MAX_OPEN:
        raise Conflict(f"a workspace has at most {MAX_OPEN} open invitations; revoke one first")
    invitation, secret = _new(workspace_id, email, role, by)
    try:
        table.transact(_opening(invitation, older))
    except Conflict as error:
        raise Conflict(f"{email} was invited, or joined, at the same moment; look again") from error
    return invitation, secret


def checked_email(email: str) -> str:
    """An address as it is stored. Invalid when it is none."""
    email = people.normalised(email)
    if not _ADDRESS.fullmatch(email):
        raise Invalid("email: give one e-mail address, such as anna@example.com", field="email")
    return email


def listed(workspace_id: str) -> Iterator[Invitation]:
    """The workspace's open invitations, oldest first."""
    found = map(_decode, table.query(f"WS#{workspace_id}", "INVITATION#"))
    return (one for one in found if one.state == _OPEN)


def revoke(workspace_id: str, invitation_id: str, held_role: str) -> None:
    """End an open invitation. NotFound when there is none; Forbidden when one's own role is too low for its role."""
    invitation = _read(workspace_id, invitation_id)
    if invitation is None or invitation.state != _OPEN:
        raise NotFound("there is no such open invitation to this workspace")
    roles.check_may_manage(held_role, invitation.role)
    table.transact(_closing(invitation, "revoked"))
    log.event("member.invitation_revoked", workspace_id=workspace_id, invitation_id=invitation_id)


def find(secret: str) -> Invitation:
    """The open invitation of a link. NotFound when there is none; Conflict when it is not open any more, saying why."""
    ids = secret_texts.ids(PREFIX, secret, 2)
    invitation = _read(*ids) if ids else None
    if invitation is None or not hmac.compare_digest(invitation.secret_sha256, secret_texts.digest(secret)):
        raise NotFound("there is no such invitation; check that its link was copied whole")
    return _checked_open(invitation)


def accept(secret: str, person: Person) -> Member:
    """Join the workspace of a link, once. Failures: `find`; Forbidden when the invitation is for somebody else."""
    return _accept(find(secret), person)


def waiting_for(email: str) -> list[Invitation]:
    """The open invitations for an address. Ask only for addresses that their owner has verified: no link is needed."""
    leads = table.query(f"INVITED#{people.normalised(email)}", "WORKSPACE#")
    found = (_read(lead["sk"].removeprefix("WORKSPACE#"), lead["invitation"]) for lead in leads)
    return [one for one in found if one is not None and one.state == _OPEN]


def accept_waiting(invitation_id: str, person: Person) -> Member:
    """Join the workspace of an invitation that waits for the person's address. NotFound when none such waits."""
    invitation = next((one for one in waiting_for(person.email) if one.id == invitation_id), None)
    if invitation is None:
        raise NotFound("no such invitation waits for you any more")
    return _accept(invitation, person)


def _accept(invitation: Invitation, person: Person) -> Member:
    if person.email != invitation.email:
        told = f"this invitation is for {_masked(invitation.email)}; sign in with that address"
        raise Forbidden(told, code="another_address")
    member = members.new_member(invitation.workspace_id, person, invitation.role)
    try:
        membership_store.join(member, invitation.workspace_name, _closing(invitation, "accepted"))
    except Conflict:
        now = _read(invitation.workspace_id, invitation.id)
        _checked_open(now or invitation)  # says so when it was used, or ended, meanwhile
        raise
    log.event("member.joined", workspace_id=member.workspace_id, person_id=member.person_id, role=member.role)
    return member


def _new(workspace_id: str, email: str, role: str, by: str) -> tuple[Invitation, str]:
    workspace = workspaces.get(workspace_id)
    if workspace is None:
        raise NotFound("there is no such workspace")
    invitation_id = new_id()
    secret = secret_texts.make(PREFIX, workspace_id, invitation_id)
    now = clock.now()
    invitation = Invitation(
        id=invitation_id,
        workspace_id=workspace_id,
        workspace_name=workspace.name,
        email=email,
        role=role,
        invited_by=by,
        created_at=clock.iso(now),
        expires_at=clock.iso(now + LIFETIME),
        secret_sha256=secret_texts.digest(secret),
    )
    return invitation, secret


def _waiting(email: str, workspace_id: str) -> Invitation | None:
    """The last invitation of an address to a workspace that was neither accepted nor revoked; it may have expired."""
    lead = table.get(*_lead(email, workspace_id), consistent=True)
    return _read(workspace_id, lead["invitation"]) if lead else None


def _opening(invitation: Invitation, older: Invitation | None) -> list[Write]:
    pk, sk = _key(invitation.workspace_id, invitation.id)
    ends = clock.parse(invitation.expires_at)
    document = msgspec.json.encode(invitation).decode()
    item = {"pk": pk, "sk": sk, "doc": document, "state": _OPEN, "expires_at": int((ends + _KEPT).timestamp())}
    pk, sk = _lead(invitation.email, invitation.workspace_id)
    lead = {"pk": pk, "sk": sk, "invitation": invitation.id, "expires_at": int(ends.timestamp())}
    writes = [Write(item=item, condition=conditions.absent())]
    if older is None:
        return [*writes, Write(item=lead, condition=conditions.absent() | conditions.at_most("expires_at", _now()))]
    unchanged = conditions.equals("invitation", older.id)
    return [*writes, Write(item=lead, condition=unchanged), _ended(older, "replaced")]


def _closing(invitation: Invitation, state: str) -> list[Write]:
    unchanged = conditions.equals("invitation", invitation.id)
    lead = Write(key=_lead(invitation.email, invitation.workspace_id), condition=unchanged)
    return [_ended(invitation, state), lead]


def _ended(invitation: Invitation, state: str) -> Write:
    place = _key(invitation.workspace_id, invitation.id)
    return Write(key=place, changes=Changes(set={"state": state}), condition=conditions.equals("state", _OPEN))


def _checked_open(invitation: Invitation) -> Invitation:
    if invitation.state != _OPEN:
        raise Conflict(_CLOSED[invitation.state], code=f"invitation_{invitation.state}")
    return invitation


def _read(workspace_id: str, invitation_id: str) -> Invitation | None:
    item = table.get(*_key(workspace_id, invitation_id), consistent=True)
    return _decode(item) if item else None


def _decode(item: table.Item) -> Invitation:
    invitation = msgspec.json.decode(item["doc"], type=Invitation)
    over = item["state"] == _OPEN and invitation.expires_at <= clock.iso()
    return msgspec.structs.replace(invitation, state="expired" if over else item["state"])


def _masked(email: str) -> str:
    name, _, host = email.rpartition("@")
    return f"{name[:1] if len(name) > 1 else ''}***@{host}"


def _now() -> int:
    return int(clock.now().timestamp())


def _key(workspace_id: str, invitation_id: str) -> tuple[str, str]:
    return f"WS#{workspace_id}", f"INVITATION#{invitation_id}"


def _lead(email: str, workspace_id: str) -> tuple[str, str]:
    return f"INVITED#{email}", f"WORKSPACE#{workspace_id}"
