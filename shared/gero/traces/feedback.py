"""What people say of a trace: a score, a comment, the right answer. One item a trace, beside the batches' index."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, Literal

import msgspec

from gero.kit import clock, table
from gero.kit.table import Changes
from gero.traces import store
from gero.traces.capture import captured
from gero.traces.located import Located
from gero.traces.trace import Trace

PREFIX: Final = "FEEDBACK#"


class Feedback(msgspec.Struct, frozen=True, omit_defaults=True):
    """Feedback as stored; `score` of 0..1. `content` "left out": the leaderboard keeps no texts of requests."""

    score: float | None = None
    comment: str | None = None
    corrected: list[str] | None = None
    token_id: str | None = None
    content: Literal["kept", "redacted", "left out"] = "kept"
    created_at: str = ""
    updated_at: str = ""

    def captured(self, *, content: bool, redact: Sequence[str]) -> "Feedback":
        """The feedback as it may be kept, as `capture.captured` does with a trace."""
        told = Trace("", "manual", "", output=self.comment, expected=self.corrected)
        kept = captured(told, content=content, redact=redact)
        return msgspec.structs.replace(self, comment=kept.output, corrected=kept.expected, content=kept.content)

    def public(self) -> dict[str, Any]:
        """The feedback as the API shows it."""
        return {name: getattr(self, name) for name in self.__struct_fields__}


def put(workspace_id: str, leaderboard_id: str, located: Located, told: Feedback) -> Feedback:
    """Store what is said of a trace, in place of what was said before; the feedback as it is now.

    It expires with its trace.
    """
    now = clock.iso()
    doc = msgspec.structs.replace(told, updated_at=now)
    known: dict[str, Any] = {"key": located.key, "source": located.trace.source, "oldest_at": located.trace.created_at}
    known |= {"run_id": located.trace.run_id} if located.trace.run_id else {}
    known |= {"expires_at": located.expires_at} if located.expires_at else {}
    pk, sk = _key(workspace_id, leaderboard_id, located.trace.trace_id)
    changes = Changes(set={"doc": msgspec.json.encode(doc).decode(), **known}, default={"created_at": now})
    return _decode(table.update(pk, sk, changes))


def of(workspace_id: str, leaderboard_id: str, trace_ids: Iterable[str]) -> dict[str, Feedback]:
    """The feedback on these traces, of those that have some."""
    wanted = dict.fromkeys(trace_ids)
    items = table.get_many(_key(workspace_id, leaderboard_id, one) for one in wanted)
    return {item["sk"].removeprefix(PREFIX): _decode(item) for item in items if not store.has_expired(item)}


def listed(workspace_id: str, leaderboard_id: str, before: str | None = None) -> Iterator[table.Item]:
    """The items of all feedback, in the reverse order of the traces' ids; from behind the sort key `before` on."""
    own = store.partition(workspace_id, leaderboard_id)
    for item in table.query(own, PREFIX, last=before, newest_first=True):
        if item["sk"] != before:
            yield item


def remove(workspace_id: str, leaderboard_id: str, trace_id: str) -> None:
    """Take back what was said of a trace; nothing happens when nothing was."""
    table.delete(*_key(workspace_id, leaderboard_id, trace_id))


def _decode(item: table.Item) -> Feedback:
    told = msgspec.json.decode(item["doc"], type=Feedback)
    return msgspec.structs.replace(told, created_at=item["created_at"])


def _key(workspace_id: str, leaderboard_id: str, trace_id: str) -> tuple[str, str]:
    return store.partition(workspace_id, leaderboard_id), f"{PREFIX}{trace_id}"
