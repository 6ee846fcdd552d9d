"""Conditions of DynamoDB writes, composable with `&` and `|`: `absent("pk") | differs("row", text)`."""

from dataclasses import dataclass, field
from itertools import count
from typing import Any

_serial = count()


@dataclass(frozen=True)
class Condition:
    """An expression with its placeholders; attribute names are always placeholders, so reserved words are safe."""

    expression: str
    names: dict[str, str] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)

    def __and__(self, other: "Condition") -> "Condition":
        return self._joined(other, "AND")

    def __or__(self, other: "Condition") -> "Condition":
        return self._joined(other, "OR")

    def _joined(self, other: "Condition", word: str) -> "Condition":
        return Condition(
            f"({self.expression}) {word} ({other.expression})",
            self.names | other.names,
            self.values | other.values,
        )


def absent(attribute: str = "pk") -> Condition:
    """The attribute is not there; on `pk`: the item is not there."""
    return Condition(f"attribute_not_exists(#{attribute})", {f"#{attribute}": attribute})


def present(attribute: str = "pk") -> Condition:
    """The attribute is there; on `pk`: the item is there."""
    return Condition(f"attribute_exists(#{attribute})", {f"#{attribute}": attribute})


def equals(attribute: str, value: Any) -> Condition:
    """The attribute has this value."""
    return _compared(attribute, "=", value)


def differs(attribute: str, value: Any) -> Condition:
    """The attribute has another value."""
    return _compared(attribute, "<>", value)


def at_most(attribute: str, value: Any) -> Condition:
    """The attribute is not greater, or not later in order of text."""
    return _compared(attribute, "<=", value)


def above(attribute: str, value: Any) -> Condition:
    """The attribute is greater, or later in order of text."""
    return _compared(attribute, ">", value)


def _compared(attribute: str, operator: str, value: Any) -> Condition:
    placeholder = f":if{next(_serial)}"  # unique, so that two conditions on one attribute can be joined
    return Condition(f"#{attribute} {operator} {placeholder}", {f"#{attribute}": attribute}, {placeholder: value})
