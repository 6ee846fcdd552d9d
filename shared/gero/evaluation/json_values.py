"""JSON in an answer, in one canonical form: equal values give equal texts, however they are written."""

import json
import re
from decimal import Decimal, InvalidOperation
from typing import Any

_FENCED = re.compile(r"```[A-Za-z0-9]*[ \t]*\n(.*?)```", re.DOTALL)
_OPENING = re.compile(r"[\[{]")
_MAX_TRIES = 50  # places of a text at which JSON may begin
_MAX_TEXT = 200_000
_PLAIN_DIGITS = 40


def canonical_json(text: str) -> str | None:
    """The JSON that the text is, or holds: in its last code block, else its last object or list. None without any.

    Names are sorted, numbers equal by value (1, 1.0 and 1e0), and all other texts and values kept as they are.
    """
    text = text[-_MAX_TEXT:].strip()
    blocks = list(reversed(_FENCED.findall(text)))
    for part in (text, *blocks[:_MAX_TRIES]):
        try:
            return _canonical(_decoder.decode(part))
        except (ValueError, RecursionError, InvalidOperation):
            continue
    return _last_inside(text)


def _last_inside(text: str) -> str | None:
    found, begin = None, 0
    for _ in range(_MAX_TRIES):
        opening = _OPENING.search(text, begin)
        if opening is None:
            break
        try:
            value, begin = _decoder.raw_decode(text, opening.start())
            found = _canonical(value)
        except (ValueError, RecursionError, InvalidOperation):
            begin = opening.end()
    return found


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is no JSON")


_decoder = json.JSONDecoder(parse_float=Decimal, parse_int=Decimal, parse_constant=_refuse)


def _canonical(value: Any) -> str:
    if isinstance(value, Decimal):
        return _number(value)
    if isinstance(value, list):
        return f"[{', '.join(map(_canonical, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{json.dumps(name)}: {_canonical(value[name])}' for name in sorted(value))}}}"
    return json.dumps(value, ensure_ascii=False)


def _number(value: Decimal) -> str:
    """The value with nothing rounded, and short whatever its exponent."""
    sign, digits, exponent = value.as_tuple()
    told = "".join(map(str, digits)).lstrip("0")
    shift = int(exponent) + len(told) - len(told := told.rstrip("0"))
    if not told:
        return "0"
    minus = "-" * sign
    if -_PLAIN_DIGITS <= shift <= _PLAIN_DIGITS:
        return format(Decimal((sign, tuple(map(int, told)), shift)), "f")
    return f"{minus}{told}e{shift}"
