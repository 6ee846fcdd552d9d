"""What a leaderboard lets be kept of a trace: all of it, all but what its patterns find, or figures only."""

from collections.abc import Sequence

from gero.traces.trace import Trace


def check_redaction(patterns: Sequence[str]) -> None:
    """Invalid names the pattern that is neither built in nor a regular expression that can be searched for safely."""


def captured(trace: Trace, *, content: bool, redact: Sequence[str]) -> Trace:
    """The trace as it may be kept; `content` False: without texts."""
    return trace
