"""One secret of the owner, many keys of ours: no key ever signs two kinds of thing."""

import hashlib
import hmac

MINIMUM_LENGTH = 16  # characters; what `USHER_SECRET_KEY` must have before anything may be derived from it


def derive(secret: str, purpose: str) -> bytes:
    """32 bytes for one purpose (`"visitor"`, `"session"`, …), the same on every replica that has the same secret.

    Raises ValueError when the secret is shorter than `MINIMUM_LENGTH`.
    """
    if len(secret) < MINIMUM_LENGTH:
        raise ValueError(f"the secret key must have at least {MINIMUM_LENGTH} characters")
    return hmac.new(secret.encode(), b"usher:" + purpose.encode(), hashlib.sha256).digest()
