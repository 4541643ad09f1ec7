"""After a failover: the outside may know more than the store does. Everything open is compared again.

All keys of a tenant lie on one server and are copied in order, script by script. So what a replica has is the tenant's
state of a moment ago, whole in itself: deadlines, slots and queues fit together, and go on by themselves. What has gone
on meanwhile is outside: cards and rooms in Teams, and what visitors were told is stored.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import structlog

from distribution.scripts import distribution_scripts
from store.connection import Store
from store.due import Subject
from store.keys import root, shard_root

log = structlog.get_logger(__name__)

Doubt = Callable[[str, str], Awaitable[None]]
"""Another room's part, for a tenant's task: from now on it takes nothing for shown or known that it only remembers."""

AT_ONCE: Final = 16


class Aftermath:
    """Handler of `failover:-:<shard>`. Harmless when it runs twice."""

    def __init__(self, store: Store, doubts: Sequence[Doubt]) -> None:
        self._store = store
        self._doubts = doubts
        self._look_again = distribution_scripts()["look_again"]

    async def handle(self, subject: Subject) -> None:
        """Mark every open task of the shard as due, after all have lost their certainty about it. Raises StoreDown."""
        shard = shard_root(int(subject.parts[0]))
        count = 0
        async for members in self._store.zscan(f"{shard}deadlines", "task:*"):
            for start in range(0, len(members), AT_ONCE):
                await asyncio.gather(*(self._doubt(member) for member in members[start : start + AT_ONCE]))
            count += len(members)
        log.info("compared_after_failover", shard=shard, tasks=count)

    async def _doubt(self, member: str) -> None:
        _, tenant, task = member.split(":", 2)
        for doubt in self._doubts:
            await doubt(tenant, task)
        await self._store.run(self._look_again, root(tenant), tenant=tenant, task=task)
