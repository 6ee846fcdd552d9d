"""Drafts: leaderboards that somebody is still describing, step by step. Kept for a week after the last change.

`WS#workspace`, `DRAFT#id`. A draft is what was typed, not what is valid: it is checked when it becomes a leaderboard.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta

import msgspec

from gero.kit import Invalid, NotFound, clock, new_id, table

Typed = Mapping[str, Sequence[str]]
"""The values of each field, several where a field was sent several times."""
_KEPT = timedelta(days=7)
_MAX_BYTES = 300_000  # an item of the table has at most 400 KB


def save(workspace_id: str, typed: Typed, draft_id: str | None = None) -> str:
    """Keep what was typed, in the place of an earlier state of the draft; its id. Invalid when it is too large."""
    document = msgspec.json.encode(typed)
    if len(document) > _MAX_BYTES:
        raise Invalid("this is too long to be kept; shorten the prompt or the rubric")
    draft_id = draft_id or new_id()
    pk, sk = _key(workspace_id, draft_id)
    until = int((clock.now() + _KEPT).timestamp())
    table.put({"pk": pk, "sk": sk, "doc": document.decode(), "expires_at": until})
    return draft_id


def get(workspace_id: str, draft_id: str) -> dict[str, list[str]]:
    """What was typed. NotFound when the draft has become a leaderboard, or is older than a week."""
    item = table.get(*_key(workspace_id, draft_id), consistent=True)
    if item is None or item["expires_at"] <= clock.now().timestamp():
        raise NotFound("this draft is gone: it has become a leaderboard, or nobody went on with it for a week")
    return msgspec.json.decode(item["doc"], type=dict[str, list[str]])


def remove(workspace_id: str, draft_id: str) -> None:
    """Forget a draft; nothing happens when there is none."""
    table.delete(*_key(workspace_id, draft_id))


def _key(workspace_id: str, draft_id: str) -> tuple[str, str]:
    return f"WS#{workspace_id}", f"DRAFT#{draft_id}"
