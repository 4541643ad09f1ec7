"""Keeps opening hours and daily sweeps laid down ahead: the distributor knows them as instants, for two weeks.

Every process looks; the first to see that a week is used up lays down the next.
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
"""After the store was down: soon enough for a week, and no burden on a store that has just come back."""

DAY_MS = 86_400_000
RENEW_MS = DAYS_AHEAD * DAY_MS // 2
"""Half of what is laid down is kept for the days on which nobody looks."""


class Ahead:
    """The loop, and one look of it."""

    def __init__(self, store: Store, distributor: Distributor, *, clock: Callable[[], int] = now_ms) -> None:
        self._store = store
        self._projection = Projection(store, distributor, clock=clock)
        self._clock = clock

    async def run(self) -> None:
        """For ever; a store that is down is waited for."""
        while True:
            try:
                await self.look()
            except StoreDown:
                await asyncio.sleep(AGAIN_SECONDS)  # whoever serves requests says so
            else:
                await asyncio.sleep(LOOK_EVERY_SECONDS)

    async def look(self) -> int:
        """Lay down what is due; returns for how many tenants that was. Raises StoreDown."""
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
