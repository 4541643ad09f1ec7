"""Signing in with Entra: authorization code with PKCE, the same code for Microsoft's cloud and for a stand-in.

All addresses come from the tenant's OpenID configuration document. What a browser opens may be plain HTTP on a
loopback address (a stand-in on the same machine); what Usher itself calls is TLS in any case.
"""

import base64
import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlencode, urlsplit

import aiohttp
import jwt

from directory.people import entra_names
from entry.hosts import is_loopback
from identity.jwks import Jwks, OpenId
from identity.tls import client_session
from identity.tokens import BadToken, Claims, verify
from store.ids import is_guid

TIMEOUT_SECONDS = 15
TEAMS_CLIENTS = frozenset(
    {
        "1fec8e78-bce4-4aaf-ab1b-5451cc387264",  # desktop and phones
        "5e3ce6c0-2b1f-4285-8d4b-75ee78787346",  # web
    }
)
"""Teams' own apps, which get a tab's token for it.

Source: learn.microsoft.com/microsoftteams/platform/tabs/how-to/authentication/tab-sso-register-aad
"""


class SignInRefused(Exception):
    """Entra, or we, refuse this sign-in. The text is for the person, and says why."""


class EntraUnreachable(Exception):
    """Entra does not answer; trying again later may help."""


@dataclass(frozen=True, slots=True)
class EntraConfig:
    """The app as it is registered with Entra. `redirect_uri` is our `/auth/callback` as browsers reach it."""

    login_url: str
    app_id: str
    app_secret: str
    redirect_uri: str
    ca_file: str | Path | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """A person as Entra reports them: tenant and object id in lower case, sign-in name, display name."""

    tenant: str
    user: str
    upn: str
    name: str


@dataclass(frozen=True, slots=True)
class Proof:
    """What a sign-in needs when it comes back: the nonce of the token, and PKCE's verifier."""

    nonce: str
    verifier: str


def new_trip() -> Proof:
    return Proof(nonce=secrets.token_urlsafe(24), verifier=secrets.token_urlsafe(48))


class Entra:
    """Talks to Entra for the sign-in. Raises KeysUnavailable where its documents cannot be read."""

    def __init__(self, config: EntraConfig, jwks: Jwks) -> None:
        self._config = config
        self._jwks = jwks
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    def openid_url(self, tenant: str) -> str:
        return openid_url(self._config.login_url, tenant)

    async def sign_in_url(self, tenant: str, *, state: str, trip: Proof) -> str:
        """Where the browser goes to sign in. Raises EntraUnreachable when that address cannot be trusted."""
        challenge = base64.urlsafe_b64encode(hashlib.sha256(trip.verifier.encode()).digest()).decode().rstrip("=")
        query = {
            "client_id": self._config.app_id,
            "response_type": "code",
            "response_mode": "query",
            "redirect_uri": self._config.redirect_uri,
            "scope": "openid profile",
            "state": state,
            "nonce": trip.nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        return f"{browser_address(await self._jwks.openid(self.openid_url(tenant)))}?{urlencode(query)}"

    async def redeem(self, tenant: str, code: str, trip: Proof) -> Person:
        """Turn the code that the browser brought back into a person of this tenant.

        Raises SignInRefused, EntraUnreachable, KeysUnavailable.
        """
        openid = await self._jwks.openid(self.openid_url(tenant))
        try:
            claims = await verify(
                await self._id_token(openid, code, trip),
                jwks=self._jwks,
                openid_url=self.openid_url(tenant),
                issuers=[openid.issuer],
                audience=self._config.app_id,
            )
        except BadToken as bad:
            raise SignInRefused(f"Entra's answer proves nothing: {bad}") from bad
        if not secrets.compare_digest(claims.text("nonce").encode(), trip.nonce.encode()):
            raise SignInRefused("Entra's answer belongs to another sign-in")
        return _person(claims, tenant)

    async def person_of_teams_token(self, tenant: str, token: str) -> Person:
        """Who sits in a Teams tab: `token` comes from TeamsJS `getAuthToken()`. Raises BadToken, KeysUnavailable.

        Source: learn.microsoft.com/microsoftteams/platform/tabs/how-to/authentication/tab-sso-overview
        """
        openid = await self._jwks.openid(self.openid_url(tenant))
        app_id, host = self._config.app_id, urlsplit(self._config.redirect_uri).netloc
        claims = await verify(
            token,
            jwks=self._jwks,
            openid_url=self.openid_url(tenant),
            issuers=[openid.issuer],
            audience=[app_id, f"api://{app_id}", f"api://{host}/{app_id}"],
        )
        # Version 2 says `azp`, version 1 `appid`: the app that asked for the token.
        asked_by = (claims.text("azp") or claims.text("appid")).lower()
        if asked_by not in {*TEAMS_CLIENTS, app_id.lower()}:
            raise BadToken("was not asked for by Teams")
        if "access_as_user" not in claims.text("scp").split():
            raise BadToken("lacks the scope access_as_user")
        try:
            return _person(claims, tenant)
        except SignInRefused as refused:
            raise BadToken(str(refused)) from refused

    async def _id_token(self, openid: OpenId, code: str, trip: Proof) -> str:
        form = {
            "grant_type": "authorization_code",
            "client_id": self._config.app_id,
            "client_secret": self._config.app_secret,
            "code": code,
            "redirect_uri": self._config.redirect_uri,
            "code_verifier": trip.verifier,
            "scope": "openid profile",
        }
        if urlsplit(openid.token_endpoint).scheme != "https":
            raise EntraUnreachable("the token endpoint is not https")
        if self._session is None:
            self._session = client_session(self._config.ca_file, timeout_seconds=TIMEOUT_SECONDS)
        try:
            async with self._session.post(openid.token_endpoint, data=form, allow_redirects=False) as answer:
                status, body = answer.status, cast("object", await answer.json(content_type=None))
        except (aiohttp.ClientError, TimeoutError, ValueError) as problem:
            raise EntraUnreachable(type(problem).__name__) from problem
        said = cast("Mapping[str, Any]", body if isinstance(body, dict) else {})
        if status >= 500 or status == 429:
            raise EntraUnreachable(f"the token endpoint answered {status}")
        if status != 200 or not isinstance(said.get("id_token"), str):
            raise SignInRefused(refusal(str(said.get("error", status)), str(said.get("error_description", ""))))
        return str(said["id_token"])


def openid_url(login_url: str, tenant: str) -> str:
    """Where a tenant's OpenID configuration document is."""
    return f"{login_url}/{tenant}/v2.0/.well-known/openid-configuration"


def browser_address(openid: OpenId) -> str:
    """The page on which a person signs in: https, or plain HTTP on this machine. Raises EntraUnreachable otherwise."""
    parts = urlsplit(openid.authorization_endpoint)
    if parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname or "")):
        return openid.authorization_endpoint
    raise EntraUnreachable("the sign-in page is not https")


def claimed_tenant(token: str) -> str:
    """The tenant that an unverified token says it is from: only good for choosing whose keys to verify it with."""
    try:
        claims: Mapping[str, Any] = jwt.decode(token, options={"verify_signature": False})
    except (jwt.exceptions.InvalidTokenError, UnicodeError):  # the latter: half a character, from JSON
        raise BadToken("not a token") from None
    tid = claims.get("tid")
    if not isinstance(tid, str) or not is_guid(tid):
        raise BadToken("names no tenant")
    return tid.lower()


# Entra's codes that a person can do something about: learn.microsoft.com/entra/identity-platform/reference-error-codes
_REFUSALS: Mapping[str, str] = {
    "access_denied": "the sign-in was cancelled, or consent was refused.",
    "AADSTS65004": "consent was refused.",
    "AADSTS65001": "the app has not been granted yet. Ask your administrator to open the grant link.",
    "AADSTS50105": "your administrator has not assigned you to this app.",
    "AADSTS50020": "this account does not belong to your organisation.",
    "AADSTS7000215": "the app's client secret is wrong. Ask the operator of Usher to check USHER_BOT_APP_SECRET.",
    "AADSTS7000222": "the app's client secret has expired. Ask the operator of Usher to renew USHER_BOT_APP_SECRET.",
    "AADSTS7000218": "the app has no client secret. Ask the operator of Usher to set USHER_BOT_APP_SECRET.",
    "AADSTS50011": "the app's redirect address is not registered with Entra.",
    "AADSTS90094": "only an administrator can grant this.",
    "AADSTS70008": "it took too long. Please sign in again.",
    "AADSTS54005": "this answer of Entra was used already. Please sign in again.",
}


def refusal(error: str, description: str) -> str:
    """Entra's error in words; codes without words of their own are named."""
    code = description.partition(":")[0].strip()
    words = _REFUSALS.get(code) or _REFUSALS.get(error)
    if words is None:
        words = f"Entra says {code if code.startswith('AADSTS') else error}."
    return words


def _person(claims: Claims, tenant: str) -> Person:
    if claims.text("tid").lower() != tenant:
        raise SignInRefused("this account belongs to another organisation.")
    user = claims.text("oid").lower()
    if not is_guid(user):
        raise SignInRefused("Entra names no person.")
    upn, name = entra_names(user, claims.text("preferred_username") or claims.text("upn"), claims.text("name"))
    return Person(tenant=tenant, user=user, upn=upn, name=name)
