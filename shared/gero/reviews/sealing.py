"""Ids that say nothing: a number of 64 bits enciphered under a queue's own secret, and back."""

import hashlib

_ROUNDS, _HALF = 4, 0xFFFFFFFF


def seal(secret: bytes, number: int) -> str:
    """16 hexadecimal digits that stand for the number; every number has its own."""
    left, right = number >> 32, number & _HALF
    for turn in range(_ROUNDS):
        left, right = right, left ^ _mixed(secret, turn, right)
    return f"{left << 32 | right:016x}"


def unseal(secret: bytes, text: str) -> int | None:
    """The number behind an id; None when the text is none. A wrong id gives a wrong number."""
    if len(text) != 16 or not set(text) <= set("0123456789abcdef"):
        return None
    left, right = int(text[:8], 16), int(text[8:], 16)
    for turn in reversed(range(_ROUNDS)):
        left, right = right ^ _mixed(secret, turn, left), left
    return left << 32 | right


def coin(secret: bytes, text: str) -> bool:
    """A fair coin that always falls alike for a text."""
    return bool(hashlib.blake2b(text.encode(), key=secret, digest_size=1).digest()[0] & 1)


def _mixed(secret: bytes, turn: int, half: int) -> int:
    told = bytes([turn]) + half.to_bytes(4, "big")
    return int.from_bytes(hashlib.blake2b(told, key=secret, digest_size=4).digest(), "big")
