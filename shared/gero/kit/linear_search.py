"""Regular expressions that take linear time: a pattern a user gives must not hang a worker on any answer.

Python's own engine backtracks: `(a+)+b` takes years on thirty letters, and cannot be stopped from a thread. Here the
same syntax is compiled to a small program, and no (instruction, position) is ever visited twice, as in RE2's bit-state
matcher, so that a search takes at most instructions x (characters + 1) steps. It finds the same leftmost match and
groups as `re`, but where a repeated part can match nothing, as in `(a?)*`. What cannot be had so (looking around, back
references, possessive and atomic groups) is refused.

Source: Russ Cox, "Regular Expression Matching: the Virtual Machine Approach", 2009.
"""

import importlib
import re
import warnings
from typing import Any

from gero.kit.pattern_parts import PatternRefused, Remembered, Test, character_test, place_test

__all__ = ["MAX_TEXT", "LinearPattern", "PatternRefused", "TextTooLong"]

# The parser of `re`, so that the syntax is its own; not public, so tests compare with `re` itself.
_parser: Any = importlib.import_module("re._parser")

MAX_TEXT = 20_000
"""Of a longer text `find` searches the last so many characters, fewer with a long pattern: conclusions come last."""
_MAX_PROGRAM = 2_000
_MOST_STEPS = 2_000_000  # of `find`: under a second
_MAX_CELLS = 8_000_000  # of `spans`, instructions x characters: a byte each, and seconds if a text visits them all
_CHARACTER, _SPLIT, _JUMP, _SAVE, _AT, _MATCH = range(6)
_REFUSED = {
    "GROUPREF": "a back reference",
    "GROUPREF_EXISTS": "a conditional group",
    "ASSERT": "looking ahead or behind",
    "ASSERT_NOT": "looking ahead or behind",
    "ATOMIC_GROUP": "an atomic group",
    "POSSESSIVE_REPEAT": "a possessive repeat",
}


class TextTooLong(ValueError):
    """The text is too long for a search through all of it with this pattern."""


class LinearPattern:
    """A compiled pattern. PatternRefused says what is wrong with it."""

    def __init__(self, pattern: str) -> None:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                tree = _parser.parse(pattern)
        except (re.error, RecursionError, OverflowError) as error:
            raise PatternRefused(f"not a regular expression: {error}") from error
        self._groups = tree.state.groups
        self._program: list[tuple[int, Any, Any]] = []
        try:
            self._emit(tree, tree.state.flags)
        except RecursionError as error:
            raise PatternRefused("it is nested too deeply") from error
        self._add(_MATCH)
        first = self._first_steps()
        self.matches_nothing = first is None
        """Whether it may match an empty text."""
        self._can_begin = Remembered(lambda one: any(test(one) for test in first or ())).holds

    def find(self, text: str) -> str | None:
        """What the leftmost match captures: its first group, or all of it where the pattern has no group, or one that
        takes no part in the match. None without a match.
        """
        text = text[-min(MAX_TEXT, _MOST_STEPS // len(self._program)) :]
        visited = bytearray(len(self._program) * (len(text) + 1))
        for start in range(len(text) + 1):
            found = self._match(text, start, visited)
            if found is not None:
                begin, end = found.get(2, -1), found.get(3, -1)
                return text[begin:end] if 0 <= begin <= end else text[start : found[1]]
        return None

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Start and end of all matches in the whole text, as `re.finditer` tells them; empty ones are left out.

        TextTooLong when it would take too much. In all it is linear too: what led to no match before, leads to none
        after another match.
        """
        count, size = len(self._program), len(text)
        if count * (size + 1) > _MAX_CELLS:
            raise TextTooLong(f"the text has {size:,} characters")
        visited, width = bytearray(count * (size + 1)), size + 1
        found: list[tuple[int, int]] = []
        start = 0
        while start < size:
            match = self._match(text, start, visited) if self.matches_nothing or self._can_begin(text[start]) else None
            end = match[1] if match else start
            if end == start:
                start += 1
                continue
            found.append((start, end))
            visited[end::width] = bytes(count)  # the match itself went through here
            start = end
        return found

    def _first_steps(self) -> list[Test] | None:
        """The tests of the characters that a match can begin with; None when it can be empty."""
        tests, pending, known = [], [0], set()
        while pending:
            at = pending.pop()
            if at in known:
                continue
            known.add(at)
            kind, one, other = self._program[at]
            if kind == _MATCH:
                return None
            if kind == _CHARACTER:
                tests.append(one)
            else:
                pending += [one, other] if kind == _SPLIT else [one] if kind == _JUMP else [at + 1]
        return tests

    def _match(self, text: str, start: int, visited: bytearray) -> dict[int, int] | None:
        """The ends of the groups of a match that begins at `start`: 2n and 2n + 1 of group n, 1 of the whole."""
        program, size, width = self._program, len(text), len(text) + 1
        stack: list[tuple[int, int, dict[int, int]]] = [(0, start, {})]
        while stack:
            at, place, saved = stack.pop()
            while not visited[at * width + place]:
                visited[at * width + place] = 1
                kind, one, other = program[at]
                if kind == _CHARACTER:
                    if place == size or not one(text[place]):
                        break
                    at, place = at + 1, place + 1
                elif kind == _SPLIT:
                    stack.append((other, place, saved))
                    at = one
                elif kind == _JUMP:
                    at = one
                elif kind == _SAVE:
                    saved = {**saved, one: place}
                    at += 1
                elif kind == _AT:
                    if not one(text, place):
                        break
                    at += 1
                else:
                    return {**saved, 1: place}
        return None

    def _add(self, kind: int, one: Any = None, other: Any = None) -> int:
        if len(self._program) >= _MAX_PROGRAM:
            raise PatternRefused("it repeats too much; use smaller counts")
        self._program.append((kind, one, other))
        return len(self._program) - 1

    def _emit(self, tree: Any, flags: int) -> None:
        for operation, argument in tree:
            name = str(operation)
            if name in _REFUSED:
                raise PatternRefused(f"it uses {_REFUSED[name]}, which can take forever; write it without")
            if name == "BRANCH":
                self._emit_branch(argument[1], flags)
            elif name == "SUBPATTERN":
                self._emit_group(argument, flags)
            elif name in ("MAX_REPEAT", "MIN_REPEAT"):
                self._emit_repeat(argument, flags, greedy=name == "MAX_REPEAT")
            elif name == "AT":
                self._add(_AT, place_test(str(argument), flags))
            else:
                self._add(_CHARACTER, Remembered(character_test(name, argument, flags)).holds)

    def _emit_branch(self, branches: list[Any], flags: int) -> None:
        jumps = []
        for branch in branches[:-1]:
            split = self._add(_SPLIT)
            self._emit(branch, flags)
            jumps.append(self._add(_JUMP))
            self._program[split] = (_SPLIT, split + 1, len(self._program))
        self._emit(branches[-1], flags)
        for jump in jumps:
            self._program[jump] = (_JUMP, len(self._program), None)

    def _emit_group(self, argument: Any, flags: int) -> None:
        number, added, removed, inner = argument
        if number is not None:
            self._add(_SAVE, 2 * number)
        self._emit(inner, (flags | added) & ~removed)
        if number is not None:
            self._add(_SAVE, 2 * number + 1)

    def _emit_repeat(self, argument: Any, flags: int, *, greedy: bool) -> None:
        least, most, inner = argument
        for _ in range(least):
            self._emit(inner, flags)
        if most == _parser.MAXREPEAT:
            split = self._add(_SPLIT)
            self._emit(inner, flags)
            self._add(_JUMP, split)
            self._split(split, len(self._program), greedy=greedy)
            return
        splits = []
        for _ in range(most - least):
            splits.append(self._add(_SPLIT))
            self._emit(inner, flags)
        for split in splits:
            self._split(split, len(self._program), greedy=greedy)

    def _split(self, at: int, end: int, *, greedy: bool) -> None:
        self._program[at] = (_SPLIT, at + 1, end) if greedy else (_SPLIT, end, at + 1)
