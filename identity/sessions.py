"""Who sits in front of this browser: a signed cookie that names a session, its record in the store, and the roles now.

The cookie alone proves nothing: every request looks up the session's record together with the roles. Signing out deletes
the record, so a copied cookie is worthless from then on, and a role that is taken away is gone at the next request.
"""

import secrets
import time
from asyncio import gather
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

import jwt
from aiohttp import web

from entry.cookies import cookie
from store.connection import Store
from store.keys import root
from store.scripts import load_scripts

LIFE_SECONDS = 12 * 3600  # a working day; the next morning begins with a sign-in
OWN_PAGE_HEADER = "x-usher"
BELL = "session"
"""The change signal of a session that has ended: `session <tenant> <session> 0`."""
_AUDIENCE = "usher:session"
_END = load_scripts(Path(__file__).parent / "lua")["end_session"]
# Cookies come from strangers: what is longer was not made here, and is not worth hashing.
_LONGEST_COOKIE = 4_096


class UserRecord(Protocol):
    """What a session needs of the directory's user: the roles."""

    @property
    def roles(self) -> Iterable[str]: ...


class Users(Protocol):
    """Where the roles come from: the directory."""

    async def user(self, tenant: str, oid: str, /) -> UserRecord | None: ...


@dataclass(frozen=True, slots=True)
class Identity:
    """A signed-in person. `roles` are the directory's (`admin`, `owner`, `supervisor`, `agent`); none = not in it.

    `session` names the session's record; it is no secret by itself, because the cookie that carries it is signed.
    """

    tenant: str
    user: str
    upn: str
    name: str
    roles: frozenset[str]
    session: str


class Sessions:
    """Starts, reads and ends sessions. `key` comes from `identity.secrets.derive(secret, "session")`.

    Every method that looks into the store raises StoreDown while it cannot be reached.
    """

    def __init__(self, *, key: bytes, public_url: str, users: Users, store: Store) -> None:
        self._key = key
        self._users = users
        self._store = store
        self.origin = origin_of(public_url)
        self.secure = urlsplit(public_url).scheme == "https"
        # The prefix makes browsers refuse the cookie from any other host or over plain HTTP.
        self.cookie = "__Host-usher" if self.secure else "usher"

    async def start(
        self,
        request: web.Request,
        response: web.StreamResponse,
        *,
        tenant: str,
        user: str,
        upn: str,
        name: str,
        framed: bool,
    ) -> Identity:
        """Sign this person in with this response. `framed`: the page runs inside Teams' frame (a third-party one).

        A browser that is signed in as the same person keeps its session, so that signing out later ends all of its
        cookies; another person's session in the same browser ends here.
        """
        before = await self.identity_of(request)
        if before is not None and (before.tenant, before.user) != (tenant, user):
            await self.end(before)
            before = None
        session = before.session if before else new_session()
        identity = Identity(tenant, user, upn, name, frozenset(), session)
        await self.record(identity)
        self.give(response, identity, framed=framed)
        return identity

    def give(self, response: web.StreamResponse, identity: Identity, *, framed: bool) -> None:
        """Set the cookie of this session."""
        self._set(response, self.sign(identity), LIFE_SECONDS, framed=framed)

    async def record(self, identity: Identity) -> None:
        """Store that this session is alive, for `LIFE_SECONDS` from now."""
        await self._store.set(_key(identity.tenant, identity.session), identity.user, ttl_seconds=LIFE_SECONDS)

    def sign(self, identity: Identity) -> str:
        """The cookie's value: who it is for and which session, until `LIFE_SECONDS` from now."""
        claims = {
            "aud": _AUDIENCE,
            "t": identity.tenant,
            "u": identity.user,
            "s": identity.session,
            "upn": identity.upn,
            "n": identity.name,
            "exp": int(time.time()) + LIFE_SECONDS,
        }
        return jwt.encode(claims, self._key, algorithm="HS256")

    async def end(self, identity: Identity) -> None:
        """End this session everywhere: its cookies are worthless, and streams under it are told to stop."""
        await self._store.run(_END, root(identity.tenant), tenant=identity.tenant, session=identity.session)

    def clear(self, response: web.StreamResponse) -> None:
        """Remove the cookie from this browser: the page's own, and the one that it has inside Teams' frame."""
        self._set(response, "", 0, framed=False)
        if self.secure:
            self._set(response, "", 0, framed=True)

    async def identity_of(self, request: web.Request) -> Identity | None:
        """Who sent this request; None when nobody is signed in."""
        claimed = self._claimed(cookie(request, self.cookie))
        return None if claimed is None else await self.still(claimed)

    async def still(self, identity: Identity) -> Identity | None:
        """The same person with the roles of now; None when the session has ended."""
        holder, known = await gather(
            self._store.get(_key(identity.tenant, identity.session)),
            self._users.user(identity.tenant, identity.user),
        )
        if holder != identity.user:
            return None
        roles = frozenset(str(role) for role in known.roles) if known is not None else frozenset[str]()
        return Identity(identity.tenant, identity.user, identity.upn, identity.name, roles, identity.session)

    def is_own_page(self, request: web.Request) -> bool:
        """Whether one of our own pages sent this request: a forged request cannot set the header or fake the origin."""
        return self.is_own_origin(request) and request.headers.get(OWN_PAGE_HEADER) == "1"

    def is_own_origin(self, request: web.Request) -> bool:
        """Whether the request names our own origin, or none at all."""
        return self.is_own(request, request.headers.get("Origin"))

    def is_own(self, request: web.Request, address: str | None) -> bool:
        """Whether an origin or a referrer that the request names is ours; a missing one is."""
        if address is None:
            return True
        try:
            named = origin_of(address)
            return named == self.origin or urlsplit(named).netloc == request.host
        except ValueError:  # `http://[`: not an address
            return False

    def _claimed(self, cookie: str) -> Identity | None:
        """What a cookie of ours says; None for any other."""
        if not cookie or len(cookie) > _LONGEST_COOKIE:
            return None
        try:
            claims = jwt.decode(
                cookie,
                self._key,
                algorithms=["HS256"],
                audience=_AUDIENCE,
                options={"require": ["exp", "aud", "t", "u", "s", "upn", "n"]},
            )
        except (jwt.exceptions.InvalidTokenError, ValueError):  # the latter: bytes that are no UTF-8
            return None
        tenant, user, upn, name, session = (str(claims[part]) for part in ("t", "u", "upn", "n", "s"))
        return Identity(tenant, user, upn, name, frozenset(), session)

    def _set(self, response: web.StreamResponse, value: str, seconds: int, *, framed: bool) -> None:
        # Written by hand: Python's cookies know `Partitioned` only from 3.14 on. Inside Teams' frame the browser keeps
        # a cookie only with SameSite=None; Secure, and, where it partitions third parties, only with Partitioned.
        parts = [f"{self.cookie}={value}", "Path=/", f"Max-Age={seconds}", "HttpOnly"]
        if self.secure:
            parts += ["Secure", "SameSite=None", "Partitioned"] if framed else ["Secure", "SameSite=Lax"]
        else:
            parts.append("SameSite=Lax")
        response.headers.add("Set-Cookie", "; ".join(parts))


SESSIONS = web.AppKey("SESSIONS", Sessions)


async def identity_of(request: web.Request) -> Identity | None:
    """Who sent this request; None when nobody is signed in. The app has `identity_routes`."""
    return await request.config_dict[SESSIONS].identity_of(request)


def is_own_page(request: web.Request) -> bool:
    """Whether a state-changing call came from one of our own pages: header `x-usher: 1`, and our own origin."""
    return request.config_dict[SESSIONS].is_own_page(request)


def origin_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def new_session() -> str:
    """A name that nobody can guess, for a session that is about to start."""
    return secrets.token_urlsafe(24)


def _key(tenant: str, session: str) -> str:
    return f"{root(tenant)}session:{tenant}:{session}"
