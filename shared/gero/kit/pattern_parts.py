"""What one step of a pattern asks of a text: a test of a character, or of a place between two, as `re` has them."""

import re
from collections.abc import Callable
from typing import Any

Test = Callable[[str], bool]
_CLASSES: dict[str, Callable[[str], bool]] = {
    "CATEGORY_DIGIT": lambda one: one.isdecimal(),
    "CATEGORY_NOT_DIGIT": lambda one: not one.isdecimal(),
    "CATEGORY_SPACE": lambda one: one.isspace(),
    "CATEGORY_NOT_SPACE": lambda one: not one.isspace(),
    "CATEGORY_WORD": lambda one: _is_word(one),
    "CATEGORY_NOT_WORD": lambda one: not _is_word(one),
}


class PatternRefused(ValueError):
    """The pattern is no regular expression, or one that cannot be searched for in linear time."""


class Remembered:
    """A test of a character that is made once for each: they come again and again."""

    def __init__(self, test: Test) -> None:
        self._test = test
        self._known: dict[str, bool] = {}

    def holds(self, one: str) -> bool:
        """Whether the character passes."""
        found = self._known.get(one)
        if found is None:
            found = self._known[one] = self._test(one)
        return found


def character_test(name: str, argument: Any, flags: int) -> Test:
    """The test of a character that an operation of `re`'s parser stands for. PatternRefused when there is none."""
    if name == "ANY":
        return (lambda one: True) if flags & re.DOTALL else (lambda one: one != "\n")
    if name == "NOT_LITERAL":
        inner = character_test("LITERAL", argument, flags)
        return lambda one: not inner(one)
    if name == "LITERAL":
        plain: Test = chr(argument).__eq__
    elif name == "IN":
        plain = _set_test(argument)
    else:
        raise PatternRefused(f"it uses {name.lower()}, which is not supported")
    if not flags & re.IGNORECASE:
        return plain
    if name == "IN" and str(argument[0][0]) == "NEGATE":
        negated = character_test("IN", argument[1:], flags)
        return lambda one: not negated(one)
    return lambda one: plain(one) or plain(one.lower()) or plain(one.upper())


def _set_test(items: list[Any]) -> Test:
    negated = str(items[0][0]) == "NEGATE"
    tests = [_item_test(str(name), argument) for name, argument in (items[1:] if negated else items)]
    return lambda one: any(test(one) for test in tests) is not negated


def _item_test(name: str, argument: Any) -> Test:
    if name == "RANGE":
        low, high = argument
        return lambda one: low <= ord(one) <= high
    return _CLASSES[str(argument)] if name == "CATEGORY" else chr(argument).__eq__


def _is_word(one: str) -> bool:
    return one.isalnum() or one == "_"


def place_test(name: str, flags: int) -> Callable[[str, int], bool]:
    """The test of a place in a text, such as the beginning of a line. PatternRefused when there is none."""
    lines = bool(flags & re.MULTILINE)
    match name:
        case "AT_BEGINNING" if lines:
            return lambda text, at: at == 0 or text[at - 1] == "\n"
        case "AT_BEGINNING" | "AT_BEGINNING_STRING":
            return lambda text, at: at == 0
        case "AT_END" if lines:
            return lambda text, at: at == len(text) or text[at] == "\n"
        case "AT_END":
            return lambda text, at: at == len(text) or (at == len(text) - 1 and text[at] == "\n")
        case "AT_END_STRING":
            return lambda text, at: at == len(text)
        case "AT_BOUNDARY":
            return _is_boundary
        case "AT_NON_BOUNDARY":
            return lambda text, at: bool(text) and not _is_boundary(text, at)
    raise PatternRefused(f"it uses {name.lower()}, which is not supported")


def _is_boundary(text: str, at: int) -> bool:
    before = at > 0 and _is_word(text[at - 1])
    after = at < len(text) and _is_word(text[at])
    return before is not after
