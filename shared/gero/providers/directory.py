"""The names under which inference finds leaderboards and Dr.Gero models: one small item each, beside what it names."""

import re
from typing import Literal

import msgspec

from gero.kit import table
from gero.kit.table import Write

Kind = Literal["leaderboard", "model"]
_SORT = "NAMED#"
_MAX_SLUG = 200


class Entry(msgspec.Struct, frozen=True):
    """Something that can be asked. `created_at`: ISO time."""

    kind: Kind
    id: str
    name: str
    created_at: str

    @property
    def slug(self) -> str:
        """What it is called in an address, or as `model` of a request."""
        return slug(self.name)


def slug(name: str) -> str:
    """A name in small letters and digits, with hyphens between its words; "" when it has neither."""
    return re.sub(r"[^\w]+|_+", "-", name.lower()).strip("-")[:_MAX_SLUG]


def add(workspace_id: str, entry: Entry) -> Write:
    """The write that makes a name known; for the transaction that makes or renames what it names."""
    pk, sk = _key(workspace_id, entry.kind, entry.id, entry.name)
    return Write({"pk": pk, "sk": sk, "doc": msgspec.json.encode(entry).decode()})


def remove(workspace_id: str, kind: Kind, object_id: str, name: str) -> Write:
    """The write that forgets a name; for the transaction that renames or deletes what it names."""
    return Write(key=_key(workspace_id, kind, object_id, name))


def rename(workspace_id: str, entry: Entry, old_name: str) -> list[Write]:
    """The writes that make the new name known instead of the old one."""
    if slug(old_name) == entry.slug:
        return [add(workspace_id, entry)]  # in the same place: a transaction may write it once only
    return [remove(workspace_id, entry.kind, entry.id, old_name), add(workspace_id, entry)]


def find(workspace_id: str, name: str) -> list[Entry]:
    """What is called so, by its name or its slug: more than one where names were given twice."""
    wanted = slug(name)
    return _read(workspace_id, f"{_SORT}{wanted}#") if wanted else []


def listed(workspace_id: str) -> list[Entry]:
    """Everything that can be asked, in order of slugs."""
    return _read(workspace_id, _SORT)


def _read(workspace_id: str, prefix: str) -> list[Entry]:
    return [msgspec.json.decode(item["doc"], type=Entry) for item in table.query(f"WS#{workspace_id}", prefix)]


def _key(workspace_id: str, kind: Kind, object_id: str, name: str) -> tuple[str, str]:
    return f"WS#{workspace_id}", f"{_SORT}{slug(name)}#{kind}#{object_id}"
