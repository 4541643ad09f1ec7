"""Tokens that Entra signs, and the check that Graph and the Connector make of them."""

import time
import uuid
from collections.abc import Sequence
from typing import Any

import jwt

from sandbox.keys import SigningKey
from sandbox.problems import refuse
from sandbox.world import Person, World

GRAPH_AUDIENCE = "https://graph.microsoft.com"
BOT_AUDIENCE = "https://api.botframework.com"
TEAMS_WEB = "5e3ce6c0-2b1f-4285-8d4b-75ee78787346"  # Teams in a browser (Teams tabs, register with Entra, docs)
LIFETIME_SECONDS = 3599  # what Entra gives apps by default


class Tokens:
    """Entra's token desk."""

    def __init__(self, world: World, key: SigningKey) -> None:
        self._world = world
        self.key = key

    def for_app(self, audience: str, roles: Sequence[str], *, lifetime: int = LIFETIME_SECONDS) -> str:
        """An access token for the app itself; `roles` are the permissions that an admin granted; omitted if none."""
        client = self._world.app.client_id
        claims: dict[str, Any] = {
            **self._times(lifetime), "aud": audience, "iss": self._issuer, "appid": client, "appidacr": "1",
            "idtyp": "app", "oid": self._principal, "sub": self._principal, "tid": self._world.tenant_id,
            "uti": uuid.uuid4().hex, "ver": "1.0",
        }  # fmt: skip
        if roles:
            claims["roles"] = list(roles)
        return self.key.sign(claims)

    def id_token(self, issuer: str, person: Person, nonce: str | None) -> str:
        """An ID token: who signed in, for the app (OpenID Connect)."""
        claims: dict[str, Any] = {
            **self._times(LIFETIME_SECONDS), "aud": self._world.app.client_id, "iss": issuer, "name": person.name,
            "oid": person.id, "preferred_username": person.upn, "sub": _pairwise(self._world, person),
            "tid": self._world.tenant_id, "uti": uuid.uuid4().hex, "ver": "2.0",
        }  # fmt: skip
        # A claim without a value is omitted (ID token claims reference, docs).
        claims = {claim: value for claim, value in claims.items() if value != ""}
        if nonce is not None:
            claims["nonce"] = nonce
        return self.key.sign(claims)

    def for_tab(self, issuer: str, person: Person) -> str:
        """The result of TeamsJS `getAuthToken()` in the app's page: an access token of version 2 requested by Teams."""
        client = self._world.app.client_id
        claims = {
            **self._times(LIFETIME_SECONDS), "aud": client, "iss": issuer, "azp": TEAMS_WEB, "azpacr": "0",
            "name": person.name, "oid": person.id, "preferred_username": person.upn, "scp": "access_as_user",
            "sub": _pairwise(self._world, person), "tid": self._world.tenant_id, "uti": uuid.uuid4().hex, "ver": "2.0",
        }  # fmt: skip
        return self.key.sign(claims)

    def for_person(self, person: Person, scope: str) -> str:
        """An access token of a person for Graph. Apps get one at sign-in; the sandbox never reads it."""
        claims = {
            **self._times(LIFETIME_SECONDS), "aud": GRAPH_AUDIENCE, "iss": self._issuer, "appid": self._world.app.client_id,
            "oid": person.id, "scp": scope, "tid": self._world.tenant_id, "ver": "1.0",
        }  # fmt: skip
        return self.key.sign(claims)

    def check(self, door: str, header: str, audience: str) -> tuple[str, ...]:
        """Return the roles of the app that this token belongs to. Raises the refusals `<door>.token_…`."""
        scheme, _, token = header.partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise refuse(f"{door}.token_missing")
        try:
            claims: dict[str, Any] = jwt.decode(
                token, self.key.private.public_key(), algorithms=["RS256"], audience=audience, issuer=self._issuer,
                options={"require": ["exp", "aud", "iss", "appid"]},
            )  # fmt: skip
        except jwt.ExpiredSignatureError as problem:
            raise refuse(f"{door}.token_expired") from problem
        except jwt.InvalidAudienceError as problem:
            raise refuse(f"{door}.token_audience") from problem
        except jwt.PyJWTError as problem:
            raise refuse(f"{door}.token_bad") from problem
        if claims["appid"] != self._world.app.client_id:
            raise refuse(f"{door}.token_bad")
        return tuple(claims.get("roles", ()))

    @property
    def _issuer(self) -> str:
        # App tokens are of version 1, whose issuer is Entra's security token service (access tokens reference, docs).
        return f"https://sts.windows.net/{self._world.tenant_id}/"

    @property
    def _principal(self) -> str:
        return str(uuid.uuid5(uuid.NAMESPACE_URL, self._world.app.client_id))

    @staticmethod
    def _times(lifetime: int) -> dict[str, int]:
        at = int(time.time())
        return {"iat": at, "nbf": min(at, at + lifetime), "exp": at + lifetime}


def _pairwise(world: World, person: Person) -> str:
    return uuid.uuid5(uuid.NAMESPACE_URL, f"{world.app.client_id} {person.id}").hex
