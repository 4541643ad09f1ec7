"""Schedules opening hours and daily sweeps ahead: the distributor gets them as instants, for two weeks.

Every process checks; the first to find that less than a week is left schedules the next two.
"""

import asyncio
from collections.abc import Callable

import structlog

from directory.hours import DAYS_AHEAD
from directory.projection import TENANTS, Projection, now_ms
from directory.state import SCRIPTS
from distribution.distributor import Distributor
from store.connection import Store, StoreDown
from store.keys import root

log = structlog.get_logger(__name__)

LOOK_EVERY_SECONDS = 3_600.0
AGAIN_SECONDS = 60.0
"""After the store was down: soon enough for a week, without loading a store that has just started."""

DAY_MS = 86_400_000
RENEW_MS = DAYS_AHEAD * DAY_MS // 2
"""Half of the schedule is a reserve for days on which no process checks."""


class Ahead:
    """The loop, and one check."""

    def __init__(self, store: Store, distributor: Distributor, *, clock: Callable[[], int] = now_ms) -> None:
        self._store = store
        self._projection = Projection(store, distributor, clock=clock)
        self._clock = clock

    async def run(self) -> None:
        """Run until cancelled; waits while the store is down."""
        while True:
            try:
                await self.look()
            except StoreDown:
                await asyncio.sleep(AGAIN_SECONDS)  # the code that serves requests logs it
            else:
                await asyncio.sleep(LOOK_EVERY_SECONDS)

    async def look(self) -> int:
        """Schedule what is needed; returns for how many tenants. Raises StoreDown."""
        renewed = 0
        now = self._clock()
        for tenant in sorted(await self._store.smembers(TENANTS)):
            script = SCRIPTS["directory_ahead"]
            soon, ahead = now + RENEW_MS, now + DAYS_AHEAD * DAY_MS
            if await self._store.run(script, root(tenant), tenant=tenant, soon=soon, ahead=ahead):
                await self._projection.project(tenant)
                log.info("laid_ahead", tenant=tenant)
                renewed += 1
        return renewed
