"""What must survive a browser's trip to Entra and back: kept under a state that nobody can guess, handed out once."""

import hashlib
import json
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from identity.sessions import Sessions
from store.connection import Store
from store.keys import ALL
from store.scripts import load_scripts

FLOW_SECONDS = 600  # a sign-in with a second factor, or an admin who reads what he grants, is done in ten minutes
_TAKE = load_scripts(Path(__file__).parent / "lua")["take_flow"]


class Flows:
    """Trips under way. A trip belongs to the browser that began it: `browser` is that browser's own random text."""

    def __init__(self, store: Store, sessions: Sessions) -> None:
        self._store = store
        # A cookie that comes back from Entra's page must be Lax: that return is a top-level GET from another site.
        self.cookie = "__Host-usher-trip" if sessions.secure else "usher-trip"
        self.secure = sessions.secure

    async def begin(self, kind: str, browser: str, **facts: str) -> str:
        """Keep `facts` for ten minutes; the state under which `take` gives them back, once, to the same browser."""
        state = secrets.token_urlsafe(32)
        kept = json.dumps({"kind": kind, "browser": _digest(browser), "facts": facts})
        await self._store.set(f"{ALL}flow:{state}", kept, ttl_seconds=FLOW_SECONDS)
        return state

    async def take(self, kind: str, browser: str, state: str) -> Mapping[str, str] | None:
        """The facts; None when the state was used before, is too old, invented, or another browser's."""
        if not state:
            return None
        kept = str(await self._store.run(_TAKE, ALL, state=state[:100]) or "")
        if not kept:
            return None
        trip = cast("dict[str, Any]", json.loads(kept))
        if trip["kind"] != kind or not secrets.compare_digest(str(trip["browser"]), _digest(browser)):
            return None
        return cast("Mapping[str, str]", trip["facts"])


def _digest(browser: str) -> str:
    return hashlib.sha256(browser.encode()).hexdigest()
