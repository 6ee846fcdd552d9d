"""Whether an endpoint is worth asking: one that fails its first calls, or that went down, is not asked a dataset."""

import time

from gero.providers.refusal import CallFailed, Condition

# Calls in a row without an answer after which no more are made: before the first answer, and after it. A single row may
# be refused for what it says, and servers restart; but nothing is learnt from asking a dead endpoint ten thousand rows.
_FIRST: dict[Condition, int] = {"refused": 3, "exhausted": 3, "rejected": 10, "failed": 12}
_LATER: dict[Condition, int] = {"refused": 10, "exhausted": 3, "failed": 50}
_FIRST_SECONDS, _LATER_SECONDS = 15.0, 120.0  # that passing trouble must last as well


class Health:
    """Counts an endpoint's failures; `stopped` says, once, why it is not asked any more."""

    def __init__(self) -> None:
        self.stopped: str | None = None
        self.answered_at: float | None = None
        """`time.monotonic()` of the latest answer."""
        self.waiting: Condition | None = None
        """`throttled` or `waking` when that is what the latest call met."""
        self.answers = self.refusals = 0
        """Calls that were answered, and that were refused as too many."""
        self._in_a_row: dict[Condition, int] = {}
        self._failing_since: float | None = None

    @property
    def doubtful(self) -> bool:
        """Whether it has failed and never answered."""
        return self.answered_at is None and any(one not in ("throttled", "waking") for one in self._in_a_row)

    def note(self, error: CallFailed | None) -> None:
        """Count how a call ended: with an answer, or with an error."""
        now = time.monotonic()
        self.waiting = error.condition if error and error.condition in ("throttled", "waking") else None
        self.refusals += bool(error and error.condition == "throttled")
        if error is None:
            self.answers += 1
            self.answered_at = now
            self._failing_since = None
            self._in_a_row.clear()
            return
        if error.condition == "failed":
            self._failing_since = self._failing_since or now
        count = self._in_a_row[error.condition] = self._in_a_row.get(error.condition, 0) + 1
        limits, seconds = (_FIRST, _FIRST_SECONDS) if self.answered_at is None else (_LATER, _LATER_SECONDS)
        lasts = error.condition != "failed" or now - (self._failing_since or now) >= seconds
        if not self.stopped and lasts and count >= limits.get(error.condition, count + 1):
            when = "its first" if self.answered_at is None else "the latest"
            self.stopped = f"{error.message} (on {when} calls; {error.hint})"
