"""A visitor's token: it opens the visitor's own conversation for a day."""

import time
from dataclasses import dataclass

import jwt

from identity.tokens import BadToken

LIFE_SECONDS = 24 * 3600  # a chat goes on across pages and reloads for 24 hours
_AUDIENCE = "usher:visitor"


@dataclass(frozen=True, slots=True)
class VisitorClaims:
    """Which conversation the token opens, and until when (milliseconds since the epoch)."""

    tenant: str
    conversation: str
    expires_at: int


def sign_visitor(tenant: str, conversation: str, key: bytes) -> str:
    """A token for this conversation. `key` comes from `identity.secrets.derive(secret, "visitor")`."""
    claims = {"aud": _AUDIENCE, "t": tenant, "c": conversation, "exp": int(time.time()) + LIFE_SECONDS}
    return jwt.encode(claims, key, algorithm="HS256")


def read_visitor(token: str, key: bytes) -> VisitorClaims:
    """What the token opens. Raises BadToken."""
    try:
        claims = jwt.decode(
            token, key, algorithms=["HS256"], audience=_AUDIENCE, options={"require": ["exp", "aud", "t", "c"]}
        )
    except jwt.exceptions.ExpiredSignatureError:
        raise BadToken("this chat's day is over") from None
    except jwt.exceptions.InvalidTokenError:
        raise BadToken("not a visitor's token") from None
    return VisitorClaims(tenant=str(claims["t"]), conversation=str(claims["c"]), expires_at=int(claims["exp"]) * 1000)
