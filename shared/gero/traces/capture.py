"""What a leaderboard lets be kept of a trace: all of it, all but what its patterns find, or figures only.

What searches texts is loaded on first use: most leaderboards keep everything.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import msgspec

from gero.kit import Invalid
from gero.traces.trace import Trace

BUILT_IN = ("email", "phone", "card", "iban", "ip", "secret")
MAX_PATTERN = 500  # characters
TEXTS = (
    *("input", "output", "messages", "expected", "reason", "error", "judge_error", "fallback_reason"),
    *("parameters", "tool_calls", "metadata"),
)
"""The fields of a trace that hold what people or models wrote, in whole or in part."""


def check_redaction(patterns: Sequence[str]) -> None:
    """Invalid names the pattern that is neither built in nor a regular expression that can be searched for safely."""
    for pattern in patterns:
        wrong = None if pattern in BUILT_IN else _what_is_wrong(pattern)
        if wrong:
            raise Invalid(f"redact: {pattern[:100]!r} {wrong}", field="redact")


def check_spelling(patterns: Sequence[str]) -> None:
    """Invalid names the word that a person who sets it most likely meant as one of those built in."""
    from difflib import get_close_matches

    for word in patterns:
        meant = get_close_matches(word.lower(), BUILT_IN, 1, 0.75) if word.isalpha() and word not in BUILT_IN else []
        if meant:
            told = f"redact: {word[:100]!r} is none of {', '.join(BUILT_IN)}; write {meant[0]}"
            raise Invalid(f"{told}, or (?:{word}) to remove that very word", field="redact")


@lru_cache(maxsize=256)  # a leaderboard is checked whenever it is read
def _what_is_wrong(pattern: str) -> str | None:
    if len(pattern) > MAX_PATTERN:
        return f"… is longer than {MAX_PATTERN} characters"
    from gero.kit import linear_search

    try:
        compiled = linear_search.LinearPattern(pattern)
    except linear_search.PatternRefused as error:
        return f"is none of {', '.join(BUILT_IN)}, nor a pattern that can be used: {error}"
    return "also matches nothing at all; use + instead of *" if compiled.matches_nothing else None


def captured(trace: Trace, *, content: bool, redact: Sequence[str]) -> Trace:
    """The trace as it may be kept; `content` False: without texts.

    `redact`: built-in names or regular expressions. Never raises: what cannot be searched through is left out.
    """
    if not content:
        return without_texts(trace)
    if not redact:
        return trace
    from gero.traces import redaction

    try:
        return redaction.of(tuple(redact)).redacted(trace)
    except redaction.NotSearchable:
        return without_texts(trace, errors=False)


def without_texts(trace: Trace, *, errors: bool = True) -> Trace:
    """The figures of a trace; with `errors`, also the sentences that say what went wrong."""
    figures = msgspec.structs.replace(
        trace,
        input="",
        output=None,
        messages=None,
        expected=None,
        reason=None,
        tool_calls=None,
        parameters=_figures(trace.parameters),
        metadata=_figures(trace.metadata),
        content="left out",
    )
    if errors:
        return figures
    told = {name: "left out" for name in ("error", "judge_error", "fallback_reason") if getattr(trace, name)}
    return msgspec.structs.replace(figures, **told)


def _figures(values: dict[str, Any] | None) -> dict[str, Any] | None:
    """Numbers and flags, such as `temperature`."""
    return {name: value for name, value in (values or {}).items() if isinstance(value, int | float)} or None
