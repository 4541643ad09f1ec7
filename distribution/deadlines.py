"""Timers: what happens because time passes. Every replica runs them; the script that takes a deadline handles it, so it fires once."""

import asyncio
import math
import time
from collections.abc import Sequence

import structlog

from distribution.scripts import distribution_scripts
from store.connection import Store, StoreDown, StoreError
from store.doorbells import Bell, Doorbells
from store.keys import root, roots
from store.scripts import LuaScript
from store.waiting import is_set_within

log = structlog.get_logger(__name__)

AT_ONCE = 8
"""Deadlines in one script call: few, so that nobody waits behind a thousand that fall due together."""

MOST_CALLS_AT_AN_INSTANT = 20_000
"""Of a virtual tenant: far more than any day needs, and few enough to notice a deadline that never ends."""

LOOK_EVERY_SECONDS = 5.0
"""A lost doorbell costs so much at most."""

Reply = Sequence[str | int]

_LATER: Reply = (0, "500")
"""What counts as the reply when there is none: nothing fired, look again in half a second."""


class Timers:
    """Sleeps until the nearest deadline of each shard and lets the script `fire` handle what is due.

    Each server is asked for itself: one that is away does not hold up the deadlines of the others.
    """

    def __init__(self, store: Store, doorbells: Doorbells) -> None:
        self._store = store
        self._doorbells = doorbells
        self._fire = distribution_scripts()["fire"]
        self._look_at = dict.fromkeys(roots(), 0.0)  # shard → when to look, on the monotonic clock
        self._asked: set[str] = set()  # shards that a script looks at right now
        self._asking: set[asyncio.Task[None]] = set()
        self._woken = asyncio.Event()
        self._stopping = False

    async def run(self) -> None:
        """Until `stop`. A store that is down is waited for."""
        forget = self._doorbells.listen("deadline", self._hear)
        try:
            while not self._stopping:
                self._woken.clear()
                self._look()
                await self._pause()
            await asyncio.gather(*self._asking)
        finally:
            forget()
            for task in self._asking:
                task.cancel()

    async def stop(self) -> None:
        """Let the running script calls end; then `run` returns."""
        self._stopping = True
        self._woken.set()

    def _hear(self, bell: Bell) -> None:
        now = time.monotonic()
        for shard in [bell.root] if bell.root else self._look_at:
            self._look_at[shard] = now
        self._woken.set()

    def _look(self) -> None:
        now = time.monotonic()
        due = [shard for shard, at in self._look_at.items() if at <= now and shard not in self._asked]
        self._asked.update(due)
        for shard in due:
            self._look_at[shard] = math.inf  # a bell that rings from here on tells of something the scripts may not see
        for group in self._store.network.together(due):
            task = asyncio.create_task(self._ask([due[index] for index in group]))
            self._asking.add(task)
            task.add_done_callback(self._asking.discard)

    async def _ask(self, shards: Sequence[str]) -> None:
        try:
            calls = [(self._fire, shard, {"tenant": "", "limit": AT_ONCE, "at": 0}) for shard in shards]
            replies = await self._store.run_each(calls)
        finally:
            self._asked.difference_update(shards)
            self._woken.set()
        now = time.monotonic()
        for shard, reply in zip(shards, replies, strict=True):
            self._look_at[shard] = min(self._look_at[shard], now + _wait_seconds(_read(reply)))

    async def _pause(self) -> None:
        """Sleep, but not through a doorbell (nor one that rang while a script ran)."""
        left = [at for shard, at in self._look_at.items() if shard not in self._asked]
        seconds = min(left, default=math.inf) - time.monotonic()
        if seconds > 0:
            await is_set_within(self._woken, None if seconds == math.inf else seconds)


def _read(reply: Reply | StoreDown | StoreError) -> Reply:
    if isinstance(reply, StoreError):
        # A fault of ours must not stop time for everything else.
        log.error("deadlines cannot be looked at", exc_info=reply)
    # The code that serves requests logs that the store is down.
    return _LATER if isinstance(reply, Exception) else reply


def _wait_seconds(reply: Reply) -> float:
    """From the reply of `fire.lua`: how long until the shard's next deadline."""
    _report(reply)
    fired, wait = reply[0], reply[1]
    if fired == AT_ONCE:
        return 0.0
    return min(LOOK_EVERY_SECONDS, int(wait) / 1000) if wait else LOOK_EVERY_SECONDS


def _report(reply: Reply) -> None:
    for problem in reply[2:]:
        log.error("a deadline could not be handled; it is tried again in a minute", problem=problem)


async def fire_virtual(store: Store, tenant: str, to: int, fire: LuaScript | None = None) -> int:
    """Let a virtual tenant's time go on to `to`, each deadline at its own instant; returns how many fired.

    `fire`: the script of that name, when it is not the distributor's own. Raises RuntimeError for a deadline that is set
    to the same instant for ever.
    """
    fire = fire or distribution_scripts()["fire"]
    key = f"{root(tenant)}deadlines:{tenant}"
    count, calls, instant = 0, 0, 0.0
    while True:
        due = await store.zrange(key, 0, 0, scores=True)
        if not due or due[0][1] > to:
            return count
        calls, instant = calls + 1 if due[0][1] == instant else 1, due[0][1]
        if calls > MOST_CALLS_AT_AN_INSTANT:
            raise RuntimeError(f"{due[0][0]} never lets {instant:.0f} pass")
        reply = await store.run(fire, root(tenant), tenant=tenant, limit=AT_ONCE, at=int(due[0][1]))
        _report(reply)
        count += int(reply[0])
