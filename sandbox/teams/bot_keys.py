"""The keys with which the Bot Framework signs activities, and valid and invalid tokens of each kind."""

import base64
import time
from collections.abc import Mapping
from typing import Any

import jwt

from sandbox.keys import SigningKey, new_key

ISSUER = "https://api.botframework.com"
LIFETIME_SECONDS = 3600
# The channels for which a key may sign; a bot must check for its channel (Bot Framework authentication, docs).
ENDORSED = ("msteams", "webchat", "skype", "directline")

KINDS = (
    "valid", "expired", "no-exp", "bad-signature", "hs256", "unknown-kid", "new-key", "unendorsed", "wrong-audience",
    "wrong-issuer", "wrong-service-url", "none", "garbage",
)  # fmt: skip


class BotKeys:
    """Published keys, newest last, and the tokens signed with them."""

    def __init__(self, key: SigningKey, client_id: str) -> None:
        self._client_id = client_id
        self._published: list[tuple[SigningKey, tuple[str, ...]]] = [(key, ENDORSED)]
        self._current = key
        self._tokens: dict[str, tuple[float, str]] = {}

    def rotate(self) -> str:
        """Publish a new key and sign with it from now on; returns its id."""
        self._current = new_key()
        self._published.append((self._current, ENDORSED))
        self._tokens.clear()
        return self._current.kid

    def published(self) -> list[dict[str, Any]]:
        return [key.jwk(x5t=key.kid, endorsements=list(endorsed)) for key, endorsed in self._published]

    def header(self, service_url: str) -> str:
        """The Authorization header of an activity. A token is reused for some minutes, because signing is expensive."""
        made_at, token = self._tokens.get(service_url, (float("-inf"), ""))
        if time.monotonic() - made_at > 300:
            token = self._current.sign(self._claims(service_url))
            self._tokens[service_url] = (time.monotonic(), token)
        return f"Bearer {token}"

    def header_of_kind(self, kind: str, service_url: str) -> str | None:
        """Return a header as a forger or a faulty service would send it; None for no header."""
        claims = self._claims(service_url)
        match kind:
            case "none":
                return None
            case "garbage":
                return "Bearer not.a.token"
            case "bad-signature":
                head, body, signature = self._current.sign(claims).split(".")
                return f"Bearer {head}.{body}.{_flipped(signature)}"
            case "hs256":
                public = self._current.jwk()["n"]
                return f"Bearer {jwt.encode(claims, public, algorithm='HS256', headers={'kid': self._current.kid})}"
            case "unknown-kid":
                return f"Bearer {new_key().sign(claims)}"
            case "new-key":
                self.rotate()
            case "unendorsed":
                key = new_key()
                self._published.append((key, ("webchat",)))
                return f"Bearer {key.sign(claims)}"
            case _:
                return f"Bearer {self._current.sign(_spoilt(kind, claims))}"
        return self.header(service_url)

    def _claims(self, service_url: str) -> dict[str, Any]:
        at = int(time.time())
        return {
            "iss": ISSUER, "aud": self._client_id, "nbf": at - 300, "exp": at + LIFETIME_SECONDS, "serviceurl": service_url,
        }  # fmt: skip


def _spoilt(kind: str, claims: dict[str, Any]) -> Mapping[str, Any]:
    match kind:
        case "valid":
            return claims
        case "expired":  # beyond the five minutes of leeway
            return {**claims, "nbf": claims["nbf"] - 7200, "exp": claims["nbf"] - 3600}
        case "no-exp":
            return {name: value for name, value in claims.items() if name != "exp"}
        case "wrong-audience":
            return {**claims, "aud": "00000000-0000-0000-0000-000000000000"}
        case "wrong-issuer":
            return {**claims, "iss": "https://sts.windows.net/00000000-0000-0000-0000-000000000000/"}
        case _:
            assert kind == "wrong-service-url", kind
            return {**claims, "serviceurl": "https://elsewhere.example/"}


def _flipped(signature: str) -> str:
    raw = bytearray(base64.urlsafe_b64decode(signature + "=="))
    raw[10] ^= 0xFF
    return base64.urlsafe_b64encode(bytes(raw)).decode().rstrip("=")
