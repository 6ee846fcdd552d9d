"""Taking pushed rows: what is called accepted is durable, counted, within the limits, and taken once.

A chunk of rows is one transaction: its batch, the counters with their limits, and a claim for each row. Either all of
it is there or nothing is, whoever pushes at the same time and wherever a process dies.
"""

import hashlib
from collections.abc import Sequence
from datetime import timedelta

import msgspec

from gero.datasets import intake, pending, rows
from gero.datasets.intake import PushRules
from gero.datasets.rows import Row
from gero.kit import Conflict, NotFound, Unavailable, clock, conditions, new_id, table
from gero.kit.table import Write

CLAIMS_KEPT = timedelta(days=30)  # so long is a row that is pushed again known to be the same
_COUNTERS = 3  # writes of a transaction beside the claims: totals, month, batch
_TRIES = 20


class Rejection(msgspec.Struct, frozen=True):
    """Why the row at an index of the request was not taken."""

    index: int
    error: str
    code: str
    field: str | None = None


class Pushed(msgspec.Struct):
    """What became of the rows of a request."""

    accepted: int = 0
    duplicates: int = 0
    rejections: list[Rejection] = msgspec.field(default_factory=list)


class _Candidate(msgspec.Struct, frozen=True):
    """A row with its place in the request, its line, the digest of what it says, and the key that it claims, if any."""

    index: int
    line: bytes
    content: str
    claim: str | None


def push(
    workspace_id: str,
    leaderboard_id: str,
    found: Sequence[tuple[int, Row]],
    rules: PushRules,
    batch_id: str,
    *,
    repeatable: bool = False,
) -> Pushed:
    """Take rows, each with its index in the request. NotFound when the leaderboard is gone; Unavailable: try again.

    With `dedupe`, a row whose id is known with the same content is a duplicate; with another content it is taken and
    replaces the older one. A row without an id of its own has one made of its content. Without `dedupe` every row
    counts, but when the request is `repeatable`, its rows are taken only once under its `batch_id`.
    """
    taking = _Taking(workspace_id, leaderboard_id, rules)
    if rules.last_day and clock.now().date().isoformat() > rules.last_day:
        ended = f"rows were accepted until {rules.last_day}; set a later end_date"
        taking.reject([index for index, _ in found], "dataset_ended", ended)
        return taking.pushed
    candidates = [_candidate(index, row, rules, batch_id, repeatable) for index, row in found]
    claiming = rules.dedupe or repeatable
    most = table.MAX_WRITES - _COUNTERS if claiming else max(1, len(candidates))
    taking.take(taking.without_known(candidates) if claiming else candidates, most)
    return taking.pushed


def remove(workspace_id: str, leaderboard_id: str, row_id: str, rules: PushRules) -> None:
    """Let a row be gone from the next version on; it may be pushed again. NotFound when the leaderboard is gone."""
    waits = intake.waiting(workspace_id, leaderboard_id, rules, clock.now())
    gone = pending.removal(workspace_id, leaderboard_id, new_id(), [row_id])
    claim = Write(key=_claim_key(workspace_id, leaderboard_id, row_id))
    try:
        table.transact([waits, gone, claim])
    except Conflict as error:
        raise NotFound("no such leaderboard in this workspace") from error


def claims_partition(workspace_id: str, leaderboard_id: str) -> str:
    """The partition of the claims, for whoever sweeps a deleted leaderboard."""
    return f"WS#{workspace_id}#LB#{leaderboard_id}#ROWS"


class _Taking:
    """One request on its way into the table."""

    def __init__(self, workspace_id: str, leaderboard_id: str, rules: PushRules) -> None:
        self.pushed = Pushed()
        self._owner = workspace_id, leaderboard_id
        self._rules = rules
        # Of this attempt alone: what a request that came twice has stored must not be written over.
        self._name = new_id()
        # Those for which there was no room, until it is certain that the others needed it.
        self._left_out: list[tuple[_Candidate, Rejection]] = []

    def reject(self, indexes: Sequence[int], code: str, error: str) -> None:
        self.pushed.rejections += [Rejection(index, error, code) for index in indexes]

    def without_known(self, found: list[_Candidate]) -> list[_Candidate]:
        """The rows that are not known to be duplicates; of those with one claim, the last."""
        last = {one.claim: one for one in found if one.claim}
        now = int(clock.now().timestamp())
        items = table.get_many(_claim_key(*self._owner, claim) for claim in last)
        known = {item["sk"]: item["content"] for item in items if item["expires_at"] > now}
        fresh = [one for one in last.values() if known.get(f"ROW#{one.claim}") != one.content]
        self.pushed.duplicates += len(found) - len(fresh)
        return sorted(fresh, key=lambda one: one.index)

    def take(self, found: list[_Candidate], most: int) -> None:
        """Take rows as far as the limits allow, `most` in a transaction; the others are rejected."""
        while found:
            duplicates = self.pushed.duplicates
            fitting = self._fitting(found)
            size = _even(len(fitting), most)
            for start in range(0, len(fitting), size):
                self._take_chunk(fitting[start : start + size])
            left_out, self._left_out = sorted(self._left_out, key=lambda one: one[0].index), []
            if self.pushed.duplicates == duplicates:
                self.pushed.rejections += [rejection for _, rejection in left_out]
                return
            # Somebody pushed the same rows meanwhile: what they did not need may be room for the others.
            found = [one for one, _ in left_out]

    def _fitting(self, found: list[_Candidate]) -> list[_Candidate]:
        """The first rows, as many as the limits leave room for at the moment; the others are left out."""
        left, code, told = intake.room(*self._owner, self._rules)
        left = max(0, left)
        self._left_out += [(one, Rejection(one.index, told, code)) for one in found[left:]]
        return found[:left]

    def _take_chunk(self, chunk: list[_Candidate]) -> None:
        for _ in range(_TRIES):
            if not chunk:
                return
            writes = self._writes(chunk)
            try:
                table.transact(writes)
            except Conflict as error:
                pending.discard(writes)
                chunk = self._remaining(chunk, error.details["reasons"])
            else:
                self.pushed.accepted += len(chunk)
                return
        raise Unavailable("too many push to this leaderboard at the same time; try again")

    def _writes(self, chunk: list[_Candidate]) -> list[Write]:
        moment = clock.now()
        batch = pending.keep(*self._owner, f"{self._name}#{chunk[0].index:05}", [one.line for one in chunk])
        claims = [self._claim(one, one.claim, moment.timestamp()) for one in chunk if one.claim]
        return [*intake.taking(*self._owner, len(chunk), self._rules, moment), batch, *claims]

    def _claim(self, one: _Candidate, claim: str, now: float) -> Write:
        pk, sk = _claim_key(*self._owner, claim)
        expires = int(now + CLAIMS_KEPT.total_seconds())
        item = {"pk": pk, "sk": sk, "content": one.content, "expires_at": expires}
        forgotten = conditions.at_most("expires_at", int(now))
        return Write(item, condition=conditions.absent() | conditions.differs("content", one.content) | forgotten)

    def _remaining(self, chunk: list[_Candidate], reasons: list[str | None]) -> list[_Candidate]:
        """What is left to take of a chunk that a transaction refused."""
        totals, month, _, *claims = [reason == "ConditionalCheckFailed" for reason in reasons]
        if any(claims):  # somebody has pushed the same rows meanwhile
            fresh = [one for one, is_known in zip(chunk, claims, strict=True) if not is_known]
            self.pushed.duplicates += len(chunk) - len(fresh)
            return fresh
        if totals:
            intake.read(*self._owner)  # NotFound when the leaderboard is gone
        return self._fitting(chunk) if totals or month else chunk


def _candidate(index: int, row: Row, rules: PushRules, batch_id: str, repeatable: bool) -> _Candidate:
    place = f"{batch_id}-{index}"
    if not rules.dedupe and row.id == rows.content_id(row.input, row.expected):
        row = msgspec.structs.replace(row, id=place)
    said = rows.encode(msgspec.structs.replace(row, origin={}))
    content = hashlib.blake2b(said, digest_size=16).hexdigest()
    claim = row.id if rules.dedupe else place if repeatable else None
    return _Candidate(index, rows.encode(row), content, claim)


def _claim_key(workspace_id: str, leaderboard_id: str, claim: str) -> tuple[str, str]:
    return claims_partition(workspace_id, leaderboard_id), f"ROW#{claim}"


def _even(count: int, most: int) -> int:
    """The size of equal chunks of at most `most`."""
    chunks = max(1, -(-count // most))
    return max(1, -(-count // chunks))
