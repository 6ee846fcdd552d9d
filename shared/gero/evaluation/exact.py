"""Exact evaluation: an answer is right when, normalized, it equals one of the accepted answers."""

import re
import string
from collections.abc import Callable, Sequence
from decimal import Decimal, InvalidOperation

from gero.kit import Invalid

_NUMBER = re.compile(r"[-+−]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?|[-+−]?\.\d+")
_PUNCTUATION = str.maketrans("", "", string.punctuation + "“”‘’«»…–—")


def _whitespace(text: str) -> str | None:
    return " ".join(text.split())


def _case(text: str) -> str | None:
    return text.casefold()


def _punctuation(text: str) -> str | None:
    return " ".join(text.translate(_PUNCTUATION).split())


def _number(text: str) -> str | None:
    found = _NUMBER.findall(text)
    if not found:
        return None
    try:
        value = Decimal(found[-1].replace(",", "").replace("−", "-"))
    except InvalidOperation:
        return None
    digits = format(value or Decimal(0), "f")  # exact, where `normalize` would round to 28 digits
    return digits.rstrip("0").rstrip(".") if "." in digits else digits


NORMALIZERS: dict[str, Callable[[str], str | None]] = {
    "whitespace": _whitespace,
    "case": _case,
    "punctuation": _punctuation,
    "number": _number,
}
DEFAULT_NORMALIZERS = ("whitespace",)


def check_normalizers(names: Sequence[str], pattern: str | None = None) -> None:
    """Invalid when one is unknown."""
    for name in names:
        if name not in NORMALIZERS:
            raise Invalid(f"normalizers: {name!r} is none of {', '.join(NORMALIZERS)}", field="normalizers")


class ExactScorer:
    """Compares answers under a fixed list of normalizers, applied in order to both sides.

    `number` keeps the last number of a text ("so 1,234.50 dollars" -> "1234.5"); a text without one equals nothing.
    It stands for the others, too: `punctuation` would make 15 of 1.5 and 5 of -5.
    """

    def __init__(self, normalizers: Sequence[str]) -> None:
        self._steps = [NORMALIZERS[name] for name in (["number"] if "number" in normalizers else normalizers)]

    def score(self, output: str, expected: Sequence[str]) -> tuple[bool, str]:
        """Whether the output is right, and why or why not in a few words."""
        answer = self.normalize(output)
        if answer is None:
            return False, "no number in the answer"
        for accepted in expected:
            if self.normalize(accepted) == answer:
                return True, f"matches {_short(accepted)}"
        return False, f"{_short(answer)} is not {_short(expected[0])}" + (
            " or another accepted answer" * (len(expected) > 1)
        )

    def normalize(self, text: str) -> str | None:
        """The text as it is compared; None when it holds nothing to compare."""
        current: str | None = text
        for step in self._steps:
            if current is None:
                return None
            current = step(current)
        return current


def _short(text: str) -> str:
    return repr(text if len(text) <= 60 else text[:57] + "…")
