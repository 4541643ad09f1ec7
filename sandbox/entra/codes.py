"""Authorization codes: issued at sign-in, redeemed once, within ten minutes."""

import base64
import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

from sandbox.problems import refuse

LIFETIME_SECONDS = 600  # authorization code flow, docs


@dataclass(slots=True)
class Grant:
    """What was agreed at sign-in. `challenge` is the PKCE challenge (S256), None when the app sent none."""

    person: str
    redirect_uri: str
    scope: str
    nonce: str | None
    challenge: str | None
    given_at: float = 0
    used: bool = False


class Codes:
    """Codes that have not been forgotten yet."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self.clock = clock
        self._grants: dict[str, Grant] = {}

    def give(self, grant: Grant) -> str:
        code = f"0.{secrets.token_urlsafe(48)}"
        grant.given_at = self.clock()
        self._grants[code] = grant
        return code

    def redeem(self, code: str, redirect_uri: str, verifier: str) -> Grant:
        """Redeem a code and return its grant. Raises the refusals `entra.code_…`, `entra.verifier_wrong` and so on."""
        grant = self._grants.get(code)
        if grant is None:
            raise refuse("entra.code_unknown")
        if grant.used:
            raise refuse("entra.code_used")
        if self.clock() - grant.given_at > LIFETIME_SECONDS:
            raise refuse("entra.code_expired")
        if redirect_uri != grant.redirect_uri:
            raise refuse("entra.reply_address_other", address=redirect_uri)
        if grant.challenge is not None and challenge_of(verifier) != grant.challenge:
            raise refuse("entra.verifier_wrong")
        grant.used = True
        return grant


def challenge_of(verifier: str) -> str:
    """S256 of RFC 7636."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
