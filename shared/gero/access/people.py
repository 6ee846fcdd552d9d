"""People who signed in, known by what the identity provider calls them, with the e-mail address it vouches for."""

import hashlib
import string

import msgspec

from gero.access import membership_store
from gero.kit import Conflict, NotFound, clock, conditions, table
from gero.kit.table import Changes, Write

_ID_LENGTH = 32  # in hex: 128 bits
_MADE = "workspaces_made"
# Only ASCII: `K` (the Kelvin sign) in lower case is `k`, and so two mailboxes of two people would be one address.
_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)


class Person(msgspec.Struct, frozen=True):
    """Somebody who has signed in; in any number of workspaces (`gero.access.members`)."""

    id: str
    email: str
    created_at: str


def signed_in(issuer: str, subject: str, email: str) -> Person:
    """The person whom the issuer of identities calls `subject`; made at the first sign-in.

    `email`: verified by the issuer. Another one than before is followed, in the person's memberships too.
    """
    person = _find(_id(issuer, subject)) or _made(Person(_id(issuer, subject), normalised(email), clock.iso()))
    if person.email == normalised(email):
        return person
    changed = msgspec.structs.replace(person, email=normalised(email))
    membership_store.follow_email(person.id, changed.email)  # before the person, so that a crash in between is mended
    table.update(*_key(person.id), Changes(set={"doc": _encode(changed)}), conditions.present())
    return changed


def get(person_id: str) -> Person:
    """A person. NotFound when there is none."""
    person = _find(person_id)
    if person is None:
        raise NotFound("there is no such person")
    return person


def normalised(email: str) -> str:
    """An address as it is stored and compared: without white space around it, ASCII letters in lower case."""
    return email.strip().translate(_LOWER)


def making_workspace(person_id: str, most: int) -> Write:
    """The write that counts a workspace more that the person made; its condition: not more than `most`."""
    room = conditions.absent(_MADE) | conditions.at_most(_MADE, most - 1)
    return Write(key=_key(person_id), changes=Changes(add={_MADE: 1}), condition=conditions.present() & room)


def _id(issuer: str, subject: str) -> str:
    return hashlib.sha256(msgspec.json.encode([issuer, subject])).hexdigest()[:_ID_LENGTH]


def _made(person: Person) -> Person:
    pk, sk = _key(person.id)
    try:
        table.put({"pk": pk, "sk": sk, "doc": _encode(person)}, conditions.absent())
    except Conflict:
        return get(person.id)  # signed in twice at once
    return person


def _find(person_id: str) -> Person | None:
    item = table.get(*_key(person_id), consistent=True)
    return msgspec.json.decode(item["doc"], type=Person) if item else None


def _encode(person: Person) -> str:
    return msgspec.json.encode(person).decode()


def _key(person_id: str) -> tuple[str, str]:
    return f"PERSON#{person_id}", "PERSON"
