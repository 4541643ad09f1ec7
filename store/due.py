"""Workers for the due sets: they update the outside world to the current state. No two workers hold one subject at
once.

A script marks a subject (`include/due.lua`); a worker claims it for a lease, runs the handler of its kind, and reports
"done". A mark during this time makes it due again at once; a failure makes it due later; the lease of a worker that
dies
expires. Handlers must be idempotent.

Due subjects are divided by class and tenant (`include/due_sort.lua`), and so are a worker's slots (`due_slots.py`):
slow
work uses only its own slots.
"""

import asyncio
import random
import time
from collections.abc import Sequence
from typing import cast

import structlog

from store import keys
from store.connection import Store
from store.doorbells import Bell, Doorbells
from store.due_handling import SCRIPTS, Claim, Handling
from store.due_slots import Quota, Slots
from store.ids import new_id
from store.seldom import Seldom
from store.subjects import Handler, RetryLater, Subject, subject_in_hand

__all__ = ["SCRIPTS", "DueWorker", "Handler", "RetryLater", "Subject", "mark_due", "subject_in_hand"]

log = structlog.get_logger(__name__)
seldom = Seldom(log)

# The longest delay that a lost change signal causes.
POLL_SECONDS = 5.0
STORE_DOWN_SECONDS = 1.0


async def mark_due(store: Store, tenant: str, subject: Subject, at: int | None = None) -> None:
    """Mark `subject` due at `at` (ms since the epoch), or now, from outside a script."""
    await store.run(SCRIPTS["due_mark"], keys.root(tenant), subject=str(subject), at=at)


class DueWorker:
    """Claims due subjects of all shards and runs their handlers, as many at once as there are `slots`."""

    def __init__(
        self,
        store: Store,
        doorbells: Doorbells,
        *,
        worker_id: str,
        slots: Slots | None = None,
        lease_seconds: float = 20,
    ) -> None:
        self._store = store
        self._doorbells = doorbells
        self._worker_id = worker_id
        self._slots = slots or Slots()
        self._lease = round(lease_seconds * 1000)
        self._handling = Handling(
            store, worker_id=worker_id, lease_seconds=lease_seconds, ended=self._ended, later=self._look_after
        )
        self._wake = asyncio.Event()
        self._stopping = False
        # Each server is asked separately: a slow or unreachable server does not delay what is due on the others.
        self._asking: dict[asyncio.Task[None], dict[str, Quota]] = {}
        # When each shard is next checked, on the monotonic clock.
        self._next_look = dict.fromkeys(keys.roots(), 0.0)
        # Shard → classes with more due subjects: more than free slots, or of tenants that have used their share.
        self._more: dict[str, set[str]] = {root: set() for root in keys.roots()}
        self._shared: dict[str, set[str]] = {root: set() for root in keys.roots()}
        # Shard → classes in which a subject has ended since the shard was last asked.
        self._freed: dict[str, set[str]] = {root: set() for root in keys.roots()}

    def handle(self, kind: str, handler: Handler, *, parts: int | None = None) -> None:
        """Use `handler` for subjects of `kind`. A subject with another number of `parts` is set aside."""
        self._handling.handle(kind, handler, parts)

    async def run(self) -> None:
        """Claim and handle until `stop`, or until cancelled. Waits while the store is down."""
        unsubscribe = self._doorbells.listen("due", self._heard)
        renewing = asyncio.create_task(self._handling.renew_until_cancelled())
        try:
            await self._handling.take_up_again(keys.roots())
            while not self._stopping:
                self._look()
                await self._sleep(self._pause())
        finally:
            unsubscribe()
            # Subjects from a claim already sent are returned by `_take`, or their leases expire.
            await asyncio.gather(*self._asking, return_exceptions=True)
            if not self._stopping:
                self._handling.cancel()
            # Handlers that run during the grace period of `stop` keep their leases until they end.
            await self._handling.finish()
            renewing.cancel()

    async def stop(self, grace_seconds: float) -> None:
        """Stop claiming; give running handlers `grace_seconds`, then cancel them (their leases are released)."""
        self._stopping = True
        self._wake.set()
        await self._handling.finish(grace_seconds)

    def _heard(self, bell: Bell) -> None:
        for root in (bell.root,) if bell.root else keys.roots():
            self._next_look[root] = 0.0
        self._wake.set()

    async def _sleep(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            pass
        self._wake.clear()

    def _pause(self) -> float:
        if not self._slots.any_free():
            return POLL_SECONDS  # the first handler to end sets `_wake`
        asked = self._asked()
        left = [at for root, at in self._next_look.items() if root not in asked]
        return max(0.0, min(left) - time.monotonic()) if left else POLL_SECONDS  # the answer sets `_wake`

    def _asked(self) -> set[str]:
        return {root for quotas in self._asking.values() for root in quotas}

    def _look(self) -> None:
        if self._stopping or not self._slots.any_free():
            return
        now, asked = time.monotonic(), self._asked()
        looking = [
            root
            for root, at in self._next_look.items()
            if root not in asked and (at <= now or any(self._slots.free(class_) for class_ in self._more[root]))
        ]
        if not looking:
            return
        random.shuffle(looking)  # with fewer free slots than shards, the shards take turns
        quotas = self._slots.divide(looking, self._more)
        for group in self._store.network.together(looking):
            asking = {looking[index]: quotas[looking[index]] for index in group}
            self._slots.reserve(asking.values())
            task = asyncio.create_task(self._claim(asking))
            self._asking[task] = asking
            task.add_done_callback(self._has_asked)

    def _has_asked(self, task: asyncio.Task[None]) -> None:
        self._slots.give_back(self._asking.pop(task).values())
        self._wake.set()

    async def _claim(self, asking: dict[str, Quota]) -> None:
        now = time.monotonic()
        for root in asking:
            self._next_look[root] = now + POLL_SECONDS
            self._more[root], self._shared[root], self._freed[root] = set(), set(), set()
        tokens = [new_id() for _ in asking]
        answers = await self._store.run_each(
            [
                (
                    SCRIPTS["due_claim"],
                    root,
                    {"token": token, "lease": self._lease, "asks": self._slots.asks(root, quota)},
                )
                for (root, quota), token in zip(asking.items(), tokens, strict=True)
            ]
        )
        for root, token, answer in zip(asking, tokens, answers, strict=True):
            if isinstance(answer, Exception):
                seldom("due_store_down", worker=self._worker_id, why=str(answer))
                self._next_look[root] = time.monotonic() + STORE_DOWN_SECONDS
            else:
                self._take(root, token, cast("list[str]", answer))

    def _take(self, root: str, token: str, answer: Sequence[str]) -> None:
        next_at, server_now, more, shared, unreadable, *claimed = answer
        if next_at:
            self._look_after(root, (int(next_at) - int(server_now)) / 1000)
        self._shared[root] = set(shared.split())
        self._more[root] = {*more.split(), *(self._shared[root] & self._freed[root])}
        if unreadable:
            log.error("due_unreadable", subjects=unreadable)
        for text, class_, tries in zip(claimed[::3], claimed[1::3], claimed[2::3], strict=True):
            kind, tenant, *_ = text.split(":")
            self._slots.hold(root, class_, tenant)
            self._handling.start(Claim(root, text, kind, tenant, class_, token, int(tries)))

    def _look_after(self, root: str, seconds: float) -> None:
        self._next_look[root] = min(self._next_look[root], time.monotonic() + seconds)
        self._wake.set()

    def _ended(self, claim: Claim) -> None:
        self._slots.release(claim.root, claim.class_, claim.tenant)
        self._freed[claim.root].add(claim.class_)
        if claim.class_ in self._shared[claim.root]:
            self._more[claim.root].add(claim.class_)  # this tenant may have used its share
        self._wake.set()
