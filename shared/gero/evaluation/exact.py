"""Exact evaluation: an answer is right when, normalized, it equals one of the accepted answers."""

import re
import string
from collections.abc import Callable, Sequence
from decimal import Decimal, InvalidOperation

from gero.evaluation.choices import chosen_letter
from gero.evaluation.json_values import canonical_json
from gero.kit import Invalid, linear_search

_NUMBER = re.compile(r"[-+−]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?|[-+−]?\.\d+")
_PUNCTUATION = str.maketrans("", "", string.punctuation + "“”‘’«»…–—")
_Step = Callable[[str], str | None]


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


def _final_line(text: str) -> str | None:
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), None)


# Take a part out of the text, before anything else whatever their place in the list.
_PARTS = ("final_line", "regex")
# Read a value, which is compared instead of the text: of 1.5, `punctuation` would make 15, and 5 of -5.
_VALUES: dict[str, _Step] = {"number": _number, "json": canonical_json, "choice": chosen_letter}
_TEXTS: dict[str, _Step] = {"whitespace": _whitespace, "case": _case, "punctuation": _punctuation}
NORMALIZERS = (*_TEXTS, *_VALUES, *_PARTS)
DEFAULT_NORMALIZERS = ("whitespace",)
_NOTHING = {
    "number": "no number in the answer",
    "json": "no JSON in the answer",
    "choice": "no single choice in the answer",
    "final_line": "the answer is empty",
    "regex": "the pattern finds nothing in the answer",
}


def check_normalizers(names: Sequence[str], pattern: str | None = None) -> None:
    """Invalid when one is unknown, two read different values, or `regex` and `pattern` are not there together, or the
    pattern is not one that can be searched for in linear time.
    """
    for name in names:
        if name not in NORMALIZERS:
            raise Invalid(f"normalizers: {name!r} is none of {', '.join(NORMALIZERS)}", field="normalizers")
    values = [name for name in _VALUES if name in names]
    if len(values) > 1:
        raise Invalid(f"normalizers: {' and '.join(values)} read different things; take one", field="normalizers")
    if "regex" in names and not pattern:
        raise Invalid("answer_pattern: the normalizer regex needs a regular expression", field="answer_pattern")
    if pattern and "regex" not in names:
        raise Invalid("normalizers: add regex, or leave answer_pattern out", field="normalizers")
    if pattern:
        try:
            linear_search.LinearPattern(pattern)
        except linear_search.PatternRefused as error:
            raise Invalid(f"answer_pattern: {error}", field="answer_pattern") from error


class ExactScorer:
    """Compares answers under a fixed list of normalizers, applied to both sides.

    `final_line` and `regex` come first, then the rest in order. `number` keeps the last number of a text ("so 1,234.50
    dollars" -> "1234.5"), `json` and `choice` likewise what they read, and each stands for the others; a text without
    one equals nothing. An accepted answer in which the pattern finds nothing is taken whole: it may be the bare value.
    """

    def __init__(self, normalizers: Sequence[str], pattern: str | None = None) -> None:
        values = [name for name in _VALUES if name in normalizers][:1]
        texts = [name for name in normalizers if name in _TEXTS]
        parts: dict[str, _Step] = {"final_line": _final_line}
        if pattern:
            parts["regex"] = linear_search.LinearPattern(pattern).find
        self._steps = [(name, parts[name]) for name in normalizers if name in parts]
        self._steps += [(name, (_VALUES | _TEXTS)[name]) for name in values or texts]

    def score(self, output: str, expected: Sequence[str]) -> tuple[bool, str]:
        """Whether the output is right, and why or why not in a few words."""
        answer, missing = self._normalized(output)
        if answer is None:
            return False, _NOTHING[missing]
        for accepted in expected:
            if self._accepted(accepted) == answer:
                return True, f"matches {_short(accepted)}"
        if not expected:
            return False, "no accepted answer is known"
        return False, f"{_short(answer)} is not {_short(expected[0])}" + (
            " or another accepted answer" * (len(expected) > 1)
        )

    def normalize(self, text: str) -> str | None:
        """The answer as it is compared; None when it holds nothing to compare."""
        return self._normalized(text)[0]

    def _normalized(self, text: str, *, whole_without: str = "") -> tuple[str | None, str]:
        """The text as it is compared, or None and the step that found nothing in it."""
        current = text
        for name, step in self._steps:
            found = step(current)
            if found is None and name != whole_without:
                return None, name
            current = current if found is None else found
        return current, ""

    def _accepted(self, text: str) -> str | None:
        return self._normalized(text, whole_without="regex")[0]


def _short(text: str) -> str:
    return repr(text if len(text) <= 60 else text[:57] + "…")
