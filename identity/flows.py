"""What must survive a browser's trip to Entra and back: an encrypted, short-lived cookie, good for one return.

Nothing is stored when a trip begins, so strangers who begin trips fill no memory but their own. When the browser comes
back with a trip that can be read, the trip's id is stored as used until it would have ended anyway.
"""

import base64
import hashlib
import json
import re
import secrets
import time
from collections.abc import Mapping
from itertools import islice
from typing import Any, Final, cast

from aiohttp import web
from cryptography.fernet import Fernet, InvalidToken

from entry.cookies import cookie, cookies_like
from identity.sessions import Sessions
from store.connection import Store
from store.keys import ALL

FLOW_SECONDS: Final = 600
"""A sign-in with a second factor, or an admin who reads what they grant, is done in ten minutes."""

AT_ONCE: Final = 4
"""Trips of one browser: tabs that sign in at the same time. The oldest makes room for a fifth, because a browser sends all
of these cookies with every request, and a server takes only some kilobytes of headers."""

_MOST_READ: Final = 16
"""Of the trips' cookies that one request brings: a stranger may send a thousand, and each that goes is a header of ours."""

_STATE = re.compile(r"[A-Za-z0-9_-]{43}")
_LONGEST_COOKIE: Final = 4_000


class Flows:
    """Trips under way. `key`: 32 bytes, from `identity.secrets.derive(secret, "flow")`."""

    def __init__(self, store: Store, sessions: Sessions, key: bytes) -> None:
        self._store = store
        self._seal = Fernet(base64.urlsafe_b64encode(key))
        # A cookie that comes back from Entra's page must be Lax: that return is a top-level GET from another site.
        self._prefix = "__Host-usher-trip-" if sessions.secure else "usher-trip-"
        self._secure = sessions.secure

    def begin(self, request: web.Request, kind: str, **facts: str) -> tuple[str, "Trip"]:
        """The state under which `take` gives `facts` back, once, to the same browser; and the cookie for the response."""
        state = secrets.token_urlsafe(32)
        # The seal's own time has whole seconds: of trips that begin in one second it cannot tell the oldest.
        carried = json.dumps({"kind": kind, "state": state, "begun": time.time(), "facts": facts}, ensure_ascii=False)
        sealed = self._seal.encrypt(carried.encode()).decode()
        return state, Trip(self._name(state), sealed, self._too_many(request), self._secure)

    async def take(self, request: web.Request, kind: str, state: str) -> Mapping[str, str] | None:
        """The facts; None when the state was used before, is too old, invented, or another browser's. Raises StoreDown."""
        if not _STATE.fullmatch(state):
            return None
        trip = self._read(cookie(request, self._name(state)))
        if trip is None or trip["kind"] != kind or trip["state"] != state:
            return None
        first = await self._store.set(f"{ALL}flow:{_digest(state)}", "used", ttl_seconds=FLOW_SECONDS, only_if_new=True)
        return cast("Mapping[str, str]", trip["facts"]) if first else None

    def _name(self, state: str) -> str:
        # A cookie for each trip: tabs that begin at the same moment do not overwrite each other's.
        return f"{self._prefix}{_digest(state)[:12]}"

    def _read(self, sealed: str) -> Mapping[str, Any] | None:
        if len(sealed) > _LONGEST_COOKIE or not sealed.isascii():
            return None
        try:
            return cast("Mapping[str, Any]", json.loads(self._seal.decrypt(sealed.encode(), ttl=FLOW_SECONDS)))
        except InvalidToken:
            return None

    def _too_many(self, request: web.Request) -> list[str]:
        """The cookies of trips that make room for one more: those that cannot be read, and the oldest."""
        kept: list[tuple[float, str]] = []
        unread: list[str] = []
        ours = cookies_like(request, self._prefix).items()
        for name, sealed in islice(ours, _MOST_READ):
            trip = self._read(sealed)
            if trip is None:
                unread.append(name)
            else:
                kept.append((trip.get("begun", 0), name))
        return unread + [name for _, name in sorted(kept)[: max(0, len(kept) - AT_ONCE + 1)]]


class Trip:
    """The cookie of one trip, and the ones that make room for it."""

    def __init__(self, name: str, sealed: str, gone: list[str], secure: bool) -> None:
        self._name = name
        self._sealed = sealed
        self._gone = gone
        self._secure = secure

    def set_on(self, response: web.StreamResponse) -> None:
        self._set(response, self._name, self._sealed, FLOW_SECONDS)
        for name in self._gone:
            self._set(response, name, "", 0)

    def _set(self, response: web.StreamResponse, name: str, value: str, seconds: int) -> None:
        response.set_cookie(name, value, max_age=seconds, secure=self._secure, httponly=True, samesite="Lax")


def _digest(state: str) -> str:
    return hashlib.sha256(state.encode()).hexdigest()[:32]
