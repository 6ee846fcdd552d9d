"""The one error of the command line: a sentence for stderr and an exit code for scripts."""

from collections.abc import Sequence
from typing import Final

FAILED: Final = 1
USAGE: Final = 2
NOT_SIGNED_IN: Final = 3
INTERRUPTED: Final = 130


class Failure(Exception):
    """An expected failure; `lines` are its particulars, each shown indented below the sentence."""

    def __init__(self, message: str, exit_code: int = FAILED, lines: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.exit_code = exit_code
        self.lines = tuple(lines)
