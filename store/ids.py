"""Identifiers of tasks, conversations, offers and lease tokens."""

import secrets
import time

ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz"
LENGTH = 20
# 36^9 milliseconds last until the year 5188; the other 11 characters are 56 random bits.
TIME_LENGTH = 9


def new_id() -> str:
    """Return a new identifier: 20 characters of `[0-9a-z]`; later ones sort after earlier ones (to the millisecond)."""
    digits: list[str] = []
    left = time.time_ns() // 1_000_000
    for _ in range(TIME_LENGTH):
        left, digit = divmod(left, 36)
        digits.append(ALPHABET[digit])
    digits.reverse()
    digits.extend(secrets.choice(ALPHABET) for _ in range(LENGTH - TIME_LENGTH))
    return "".join(digits)
