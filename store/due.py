"""The due set's workers: they bring the outside world to what the state is now, and no two hold one subject at once.

A script marks a subject (`include/due.lua`); a worker claims it for a lease, runs the handler of its kind, and says
"done". A mark that came meanwhile makes it due again at once; a failure makes it due later; a worker that dies lets its
lease run out. Handlers must be harmless when they run twice.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import structlog

from store import keys
from store.connection import Store, StoreDown
from store.doorbells import Bell, Doorbells
from store.ids import new_id
from store.scripts import load_scripts

log = structlog.get_logger(__name__)

SCRIPTS = load_scripts(Path(__file__).parent / "lua")

# A bell that was lost costs at most this much.
POLL_SECONDS = 5.0
FIRST_BACKOFF_SECONDS = 1.0
LONGEST_BACKOFF_SECONDS = 60.0
# Two attempts to renew may fail before a lease runs out.
RENEWALS_PER_LEASE = 3


@dataclass(frozen=True, slots=True)
class Subject:
    """What is due, `kind:tenant:part:part` as text."""

    kind: str
    tenant: str
    parts: tuple[str, ...]

    def __str__(self) -> str:
        return ":".join((self.kind, self.tenant, *self.parts))

    @classmethod
    def parse(cls, text: str) -> "Subject":
        kind, tenant, *parts = text.split(":")
        return cls(kind, tenant, tuple(parts))


class RetryLater(Exception):
    """A handler raises it when the outside asked us to wait: the subject is tried again then, and not before."""

    def __init__(self, after_seconds: float, why: str) -> None:
        super().__init__(why)
        self.after_seconds = after_seconds
        self.why = why


Handler = Callable[[Subject], Awaitable[None]]

_in_hand: ContextVar[str] = ContextVar("subject in hand", default="")


def subject_in_hand() -> str:
    """The subject, as text, that a handler of this task brings up to date; "" outside of handlers. It names who asks for
    something scarce, so that a handler that comes again after `RetryLater` is known again."""
    return _in_hand.get()


@dataclass(frozen=True, slots=True)
class _Claim:
    root: str
    text: str
    token: str
    tries: int


async def mark_due(store: Store, tenant: str, subject: Subject, at: int | None = None) -> None:
    """Mark `subject` due at `at` (ms since the epoch), or now, from outside of a script."""
    await store.run(SCRIPTS["due_mark"], keys.root(tenant), subject=str(subject), at=at)


class DueWorker:
    """Claims due subjects of all shards and runs their handlers, at most `parallel` at once."""

    def __init__(
        self, store: Store, doorbells: Doorbells, *, worker_id: str, parallel: int = 32, lease_seconds: float = 20
    ) -> None:
        self._store = store
        self._doorbells = doorbells
        self._worker_id = worker_id
        self._parallel = parallel
        self._lease_seconds = lease_seconds
        self._handlers: dict[str, Handler] = {}
        self._running: dict[asyncio.Task[None], _Claim] = {}
        self._wake = asyncio.Event()
        self._stopping = False
        # Each server is asked for itself: one that is away does not hold up what is due on the others.
        self._asking: dict[asyncio.Task[None], tuple[Sequence[str], int]] = {}
        # When each shard is to be looked at next, on the monotonic clock.
        self._next_look = dict.fromkeys(keys.roots(), 0.0)

    def handle(self, kind: str, handler: Handler) -> None:
        """Let `handler` bring subjects of `kind` up to date."""
        self._handlers[kind] = handler

    async def run(self) -> None:
        """Claim and handle until `stop`, or until cancelled. A store that is down is waited for."""
        unsubscribe = self._doorbells.listen("due", self._heard)
        renewing = asyncio.create_task(self._renew_for_ever())
        try:
            while not self._stopping:
                self._look()
                await self._sleep(self._pause())
        finally:
            unsubscribe()
            # What a claim that was sent brings is handed back by `_take`, or runs out.
            await asyncio.gather(*self._asking, return_exceptions=True)
            if not self._stopping:
                for task in self._running:
                    task.cancel()
            # Handlers that `stop` gives time to keep their leases until they have ended.
            await asyncio.gather(*self._running, return_exceptions=True)
            renewing.cancel()

    async def stop(self, grace_seconds: float) -> None:
        """Claim nothing more; give running handlers `grace_seconds`, then cancel them (their leases are released)."""
        self._stopping = True
        self._wake.set()
        if not self._running:
            return
        _, late = await asyncio.wait(tuple(self._running), timeout=grace_seconds)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

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
        if self._free() <= 0:
            return POLL_SECONDS  # whoever ends first wakes us
        asked = self._asked()
        left = [at for root, at in self._next_look.items() if root not in asked]
        return max(0.0, min(left) - time.monotonic()) if left else POLL_SECONDS  # whoever has asked wakes us

    def _free(self) -> int:
        """How many subjects may still be claimed."""
        return self._parallel - len(self._running) - sum(len(roots) * share for roots, share in self._asking.values())

    def _asked(self) -> set[str]:
        return {root for roots, _ in self._asking.values() for root in roots}

    def _look(self) -> None:
        free, now, asked = self._free(), time.monotonic(), self._asked()
        looking = [root for root, at in self._next_look.items() if at <= now and root not in asked]
        if self._stopping or free <= 0 or not looking:
            return
        random.shuffle(looking)  # when there are fewer free places than shards, they take turns
        looking = looking[:free]
        share = free // len(looking)
        for group in self._store.network.together(looking):
            roots = [looking[index] for index in group]
            task = asyncio.create_task(self._claim(roots, share))
            self._asking[task] = roots, share
            task.add_done_callback(self._has_asked)

    def _has_asked(self, task: asyncio.Task[None]) -> None:
        del self._asking[task]
        self._wake.set()

    async def _claim(self, roots: Sequence[str], share: int) -> None:
        now = time.monotonic()
        for root in roots:
            self._next_look[root] = now + POLL_SECONDS
        lease = round(self._lease_seconds * 1000)
        tokens = [new_id() for _ in roots]
        answers = await self._store.run_each(
            [
                (SCRIPTS["due_claim"], root, {"token": token, "limit": share, "lease": lease})
                for root, token in zip(roots, tokens, strict=True)
            ]
        )
        for root, token, answer in zip(roots, tokens, answers, strict=True):
            if isinstance(answer, Exception):
                log.warning("due_store_down", worker=self._worker_id, why=str(answer))
                self._next_look[root] = time.monotonic() + FIRST_BACKOFF_SECONDS
            else:
                self._take(root, token, cast("list[str]", answer))

    def _take(self, root: str, token: str, answer: Sequence[str]) -> None:
        next_at, server_now, *claimed = answer
        if next_at:
            wait = max(0.0, (int(next_at) - int(server_now)) / 1000)
            self._next_look[root] = min(self._next_look[root], time.monotonic() + wait)
        for text, tries in zip(claimed[::2], claimed[1::2], strict=True):
            claim = _Claim(root, text, token, int(tries))
            task = asyncio.create_task(self._bring_up_to_date(claim), name=f"due {text}")
            self._running[task] = claim
            task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        del self._running[task]
        self._wake.set()

    async def _bring_up_to_date(self, claim: _Claim) -> None:
        subject = Subject.parse(claim.text)
        _in_hand.set(claim.text)
        try:
            await self._handlers[subject.kind](subject)
        except RetryLater as later:
            log.info("due_waits", kind=subject.kind, subject=claim.text, seconds=later.after_seconds, why=later.why)
            await self._settle("due_retry", claim, after=round(later.after_seconds * 1000), hold=1)
        except asyncio.CancelledError:
            await self._settle("due_retry", claim, after=0, hold=0)
            raise
        except Exception as error:  # noqa: BLE001  # the edge of the loop: whatever went wrong, the subject is tried again
            seconds = min(LONGEST_BACKOFF_SECONDS, FIRST_BACKOFF_SECONDS * 2 ** min(claim.tries, 10))
            seconds *= random.uniform(0.75, 1.25)  # noqa: S311  # spreads retries, guards nothing
            tell = log.warning if isinstance(error, StoreDown) else log.exception
            tell("due_failed", kind=subject.kind, subject=claim.text, tries=claim.tries + 1, again_in=round(seconds, 1))
            await self._settle("due_retry", claim, after=round(seconds * 1000), hold=0)
        else:
            await self._settle("due_done", claim)

    async def _settle(self, script: str, claim: _Claim, **args: int) -> None:
        try:
            verdict = await self._store.run(SCRIPTS[script], claim.root, subject=claim.text, token=claim.token, **args)
        except StoreDown as error:
            # Whether or not it was carried out: a lease that was not given back runs out.
            log.warning("due_not_settled", subject=claim.text, why=str(error))
            return
        if verdict == "lost":
            log.warning("due_lease_lost", subject=claim.text, worker=self._worker_id)

    async def _renew_for_ever(self) -> None:
        while True:
            await asyncio.sleep(self._lease_seconds / RENEWALS_PER_LEASE)
            leases: dict[str, dict[str, str]] = {}
            for claim in self._running.values():
                leases.setdefault(claim.root, {})[claim.text] = claim.token
            if not leases:
                continue
            lease = round(self._lease_seconds * 1000)
            calls = [
                (SCRIPTS["due_renew"], root, {"leases": tokens, "lease": lease}) for root, tokens in leases.items()
            ]
            for answer in await self._store.run_each(calls):
                if isinstance(answer, Exception):
                    log.warning("due_not_renewed", worker=self._worker_id, why=str(answer))
