"""Phone numbers in a text: digits in groups that are written as people write phone numbers, and not as dates or sums.

A number of another country is known by its + or 00, one of the own country by its leading 0, by parentheses, or by the
way its digits are grouped. It is a judgement: there is no check digit.
"""

import re

from gero.traces.personal import Spans

_RUN = re.compile(r"(?<![\w+])[+(]{0,2}\d[\d ().\-/\u00a0]{5,}+")
_DIGITS = re.compile(r"\d+")
_GROUPS, _FEWEST, _MOST = 8, 7, 15  # groups, and digits of E.164
_DATE = re.compile(r"(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.](?:\d{4}|\d{2}))(?!\d)")
_IPV4 = re.compile(r"(?:\d{1,3}\.){3}\d{1,3}")
_NORTH_AMERICAN = re.compile(r"1?[2-9]\d{2}[2-9]\d{6}")


def phones(text: str) -> Spans:
    """Phone numbers, with the + or the parenthesis that they begin with."""
    for found in _RUN.finditer(text):
        groups = [one.span() for one in _DIGITS.finditer(text, found.start(), found.end())]
        left = sum(end - start for start, end in groups)
        at = 0
        while left >= _FEWEST:
            whole = not at and len(groups) <= _GROUPS
            count = _count(text, found.start(), groups[at : at + _GROUPS], whole=whole)
            if count:
                start = found.start() if at == 0 else groups[at][0] - (text[groups[at][0] - 1] == "(")
                yield start, groups[at + count - 1][1]
            # The day and the year of a date are no number either, whatever follows.
            passed = count or (3 if _DATE.match(text, groups[at][0]) else 1)
            left -= sum(end - start for start, end in groups[at : at + passed])
            at += passed


def _count(text: str, run: int, groups: list[tuple[int, int]], *, whole: bool) -> int:
    """How many of the groups are a phone number together, the most that can be; 0 when none are. `whole`: they are
    all that is written in a row.
    """
    first = groups[0][0]
    opening = text[max(run, first - 2) : first]
    sizes = [end - start for start, end in groups]
    digits = sum(sizes)
    for count in range(len(groups), 0, -1):
        if digits < _FEWEST:
            break
        end = groups[count - 1][1]
        if digits <= _MOST and not text[end : end + 1].isalnum():
            alone = whole and count == len(groups)
            if _is_phone(opening, text[first:end], sizes[:count], alone=alone):
                return count
        digits -= sizes[count - 1]
    return 0


def _is_phone(opening: str, written: str, sizes: list[int], *, alone: bool) -> bool:
    if "+" in opening:
        return True
    if _DATE.match(written) or _IPV4.fullmatch(written):
        return False
    if written.startswith("00"):
        return sum(sizes) >= 10
    if len(sizes) == 1:
        return bool(_NORTH_AMERICAN.fullmatch(written)) or (written[0] == "0" and sizes[0] >= 9)
    if written[0] == "0" or ("(" in opening and sizes[0] > 1):
        return not written.startswith("0.")
    national = sizes[1:] if sizes[0] == 1 and written[0] == "1" else sizes
    if national == [3, 3, 4] or (sizes == [3, 4] and "-" in written):
        return True
    years = all(group[:2] in ("19", "20") and len(group) == 4 for group in _DIGITS.findall(written))
    grouped = 3 <= len(sizes) <= 5 and all(2 <= size <= 4 for size in sizes) and 8 <= sum(sizes) <= 12
    return alone and grouped and not years and not set(written) & set("./")
