"""Who sits in front of this browser: a signed cookie for twelve hours, and the roles that the directory knows now.

The cookie says who; what he may do is looked up at every request, so that a role taken away is gone at once.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit

import jwt
from aiohttp import web

LIFE_SECONDS = 12 * 3600  # a working day; the next morning begins with a sign-in
OWN_PAGE_HEADER = "x-usher"
_AUDIENCE = "usher:session"


class UserRecord(Protocol):
    """What a session needs of the directory's user: his roles."""

    @property
    def roles(self) -> Iterable[str]: ...


class Users(Protocol):
    """Where the roles come from: the directory."""

    async def user(self, tenant: str, oid: str, /) -> UserRecord | None: ...


@dataclass(frozen=True, slots=True)
class Identity:
    """A signed-in person. `roles` are the directory's (`admin`, `owner`, `supervisor`, `agent`); none = not in it."""

    tenant: str
    user: str
    upn: str
    name: str
    roles: frozenset[str]


class Sessions:
    """Makes and reads the session cookie. `key` comes from `identity.secrets.derive(secret, "session")`."""

    def __init__(self, *, key: bytes, public_url: str, users: Users) -> None:
        self._key = key
        self._users = users
        self.origin = origin_of(public_url)
        self.secure = urlsplit(public_url).scheme == "https"
        # The prefix makes browsers refuse the cookie from any other host or over plain HTTP.
        self.cookie = "__Host-usher" if self.secure else "usher"

    def start(self, response: web.StreamResponse, *, tenant: str, user: str, upn: str, name: str, framed: bool) -> None:
        """Sign this person in with this response. `framed`: the page runs inside Teams' frame (a third-party one)."""
        expires = int(time.time()) + LIFE_SECONDS
        claims = {"aud": _AUDIENCE, "t": tenant, "u": user, "upn": upn, "n": name, "exp": expires}
        self._set(response, jwt.encode(claims, self._key, algorithm="HS256"), LIFE_SECONDS, framed=framed)

    def end(self, response: web.StreamResponse) -> None:
        """Sign out, in this browser: the page's own cookie and the one that it has inside Teams' frame."""
        self._set(response, "", 0, framed=False)
        if self.secure:
            self._set(response, "", 0, framed=True)

    async def identity_of(self, request: web.Request) -> Identity | None:
        """Who sent this request; None when nobody is signed in."""
        try:
            claims = jwt.decode(
                request.cookies.get(self.cookie, ""),
                self._key,
                algorithms=["HS256"],
                audience=_AUDIENCE,
                options={"require": ["exp", "aud", "t", "u", "upn", "n"]},
            )
        except jwt.exceptions.InvalidTokenError:
            return None
        tenant, user = str(claims["t"]), str(claims["u"])
        known = await self._users.user(tenant, user)
        roles = frozenset(str(role) for role in known.roles) if known is not None else frozenset[str]()
        return Identity(tenant=tenant, user=user, upn=str(claims["upn"]), name=str(claims["n"]), roles=roles)

    def is_own_page(self, request: web.Request) -> bool:
        """Whether one of our own pages sent this request (a forged one can neither set the header nor fake the origin)."""
        origin = request.headers.get("Origin")
        own = origin is None or origin == self.origin or urlsplit(origin).netloc == request.host
        return own and request.headers.get(OWN_PAGE_HEADER) == "1"

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
