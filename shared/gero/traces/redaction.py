"""What patterns find is replaced in every text of a trace, at any depth."""

import time
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any, Final

import msgspec

from gero.kit import linear_search
from gero.traces.capture import TEXTS
from gero.traces.personal import addresses, cards, emails, ibans
from gero.traces.phones import phones
from gero.traces.secret_shapes import secrets
from gero.traces.trace import Trace

_Finder = Callable[[str], Iterable[tuple[int, int]]]
# In this order: of what two find in one place, the first says what it is.
_BUILT_IN: Final[Mapping[str, _Finder]] = {
    "secret": secrets,
    "email": emails,
    "iban": ibans,
    "card": cards,
    "ip": addresses,
    "phone": phones,
}
_MAX_SECONDS: Final = 2.0  # of work on one trace; patterns of users may be slow, though never endless
_MAX_DEPTH: Final = 100
_LEFT_OUT: Final = "[left out]"


class NotSearchable(ValueError):
    """It would take too much to search the texts of a trace with these patterns."""


@lru_cache(maxsize=64)
def of(patterns: tuple[str, ...]) -> "Redaction":
    """The redaction by patterns, compiled once. NotSearchable when one is no pattern."""
    return Redaction(patterns)


class Redaction:
    """Some built-in patterns and regular expressions, ready to be searched for."""

    def __init__(self, patterns: tuple[str, ...]) -> None:
        built_in = [(f"[{name}]", find) for name, find in _BUILT_IN.items() if name in patterns]
        own = [("[redacted]", _own(pattern)) for pattern in patterns if pattern not in _BUILT_IN]
        self._finders: list[tuple[str, _Finder]] = [*built_in, *own]

    def redacted(self, trace: Trace) -> Trace:
        """The trace, marked as redacted where something was found. NotSearchable: it takes too long."""
        walk = _Walk(self.text, time.thread_time() + _MAX_SECONDS)
        changes = {}
        for name in TEXTS:
            before = getattr(trace, name)
            if before:
                changes[name] = walk.value(before, 0)
        if not walk.found:
            return trace
        content = "left out" if trace.content == "left out" else "redacted"
        return msgspec.structs.replace(trace, content=content, **changes)

    def texts(self, values: Any) -> Any:
        """A text, or texts inside of lists and objects, without what is found. NotSearchable as in `redacted`."""
        return _Walk(self.text, time.thread_time() + _MAX_SECONDS).value(values, 0)

    def text(self, text: str, until: float) -> str:
        """One text; NotSearchable from `until` of the thread's clock on."""
        spans: list[tuple[int, int, int]] = []
        for rank, (_, find) in enumerate(self._finders):
            if time.thread_time() > until:
                raise NotSearchable("the patterns take too long")
            try:
                spans += [(start, end, rank) for start, end in find(text)]
            except linear_search.TextTooLong:
                return _LEFT_OUT
        if not spans:
            return text
        pieces, at = [], 0
        for start, end, rank in _merged(spans):
            pieces += [text[at:start], self._finders[rank][0]]
            at = end
        return "".join([*pieces, text[at:]])


class _Walk:
    """One way through the texts of a trace."""

    def __init__(self, redact: Callable[[str, float], str], until: float) -> None:
        self.found = False
        self._redact = redact
        self._until = until

    def value(self, value: Any, depth: int) -> Any:
        """The value without what is found in its texts, in the names of its fields, and in whole numbers."""
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, list | dict) and depth == _MAX_DEPTH:
            self.found = True
            return _LEFT_OUT
        if isinstance(value, list):
            return [self.value(one, depth + 1) for one in value]
        if isinstance(value, dict):
            return {self._text(name): self.value(one, depth + 1) for name, one in value.items()}
        if isinstance(value, int) and not isinstance(value, bool):
            shown = self._text(str(value))
            return value if shown == str(value) else shown
        return value

    def _text(self, text: str) -> str:
        redacted = self._redact(text, self._until)
        self.found = self.found or redacted != text
        return redacted


def _merged(spans: list[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    """Stretches of text that do not overlap, each with the rank of the first pattern that found a part of it."""
    merged: list[tuple[int, int, int]] = []
    for start, end, rank in sorted(spans):
        if merged and start < merged[-1][1]:
            before = merged[-1]
            merged[-1] = (before[0], max(end, before[1]), min(rank, before[2]))
        else:
            merged.append((start, end, rank))
    return merged


def _own(pattern: str) -> _Finder:
    try:
        return linear_search.LinearPattern(pattern).spans
    except linear_search.PatternRefused as error:
        raise NotSearchable(str(error)) from error
