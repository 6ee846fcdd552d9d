"""The built-in patterns: where a text holds an address, a number that names somebody, or a secret.

All take linear time: what repeats without end is possessive and begins at most once in a stretch of text, and what a
pattern suggests is decided by looking at a bounded number of characters. Numbers are told apart by their check digits
where they have some. Sources: ISO/IEC 7812-1 (cards), ISO 13616 (IBAN), ITU-T E.164 (phone numbers).
"""

import re
import socket
from collections.abc import Iterator

Spans = Iterator[tuple[int, int]]

_EMAIL = re.compile(r"(?<![\w.+%'-])[\w.+%'-]++@[\w-][\w.-]*\.\w{2,}")
_IPV4 = re.compile(r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?!\w|\.\d)")
_IPV6 = re.compile(r"(?<![\w:.])[0-9A-Fa-f]{0,4}:[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:.]*+")
_IBAN = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{2}\d{2}(?=[ -]?[A-Za-z0-9])")
_IBAN_SHORTEST, _IBAN_LONGEST, _IBAN_WINDOW = 15, 34, 60  # characters; with separators
_CARD = re.compile(r"(?<!\d)\d[\d -]{12,}+")
_CARD_GROUPS, _CARD_SHORTEST, _CARD_LONGEST = 5, 13, 19
_DIGITS = re.compile(r"\d+")


def emails(text: str) -> Spans:
    """Mail addresses."""
    if "@" in text:
        for found in _EMAIL.finditer(text):
            yield found.span()


def addresses(text: str) -> Spans:
    """IP addresses, of version 4 and 6."""
    for found in _IPV4.finditer(text):
        if all(int(part) < 256 for part in found[0].split(".")):
            yield found.span()
    if ":" in text:
        for found in _IPV6.finditer(text):
            written = found[0].rstrip(".")
            written = written if written.endswith("::") else written.rstrip(":")
            if len(written) <= 45 and written.strip(":") != "" and _is_ipv6(written):
                yield found.start(), found.start() + len(written)


def ibans(text: str) -> Spans:
    """Bank account numbers whose check digits are right, written in one or in groups."""
    end = 0
    for found in _IBAN.finditer(text):
        if found.start() >= end:
            end = _iban_end(text, found.start())
            if end:
                yield found.start(), end


def cards(text: str) -> Spans:
    """Numbers of payment cards whose check digit is right, written in one or in groups."""
    for found in _CARD.finditer(text):
        groups = [one.span() for one in _DIGITS.finditer(text, found.start(), found.end())]
        at = 0
        while at < len(groups):
            last = _card_in(text, groups[at : at + _CARD_GROUPS])
            if last:
                yield groups[at][0], groups[at + last - 1][1]
            at += max(1, last)


def _card_in(text: str, groups: list[tuple[int, int]]) -> int:
    """How many of the groups are a card's number, together; 0 when none are."""
    digits, last = "", 0
    for count, (start, end) in enumerate(groups, 1):
        digits += text[start : min(end, start + _CARD_LONGEST + 1)]
        if len(digits) > _CARD_LONGEST:
            break
        whole = len(digits) >= _CARD_SHORTEST and digits[0] in "23456" and not text[end : end + 1].isalnum()
        if whole and _passes_luhn(digits):
            last = count
    return last


def _passes_luhn(digits: str) -> bool:
    doubled = (int(one) * 2 for one in digits[-2::-2])
    return (sum(map(int, digits[::-2])) + sum(two // 10 + two % 10 for two in doubled)) % 10 == 0


def _iban_end(text: str, start: int) -> int:
    """Where the account number that begins here ends, at the end of a group; 0 when there is none."""
    compact, best = "", 0
    window = text[start : start + _IBAN_WINDOW]
    for at, one in enumerate(window):
        if one.isascii() and one.isalnum():
            compact += one
            following = window[at + 1 : at + 2]
            ends = not (following.isascii() and following.isalnum())
            if ends and _IBAN_SHORTEST <= len(compact) <= _IBAN_LONGEST and _passes_mod97(compact):
                best = start + at + 1
        elif one not in " -" or not window[at - 1].isalnum():
            break
    return best


def _passes_mod97(compact: str) -> bool:
    return int("".join(str(int(one, 36)) for one in compact[4:] + compact[:4])) % 97 == 1


def _is_ipv6(written: str) -> bool:
    try:
        socket.inet_pton(socket.AF_INET6, written)
    except OSError:
        return False
    return True
