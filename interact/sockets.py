"""All sockets of this process: one listener for change signals, the common ticker, shared limits, and the shutdown."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Final

import structlog

from conversations.messages import Conversations
from interact.budget import FrameBudget
from interact.limits import Buckets, Limits
from interact.visitor_socket import VisitorSocket
from store import keys
from store.connection import StoreDown
from store.doorbells import Bell, Doorbells

log = structlog.get_logger(__name__)

SLOTS: Final = 50
"""Beats are spread over this many ticks, so that 10,000 visitors cause no burst every five seconds."""

MOVE_SECONDS: Final = 3.0
"""A stopping process asks all its clients to move within this many seconds."""

APART_SECONDS: Final = 0.02
"""Between two of them, when they are few."""

CLOSE_SECONDS: Final = 2.0
"""Clients that have not closed their side by then are left to the system."""


class Sockets:
    """Register of the open sockets. `run` is the one background task for all of them."""

    def __init__(self, conversations: Conversations, doorbells: Doorbells, limits: Limits) -> None:
        self.messages = Buckets(burst=limits.messages_burst, rate=limits.messages_rate)
        self.budget = FrameBudget(limits)
        self.closing = False
        self._conversations = conversations
        self._limits = limits
        self._slots: list[set[VisitorSocket]] = [set() for _ in range(SLOTS)]
        self._tabs: dict[tuple[str, str], list[VisitorSocket]] = {}
        self._deaf_times = 0
        self._count = 0
        self._was_full = False
        self._somebody = asyncio.Event()
        self._moves: set[asyncio.Task[None]] = set()
        # Two listeners for all sockets, instead of two for each: that is a kilobyte for every idle visitor.
        doorbells.listen("conv", self._rung)
        doorbells.listen("typing", self._rung)

    def __len__(self) -> int:
        return self._count

    @property
    def full(self) -> bool:
        """Whether this process has as many lines as it may have."""
        full = self._count >= self._limits.all_sockets
        if full and not self._was_full:
            log.warning("sockets_full", count=self._count)
        self._was_full = full
        return full

    def add(self, socket: VisitorSocket) -> bool:
        """Take it in; False when its chat is open in too many tabs, and this one is the one to give way."""
        for other in [tab for tab in self._tabs.get(socket.key, ()) if tab.connection == socket.connection]:
            other.replaced()  # a page that polls, and did not get the last answer
            self.remove(other)
        tabs = self._tabs.setdefault(socket.key, [])
        if len(tabs) >= self._limits.sockets:
            gives_way = next((tab for tab in [*tabs, socket] if tab.hidden), tabs[0])
            if gives_way is socket:
                return False
            log.info("tab_parked", conversation=socket.key[1])
            self.see_off(gives_way.park())
            self.remove(gives_way)
            tabs = self._tabs.setdefault(socket.key, [])
        tabs.append(socket)
        self._count += 1
        socket.slot = min(range(SLOTS), key=lambda slot: len(self._slots[slot]))
        self._slots[socket.slot].add(socket)
        self._somebody.set()
        return True

    def remove(self, socket: VisitorSocket) -> None:
        """It is closed, or about to be; saying so twice is harmless."""
        if socket not in self._slots[socket.slot]:
            return
        self._slots[socket.slot].discard(socket)
        self._count -= 1
        tabs = self._tabs[socket.key]
        tabs.remove(socket)
        if not tabs:
            del self._tabs[socket.key]
        if not self._count:
            self._somebody.clear()

    def _rung(self, bell: Bell) -> None:
        if bell.number == -1:  # bells were missed: every socket looks for itself at its next beat, not all at once
            self._deaf_times += 1
            return
        for socket in self._tabs.get((bell.tenant, bell.id), ()):
            socket.rung(bell)

    async def run(self) -> None:
        """Send every socket its beat until cancelled; sleeps while there is none."""
        loop = asyncio.get_running_loop()
        step = self._limits.beat_seconds / SLOTS
        next_at = loop.time()
        while True:
            for slot in self._slots:
                await self._somebody.wait()
                next_at = max(next_at + step, loop.time())  # what was late is not made up for in a burst
                await asyncio.sleep(next_at - loop.time())
                await self._beat(list(slot))

    async def _beat(self, sockets: list[VisitorSocket]) -> None:
        if not sockets:
            return
        try:
            places = await self._conversations.places([socket.key for socket in sockets])
        except StoreDown:
            log.warning("sockets_moved", count=len(sockets), why="store_down")
            self._start_move(sockets, "store_down")
            return
        for socket, place in zip(sockets, places, strict=True):
            last, public = place or (0, 0)
            socket.beat(last, public, self._deaf_times)

    def _start_move(self, sockets: list[VisitorSocket], why: str) -> None:
        """In the background: a client that does not close its side must not hold up the ticker."""
        self.see_off(_together([lambda s=s: s.move(why) for s in sockets]))

    def failed_over(self, root: str) -> None:
        """The shard may lack what was acknowledged: its visitors come back, and offer again what they know to be said."""
        sockets = [socket for slot in self._slots for socket in slot if keys.root(socket.key[0]) == root]
        if sockets:
            log.warning("sockets_moved", count=len(sockets), why="failover")
            self._start_move(sockets, "failover")

    def see_off(self, leaving: Coroutine[None, None, None]) -> asyncio.Task[None]:
        """Carry out what is left to do for a socket that is closed, whatever becomes of its handler."""
        task = asyncio.get_running_loop().create_task(leaving)
        self._moves.add(task)
        task.add_done_callback(self._moves.discard)
        return task

    async def close_all(self, reason: str) -> None:
        """Ask one client after the other to connect again at once, and close; the others are served meanwhile.

        New ones are refused from now on. It takes 5 s at most.
        """
        self.closing = True
        sockets = [socket for slot in self._slots for socket in slot]
        if not sockets:
            return
        log.info("sockets_moved", count=len(sockets), why=reason)
        pause = min(APART_SECONDS, MOVE_SECONDS / len(sockets))
        moves: list[asyncio.Task[None]] = []
        for socket in sockets:
            moves.append(self.see_off(socket.move(reason, at_once=True)))
            await asyncio.sleep(pause)
        await asyncio.wait(moves, timeout=CLOSE_SECONDS)


async def _together(calls: list[Callable[[], Awaitable[None]]]) -> None:
    await asyncio.gather(*(call() for call in calls))
