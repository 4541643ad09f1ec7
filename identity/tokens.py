"""Checks tokens: RS256 only, from an expected issuer, for Usher, and only while valid.

The Bot Framework SDK accepts a token without `exp` and answers 500 to most bad ones; here every fault is a `BadToken`
with its reason, which a door turns into 401.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import jwt

from identity.jwks import Jwks, UnknownKey

LEEWAY_SECONDS = 300  # Microsoft's own allowance for clocks that differ (Bot Framework authentication, docs)
LONGEST = 16_384  # characters; Microsoft's tokens have 1,000 to 4,000, and what is longer is not worth hashing
SHORTEST_KEY_BITS = 2048


class BadToken(Exception):
    """This token proves nothing. The text says why, and holds no part of the token."""


@dataclass(frozen=True, slots=True)
class Claims:
    """A verified token's claims, and the channels that its signing key may speak for."""

    values: Mapping[str, Any]
    endorsements: frozenset[str]

    def text(self, name: str) -> str:
        """The claim as text; empty when it is missing or not a text."""
        value = self.values.get(name)
        return value if isinstance(value, str) else ""

    def texts(self, name: str) -> tuple[str, ...]:
        """The claim as a list of texts (`roles`); empty when it is missing."""
        value: object = self.values.get(name)
        return tuple(str(entry) for entry in value) if isinstance(value, list) else ()  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType] JSON of a stranger


async def verify(
    token: str,
    *,
    jwks: Jwks,
    openid_url: str,
    issuers: Collection[str],
    audience: str | Collection[str],
    leeway: float = LEEWAY_SECONDS,
) -> Claims:
    """The claims of a token signed by a key that `openid_url` leads to.

    `issuers` and `audience` are what `iss` and `aud` may be; `leeway` is in seconds.
    Raises BadToken, and KeysUnavailable when the keys cannot be read.
    """
    kid = _key_id(token)
    try:
        key = await jwks.key(openid_url, kid)
    except UnknownKey:
        raise BadToken("signed with a key that its issuer does not publish") from None
    if key.public.key_size < SHORTEST_KEY_BITS:
        raise BadToken("signed with a key that is too short")
    try:
        values: dict[str, Any] = jwt.decode(
            token,
            key=key.public,
            algorithms=["RS256"],
            issuer=list(issuers),
            audience=audience if isinstance(audience, str) else list(audience),
            leeway=leeway,
            options={"require": ["exp", "iss", "aud"]},
        )
    except jwt.exceptions.InvalidTokenError as problem:
        raise BadToken(_WORDS.get(type(problem), str(problem))) from None
    return Claims(values, key.endorsements)


def bearer(header: str | None) -> str:
    """The token in an Authorization header. Raises BadToken when there is none."""
    scheme, _, token = (header or "").strip().partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise BadToken("no bearer token")
    return token.strip()


def _key_id(token: str) -> str:
    if len(token) > LONGEST:
        raise BadToken("too long to be a token")
    try:
        header: Mapping[str, Any] = jwt.get_unverified_header(token)
    except (jwt.exceptions.InvalidTokenError, UnicodeError):  # the latter: half a character, from JSON
        raise BadToken("not a token") from None
    if header.get("alg") != "RS256":
        raise BadToken("signed by another algorithm than RS256")
    kid = header.get("kid")
    if not isinstance(kid, str) or not kid:
        raise BadToken("names no signing key")
    return kid


_WORDS: Mapping[type[Exception], str] = {
    jwt.exceptions.ExpiredSignatureError: "expired",
    jwt.exceptions.ImmatureSignatureError: "not valid yet",
    jwt.exceptions.InvalidSignatureError: "the signature does not fit",
    jwt.exceptions.InvalidIssuerError: "from another issuer",
    jwt.exceptions.InvalidAudienceError: "meant for another audience",
}
