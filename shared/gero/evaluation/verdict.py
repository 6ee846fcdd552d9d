"""What a judge's reply says, read so that nothing but the judge's own words can be taken for its verdict.

A reply counts only when all of it is one JSON object with exactly one valid verdict. An object that stands in a
sentence may be one that the judge quotes from the answer it reads, so it is no verdict: the judge is asked once more.
"""

import json
from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from gero.evaluation.judge import Mode
from gero.traces import SCORE_SCALE

LEVELS = ("0", "0.25", "0.5", "0.75", "1")
SIDES = ("A", "B", "tie")
_FIELDS: dict[Mode, str] = {"pointwise": "score", "pairwise": "winner"}
_CHOICES: dict[Mode, tuple[str, ...]] = {"pointwise": LEVELS, "pairwise": SIDES}
_LEVELS_BY_VALUE = {float(level): round(float(level) * SCORE_SCALE) for level in LEVELS}
_THOUGHT, _FENCE = ("<think>", "</think>"), "```"
_MAX_REPLY, _MAX_REASON = 100_000, 400

Side = Literal["A", "B", "tie"]


class Ruling(msgspec.Struct, frozen=True):
    """One reply, read: a scaled score (pointwise) or the side that wins (pairwise), and the sentence that says why."""

    decided: int | Side
    reason: str


def schema(mode: Mode) -> dict[str, Any]:
    """The `response_format` that asks for a verdict. Levels are texts: not every server takes an enum of numbers."""
    fields = {"reason": {"type": "string"}, _FIELDS[mode]: {"type": "string", "enum": list(_CHOICES[mode])}}
    described = {
        "type": "object",
        "properties": fields,
        "required": list(fields),
        "additionalProperties": False,
    }
    return {"type": "json_schema", "json_schema": {"name": "verdict", "strict": True, "schema": described}}


def wanted(mode: Mode) -> str:
    """The verdict that is asked for, in words."""
    choices = " | ".join(f'"{choice}"' for choice in _CHOICES[mode])
    return f'{{"reason": "<one sentence>", "{_FIELDS[mode]}": {choices}}}'


def read(reply: str, mode: Mode) -> Ruling | None:
    """The verdict that the reply is; None when it is none, or holds more than one."""
    document = _document(reply)
    if document is None or not isinstance(reason := document.get("reason", ""), str):
        return None
    told = document.get(_FIELDS[mode])
    decided = _level(told) if mode == "pointwise" else _side(told)
    return None if decided is None else Ruling(decided, printable(reason))


def printable(text: str) -> str:
    """The text on one line, without characters that are not seen, and not long."""
    seen = "".join(one if one.isprintable() else " " for one in text[: 4 * _MAX_REASON])
    line = " ".join(seen.split())
    return line if len(line) <= _MAX_REASON else line[: _MAX_REASON - 1] + "…"


def _document(reply: str) -> Mapping[str, Any] | None:
    text = reply.strip()
    if len(text) > _MAX_REPLY:
        return None
    if text.startswith(_THOUGHT[0]):  # the last end: a thought may quote one
        text = text.rpartition(_THOUGHT[1])[2].strip()
    if text.startswith(_FENCE) and text.endswith(_FENCE):
        text = text.removesuffix(_FENCE).partition("\n")[2]
    try:
        document = json.loads(text, object_pairs_hook=_without_doubles, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return None
    flat = isinstance(document, dict) and not any(isinstance(value, dict | list) for value in document.values())
    return document if flat else None


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """ValueError for an object that says a thing twice, of which readers would see one or the other."""
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a name occurs twice")
    return made


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is no JSON")


def _level(told: Any) -> int | None:
    if isinstance(told, bool) or not isinstance(told, int | float | str):
        return None
    try:
        return _LEVELS_BY_VALUE.get(float(told))
    except (ValueError, OverflowError):
        return None


def _side(told: Any) -> Side | None:
    return told if told in SIDES else None
