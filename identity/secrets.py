"""Derives keys from the one secret: each purpose has its own key."""

import hashlib
import hmac

MINIMUM_LENGTH = 32  # characters; `USHER_SECRET_KEY` must have at least as many (settings.py)


def derive(secret: str, purpose: str) -> bytes:
    """32 bytes for one purpose (`"visitor"`, `"session"`, …), the same on every replica that has the same secret.

    Raises ValueError when the secret is shorter than `MINIMUM_LENGTH`.
    """
    if len(secret) < MINIMUM_LENGTH:
        raise ValueError(f"the secret key must have at least {MINIMUM_LENGTH} characters")
    return hmac.new(secret.encode(), b"usher:" + purpose.encode(), hashlib.sha256).digest()
