"""One page's events: a snapshot, then the pieces that changed, a heartbeat, and a word about what went away."""

import asyncio
import hashlib
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

from aiohttp import web
from pydantic import TypeAdapter
from pydantic_core import to_json

from identity.sessions import Identity, Sessions
from portal.deps import PortalDeps
from portal.hub import Hub, Page
from portal.schemas import Pieces, TaskView
from portal.snapshot import PIECES, Person, Snapshots
from portal.views import customer_name

HEARTBEAT_PIECES = frozenset({"me", "agent", "offers", "open", "waiting"})
"""Read with every heartbeat, so that a lost change signal costs at most one; the rest changes with a signal to all
pages."""

_ADAPTERS: dict[str, TypeAdapter[Any]] = {
    name: TypeAdapter(Any if field.annotation is None else field.annotation)
    for name, field in Pieces.model_fields.items()
}


def now_ms() -> int:
    return time.time_ns() // 1_000_000


class Content:
    """What a page has been told: each piece as its JSON."""

    def __init__(self) -> None:
        self._pieces: dict[str, bytes] = {}

    def take(self, found: dict[str, Any]) -> dict[str, bytes]:
        """The pieces that are not as they were."""
        fresh = {name: _ADAPTERS[name].dump_json(piece) for name, piece in found.items()}
        changed = {name: text for name, text in fresh.items() if self._pieces.get(name) != text}
        self._pieces |= changed
        return changed

    @property
    def revision(self) -> str:
        """The same for the same content, on every replica."""
        parts = (name.encode() + b"\0" + self._pieces[name] for name in sorted(self._pieces))
        return hashlib.blake2s(b"\0".join(parts), digest_size=8).hexdigest()


def revision_of(pieces: Pieces) -> str:
    content = Content()
    content.take({name: getattr(pieces, name) for name in PIECES})
    return content.revision


class Stream:
    """`own_surface`: the page has none that answers for itself, so the open line is its surface."""

    def __init__(
        self,
        deps: PortalDeps,
        snapshots: Snapshots,
        hub: Hub,
        *,
        sessions: Sessions,
        identity: Identity,
        page: Page,
        response: web.StreamResponse,
        surface: str,
        own_surface: bool,
    ) -> None:
        self._deps = deps
        self._snapshots = snapshots
        self._hub = hub
        self._sessions = sessions
        self._identity = identity
        self._page = page
        self._response = response
        self._surface = surface
        self._own_surface = own_surface
        self._content = Content()

    async def run(self) -> None:
        """Until the page goes away, the session ends, the server stops, or the store is down.

        The page then asks for a new stream, and gets 401 when nobody is signed in any more.
        """
        self._page.take()
        # The page counts from its first moment; whether it goes on counting, its own answers say.
        await self._beat_surface()
        await self._send_changes("snapshot", PIECES)
        rhythm = self._deps.rhythm
        next_beat = next_surface = next_look = time.monotonic()
        next_beat += rhythm.heartbeat
        next_surface += rhythm.surface
        next_look += rhythm.session
        while not (self._hub.closing or self._page.leaving):
            with suppress(TimeoutError):
                async with asyncio.timeout(max(0.0, min(next_beat, next_look) - time.monotonic())):
                    await self._page.rung.wait()
                    # The rest of what is changing right now comes with the same update.
                    await asyncio.sleep(rhythm.coalesce)
            if self._hub.closing or self._page.leaving:
                return
            now = time.monotonic()
            if self._page.doubted or now >= next_look:
                next_look = now + rhythm.session
                if not await self._still_signed_in():
                    return
            if now >= next_beat:
                next_beat = now + rhythm.heartbeat
                self._page.touch(HEARTBEAT_PIECES)
                await self._send_changes("state", self._page.take())
                await self._send("beat", self._stamp())
            else:
                await self._send_changes("state", self._page.take())
            if self._own_surface and now >= next_surface:
                next_surface = now + rhythm.surface
                await self._beat_surface()

    async def _still_signed_in(self) -> bool:
        self._page.doubted = False
        return await self._sessions.still(self._identity) is not None

    async def _beat_surface(self) -> None:
        await self._deps.distributor.surface_beat(self._identity.tenant, self._identity.user, self._surface)

    async def _send_changes(self, event: str, stale: Iterable[str]) -> None:
        person = await self._snapshots.person(self._identity)
        self._page.lanes = person.lanes
        found = await self._snapshots.pieces(person, stale)
        changed = self._content.take(found)
        if changed and event == "snapshot":
            await self._send(event, self._stamp() | changed)
        elif changed:
            await self._send(event, self._stamp() | {"pieces": _object(changed)})
        if "offers" in found and "open" in found:
            in_hand: list[TaskView] = [*found["offers"], *found["open"]]
            await self._say_what_went(person, frozenset(task.id for task in in_hand))

    async def _say_what_went(self, person: Person, held: frozenset[str]) -> None:
        gone, self._page.held = self._page.held - held, held
        for task_id in gone:
            task = await self._deps.distributor.task(person.tenant, task_id)
            if task is None:
                continue
            words = person.voice.gone(task, self._identity.user, customer_name(task), await self._name(task.agent))
            if words is not None:
                await self._send("notice", {"code": to_json(words.code), "text": to_json(words.text)})

    async def _name(self, user: str | None) -> str:
        found = await self._deps.directory.user(self._identity.tenant, user) if user else None
        return found.name if found else ""

    def _stamp(self) -> dict[str, bytes]:
        return {"revision": to_json(self._content.revision), "at": to_json(now_ms())}

    async def _send(self, event: str, fields: Mapping[str, bytes]) -> None:
        await self._response.write(b"event: " + event.encode() + b"\ndata: " + _object(fields) + b"\n\n")


def _object(fields: Mapping[str, bytes]) -> bytes:
    """A JSON object of values that are JSON already."""
    return b"{" + b",".join(to_json(name) + b":" + value for name, value in fields.items()) + b"}"
