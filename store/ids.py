"""Identifiers of tasks, conversations, offers and lease tokens."""

import re
import secrets
import time

ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz"
LENGTH = 20
# 36^9 milliseconds last until the year 5188; the other 11 characters are 56 random bits.
TIME_LENGTH = 9


_PAIRS = [first + second for first in ALPHABET for second in ALPHABET]
_PAIR = len(_PAIRS)
_RANDOM_LENGTH = LENGTH - TIME_LENGTH
_RANDOM = len(ALPHABET) ** _RANDOM_LENGTH


_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def is_guid(value: str) -> bool:
    """Whether this is a GUID, in either case: an object id or a tenant id of Entra's."""
    return _GUID.fullmatch(value.lower()) is not None


def new_id() -> str:
    """Return a new identifier: 20 characters of `[0-9a-z]`; later ones sort after earlier ones (to the millisecond)."""
    left = time.time_ns() // 1_000_000 * _RANDOM + secrets.randbelow(_RANDOM)
    pairs: list[str] = []
    for _ in range(LENGTH // 2):
        left, pair = divmod(left, _PAIR)
        pairs.append(_PAIRS[pair])
    pairs.reverse()
    return "".join(pairs)
