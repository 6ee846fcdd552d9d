"""The newest traces of a leaderboard that somebody asks for, page by page."""

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator
from datetime import timedelta
from itertools import islice
from typing import Final, TypedDict, Unpack

import msgspec

from gero.kit import Invalid, blobs, clock, table
from gero.traces import feedback, store, times
from gero.traces import trace as traces
from gero.traces.trace import Source, Trace

_PREFIX: Final = store.PREFIX
_AT_ONCE: Final = 100  # traces whose feedback is looked for together
# A trace may be stored under a name that is a little older than itself: a challenger is asked after production, and
# clocks differ.
EARLY: Final = timedelta(hours=1)


class Filters(TypedDict, total=False):
    """Which traces are wanted; times are ISO 8601 as `clock.iso` writes them, `until` not included."""

    source: Source | None
    run_id: str | None
    model_id: str | None
    errors_only: bool
    has_feedback: bool | None
    since: str | None
    until: str | None


class Place(msgspec.Struct, frozen=True, array_like=True):
    """A place in a listing: a sort key, and how many lines of the batch there were read."""

    sk: str
    lines: int = 0

    def cursor(self) -> str:
        """The place as clients hold it."""
        return urlsafe_b64encode(msgspec.json.encode(self)).decode().rstrip("=")

    @classmethod
    def of(cls, cursor: str, prefix: str) -> "Place":
        """The inverse of `cursor`. Invalid when it is none of a listing with this prefix."""
        try:
            place = msgspec.json.decode(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)), type=cls)
        except (binascii.Error, msgspec.DecodeError, UnicodeError, ValueError) as error:
            raise Invalid("cursor: give next_cursor of an answer as it was", field="cursor") from error
        if not place.sk.startswith(prefix) or place.lines < 0 or len(place.sk.encode()) > 1024:
            raise Invalid("cursor: it is of a list with other filters; begin anew without it", field="cursor")
        return place


class Page(msgspec.Struct, frozen=True):
    """A page of traces, how much was read to find them, and where each of them lies."""

    traces: list[Trace]
    batch_count: int
    scanned_rows: int
    places: list[Place] = []
    next_place: Place | None = None

    def cursor(self, count: int) -> str | None:
        """Where to go on after the first `count` traces of the page; None: there are no more."""
        place = self.next_place if count == len(self.traces) else self.places[count - 1]
        return place.cursor() if place else None


def find(
    workspace_id: str,
    leaderboard_id: str,
    *,
    limit: int,
    offset: int,
    batch_limit: int,
    cursor: str | None = None,
    **filters: Unpack[Filters],
) -> Page:
    """The newest traces that pass the filters, after `offset` of them, or from a cursor on.

    Reads at most `batch_limit` batches; each trace appears once. Those with feedback come in the order of their ids,
    others in that of their batches. Invalid for a cursor that is none.
    """
    if filters.get("has_feedback"):
        search = Search(workspace_id, leaderboard_id, limit, offset, filters)
        return _rated(search, batch_limit, Place.of(cursor, feedback.PREFIX) if cursor else None)
    after = Place.of(cursor, _PREFIX) if cursor else None
    search = Search(workspace_id, leaderboard_id, limit, offset, filters)
    count = 0
    for item in _index(workspace_id, leaderboard_id, after, filters):
        read = after.lines if after and after.sk == item["sk"] else 0
        if not search.may_be_in(item) or search.passes_over(item, read):
            continue
        if count == batch_limit or search.is_full:
            return search.page(count, Place(item["sk"], read))
        count += 1
        stopped = search.read(item, read)
        if stopped:
            return search.page(count, stopped)
    return search.page(count, None)


class Search:
    """What one call looks for, and what it has found."""

    def __init__(self, workspace_id: str, leaderboard_id: str, limit: int, offset: int, filters: Filters) -> None:
        self.owner = workspace_id, leaderboard_id
        self._limit, self._offset, self._filters = limit, offset, filters
        rows = ("model_id", "errors_only", "since", "until")
        self._by_row = any(filters.get(name) for name in rows) or filters.get("has_feedback") is not None
        self._found: list[Trace] = []
        self._places: list[Place] = []
        self._seen: set[str] = set()
        self._scanned = 0

    @property
    def is_full(self) -> bool:
        """Whether the page has all that it may have."""
        return len(self._found) == self._limit

    def may_be_in(self, item: table.Item) -> bool:
        """Whether something wanted may lie in a batch."""
        wanted = self._filters
        if store.has_expired(item):
            return False
        source, run_id, until = wanted.get("source"), wanted.get("run_id"), wanted.get("until")
        other = (source and item["source"] != source) or (run_id and item.get("run_id") != run_id)
        return not other and not (until and item.get("oldest_at", "") >= until)

    def passes_over(self, item: table.Item, read: int) -> bool:
        """Whether the page begins behind a batch, so that there is no need to read it."""
        if self._by_row or read or self._seen or item["count"] > self._offset:
            return False
        self._offset -= item["count"]
        return True

    def read(self, item: table.Item, read: int) -> Place | None:
        """Take what is wanted of a batch after its first `read` lines; where it stopped, when the page is full."""
        lines = blobs.get_lines(item["key"])
        for place, one in self._unrated(self._passing(item["sk"], lines[: len(lines) - read], len(lines))):
            if self.is_full:
                return self._places[-1]
            self._take(one, place)
        return None

    def take(self, one: Trace, place: Place) -> None:
        """Take a trace that lies at a place, if it is wanted."""
        self._scanned += 1
        if self._is_wanted(one):
            self._take(one, place)

    def page(self, batch_count: int, next_place: Place | None) -> Page:
        """What was found."""
        return Page(self._found, batch_count, self._scanned, self._places, next_place)

    def _take(self, one: Trace, place: Place) -> None:
        if self._offset:
            self._offset -= 1
            return
        self._found.append(one)
        self._places.append(place)

    def _passing(self, sk: str, lines: list[bytes], total: int) -> Iterator[tuple[Place, Trace]]:
        """The traces of a batch, the newest first, that pass all filters but the one of feedback."""
        for index in range(len(lines) - 1, -1, -1):
            self._scanned += 1
            one = traces.decode(lines[index])
            if one.trace_id not in self._seen:  # a redelivered message may have been stored twice
                self._seen.add(one.trace_id)
                if self._is_wanted(one):
                    yield Place(sk, total - index), one

    def _is_wanted(self, one: Trace) -> bool:
        wanted = self._filters
        model_id, since, until = wanted.get("model_id"), wanted.get("since"), wanted.get("until")
        return not (
            (model_id and one.model_id != model_id)
            or (wanted.get("errors_only") and one.error is None)
            or (since and one.created_at < since)
            or (until and one.created_at >= until)
        )

    def _unrated(self, found: Iterator[tuple[Place, Trace]]) -> Iterator[tuple[Place, Trace]]:
        """Those without feedback, when only they are wanted."""
        if self._filters.get("has_feedback") is None:
            yield from found
            return
        while some := list(islice(found, _AT_ONCE)):
            rated = feedback.of(*self.owner, [one.trace_id for _, one in some])
            yield from ((place, one) for place, one in some if one.trace_id not in rated)


def _index(workspace_id: str, leaderboard_id: str, after: Place | None, filters: Filters) -> Iterator[table.Item]:
    """The items of the batches in which something wanted may lie by their names, the newest first."""
    first, last = None, after.sk if after else None
    since, until, run_id = (filters.get(name) for name in ("since", "until", "run_id"))
    begun = times.moment_of(str(run_id)) if run_id else None
    earliest = max((one for one in (begun, clock.parse(str(since)) if since else None) if one), default=None)
    if earliest:
        first = f"{_PREFIX}{times.first_id(earliest - EARLY)}"
    if until and not run_id:  # a batch of a run that was paused may hold much older ones
        latest = f"{_PREFIX}{times.first_id(clock.parse(str(until)) + store.SPAN + EARLY)}"
        last = min(last or latest, latest)
    if first and last and first > last:
        return iter(())
    own = store.partition(workspace_id, leaderboard_id)
    return table.query(own, _PREFIX, first=first, last=last, newest_first=True)


def _rated(search: Search, batch_limit: int, after: Place | None) -> Page:
    """The traces with feedback, which says where each is stored."""
    read: dict[str, dict[str, Trace]] = {}
    for item in feedback.listed(*search.owner, before=after.sk if after else None):
        if not search.may_be_in(item):
            continue
        if search.is_full or (item["key"] not in read and len(read) == batch_limit):
            return search.page(len(read), after)
        if item["key"] not in read:
            lines = map(traces.decode, blobs.get_lines(item["key"]))
            read[item["key"]] = {one.trace_id: one for one in lines}
        after = Place(item["sk"])
        one = read[item["key"]].get(item["sk"].removeprefix(feedback.PREFIX))
        if one:
            search.take(one, after)
    return search.page(len(read), None)
