"""Timers: what happens because time passes. Every replica runs them; the script that takes a deadline handles it, so it fires once."""

import asyncio
import math
import time
from collections.abc import Sequence
from contextlib import suppress

import structlog

from distribution.scripts import distribution_scripts
from store.connection import Store, StoreDown, StoreError
from store.doorbells import Bell, Doorbells
from store.keys import root, roots

log = structlog.get_logger(__name__)

AT_ONCE = 8
"""Deadlines in one script call: few, so that nobody waits behind a thousand that fall due together."""

LOOK_EVERY_SECONDS = 5.0
"""A lost doorbell costs so much at most."""

Reply = Sequence[str | int]

_LATER: Reply = (0, "500")
"""What counts as the reply when there is none: nothing fired, look again in half a second."""


class Timers:
    """Sleeps until the nearest deadline of each shard and lets the script `fire` handle what is due."""

    def __init__(self, store: Store, doorbells: Doorbells) -> None:
        self._store = store
        self._doorbells = doorbells
        self._fire = distribution_scripts()["fire"]
        self._look_at = dict.fromkeys(roots(), 0.0)  # shard → when to look, on the monotonic clock
        self._woken = asyncio.Event()
        self._stopping = False

    async def run(self) -> None:
        """Until `stop`. A store that is down is waited for."""
        forget = self._doorbells.listen("deadline", self._hear)
        try:
            while not self._stopping:
                await self._round()
        finally:
            forget()

    async def stop(self) -> None:
        """Let the running script call end; then `run` returns."""
        self._stopping = True
        self._woken.set()

    def _hear(self, bell: Bell) -> None:
        now = time.monotonic()
        for shard in [bell.root] if bell.root else self._look_at:
            self._look_at[shard] = now
        self._woken.set()

    async def _round(self) -> None:
        self._woken.clear()
        now = time.monotonic()
        due = [shard for shard, at in self._look_at.items() if at <= now]
        for shard in due:
            self._look_at[shard] = math.inf  # a bell that rings from here on tells of something the scripts may not see
        replies = await self._ask(due)
        now = time.monotonic()
        for shard, reply in zip(due, replies, strict=True):
            self._look_at[shard] = min(self._look_at[shard], now + _wait_seconds(reply))
        await self._pause(min(self._look_at.values()) - now)

    async def _ask(self, shards: Sequence[str]) -> Sequence[Reply]:
        calls = [(self._fire, shard, {"tenant": "", "limit": AT_ONCE, "at": 0}) for shard in shards]
        try:
            return await self._store.run_many(calls)
        except StoreDown:
            pass  # whoever serves requests says so
        except StoreError:
            log.exception("deadlines cannot be looked at")  # a fault of ours must not stop time for everything else
        return [_LATER] * len(shards)

    async def _pause(self, seconds: float) -> None:
        """Sleep, but not through a doorbell (nor one that rang while the script ran)."""
        if seconds > 0:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), seconds)


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


async def fire_virtual(store: Store, tenant: str, to: int) -> int:
    """Let a virtual tenant's time go on to `to`, each deadline at its own instant; returns how many fired."""
    fire = distribution_scripts()["fire"]
    key = f"{root(tenant)}deadlines:{tenant}"
    count = 0
    while True:
        due = await store.zrange(key, 0, 0, scores=True)
        if not due or due[0][1] > to:
            return count
        reply = await store.run(fire, root(tenant), tenant=tenant, limit=AT_ONCE, at=int(due[0][1]))
        _report(reply)
        count += int(reply[0])
