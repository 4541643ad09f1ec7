"""The public keys that Microsoft signs tokens with, read asynchronously, with a time-out, and kept for a day.

The Bot Framework SDK reads them with `requests` on the event loop, without a time-out, and fails on a newly published
key until its cache expires. Here an unknown key id leads to one fresh look, and such looks are rationed, because
anybody on the internet can send a token with an invented key id.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import aiohttp
import jwt
import structlog
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt.algorithms import RSAAlgorithm

from identity.tls import client_session

log = structlog.get_logger(__name__)

CACHE_SECONDS = 24 * 3600  # Microsoft asks for a refresh at least every 24 hours (Bot Framework authentication, docs)
TIMEOUT_SECONDS = 10  # a click must be answered within about 15 s, the key included
LOOKS = 5  # consecutive reads for unknown key ids without a pause …
QUIET_SECONDS = 5  # pause after a failed read: its waiters must not start one more each
LOOK_BACK_SECONDS = 60  # … and the time until one more is allowed


class KeysUnavailable(Exception):
    """The keys could not be read; the token may be good. Doors answer 503, and the sender tries again."""


class UnknownKey(Exception):
    """The issuer publishes no key with this id."""


@dataclass(frozen=True, slots=True)
class Key:
    """A signing key. `endorsements` are the Bot Framework channels it may speak for (`msteams`), empty elsewhere."""

    kid: str
    public: RSAPublicKey
    endorsements: frozenset[str]


@dataclass(frozen=True, slots=True)
class OpenId:
    """What an OpenID configuration document says. Endpoints that it lacks are empty."""

    issuer: str
    jwks_uri: str
    authorization_endpoint: str
    token_endpoint: str
    end_session_endpoint: str


@dataclass(slots=True)
class _Source:
    """One configuration document with its keys, and the ration of fresh looks at it."""

    openid: OpenId | None = None
    keys: Mapping[str, Key] = field(default_factory=dict[str, Key])
    read_at: float = float("-inf")
    failed_at: float = float("-inf")
    failure: str = ""
    looks: float = LOOKS
    looked_at: float = 0.0
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    def take_look(self, now: float) -> bool:
        self.looks = min(LOOKS, self.looks + (now - self.looked_at) / LOOK_BACK_SECONDS)
        self.looked_at = now
        if self.looks < 1:
            return False
        self.looks -= 1
        return True


class Jwks:
    """Keys of any number of issuers, each named by the address of its OpenID configuration document."""

    def __init__(self, ca_file: str | Path | None = None, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._ca_file = ca_file
        self._clock = clock
        self._session: aiohttp.ClientSession | None = None
        self._sources: dict[str, _Source] = {}

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def key(self, openid_url: str, kid: str) -> Key:
        """The key with this id. Raises UnknownKey, KeysUnavailable."""
        source = await self._fresh(openid_url)
        if kid in source.keys:
            return source.keys[kid]
        before = source.read_at
        async with source.lock:
            # Somebody else may have looked while this one waited for the lock.
            if kid not in source.keys and source.read_at == before and source.take_look(self._clock()):
                await self._read(openid_url, source)
        if kid not in source.keys:
            raise UnknownKey(kid)
        return source.keys[kid]

    async def openid(self, openid_url: str) -> OpenId:
        """The configuration document, with the endpoints that a sign-in needs. Raises KeysUnavailable."""
        source = await self._fresh(openid_url)
        before = source.read_at
        async with source.lock:
            if not _can_sign_in(source) and source.read_at == before and source.take_look(self._clock()):
                await self._read(openid_url, source)
        if source.openid is None or not _can_sign_in(source):
            raise KeysUnavailable(f"{openid_url} names no endpoints")
        return source.openid

    async def _fresh(self, openid_url: str) -> _Source:
        source = self._sources.setdefault(openid_url, _Source())
        if self._is_fresh(source):
            return source
        async with source.lock:
            if not self._is_fresh(source) and self._clock() - source.failed_at > QUIET_SECONDS:
                try:
                    await self._read(openid_url, source)
                except KeysUnavailable as problem:
                    log.warning("signing_keys_unreadable", url=openid_url, why=str(problem))
                    source.failed_at, source.failure = self._clock(), str(problem)
        if source.openid is None:
            raise KeysUnavailable(source.failure)
        return source  # fresh, or yesterday's: those are better than no service

    def _is_fresh(self, source: _Source) -> bool:
        return self._clock() - source.read_at < CACHE_SECONDS

    async def _read(self, openid_url: str, source: _Source) -> None:
        document = await self._get(openid_url)
        openid = OpenId(
            issuer=_text(document, "issuer"),
            jwks_uri=_text(document, "jwks_uri"),
            authorization_endpoint=_text(document, "authorization_endpoint"),
            token_endpoint=_text(document, "token_endpoint"),
            end_session_endpoint=_text(document, "end_session_endpoint"),
        )
        # One bad answer with status 200 must not count for a day, nor take the place of a good one.
        missing = [name for name in openid.__slots__ if not getattr(openid, name) and _was_there(source.openid, name)]
        if missing:
            raise KeysUnavailable(f"{openid_url} names no {', '.join(missing)}")
        keys = _keys(await self._get(openid.jwks_uri))
        if not keys:
            raise KeysUnavailable(f"{openid.jwks_uri} publishes no keys that can be used")
        source.openid, source.keys, source.read_at = openid, keys, self._clock()

    async def _get(self, url: str) -> Mapping[str, Any]:
        if self._session is None:
            self._session = client_session(self._ca_file, timeout_seconds=TIMEOUT_SECONDS)
        try:
            async with self._session.get(url, allow_redirects=False) as answer:
                if answer.status != 200:
                    raise KeysUnavailable(f"{url} answered {answer.status}")
                document: object = await answer.json(content_type=None)
        except (aiohttp.ClientError, TimeoutError, ValueError) as problem:
            raise KeysUnavailable(f"{url}: {type(problem).__name__}") from problem
        if not isinstance(document, dict):
            raise KeysUnavailable(f"{url} is not a JSON object")
        return cast("Mapping[str, Any]", document)


def _was_there(before: OpenId | None, name: str) -> bool:
    """Whether a document must name this: what each needs, and what the last one named."""
    return name in {"issuer", "jwks_uri"} or bool(before is not None and getattr(before, name))


def _can_sign_in(source: _Source) -> bool:
    return bool(source.openid and source.openid.authorization_endpoint and source.openid.token_endpoint)


def _text(document: Mapping[str, Any], name: str) -> str:
    value = document.get(name)
    return value if isinstance(value, str) else ""


def _keys(published: Mapping[str, Any]) -> Mapping[str, Key]:
    """The RSA keys of a JWKS document; what cannot be read as one is left out, as other algorithms are."""
    found: dict[str, Key] = {}
    listed: object = published.get("keys")
    for entry in cast("list[object]", listed) if isinstance(listed, list) else []:
        if not isinstance(entry, dict):
            continue
        described = cast("dict[str, Any]", entry)
        kid, endorsements = _text(described, "kid"), described.get("endorsements")
        if not kid or described.get("kty") != "RSA":
            continue
        with contextlib.suppress(jwt.exceptions.InvalidKeyError, ValueError):
            public = RSAAlgorithm.from_jwk(described)
            if isinstance(public, RSAPublicKey):
                channels = cast("list[object]", endorsements) if isinstance(endorsements, list) else []
                found[kid] = Key(kid, public, frozenset(str(channel) for channel in channels))
    return found
