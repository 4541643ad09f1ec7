"""How a worker processes a claimed subject: handler, lease, and result."""

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import structlog

from store.connection import Store, StoreDown
from store.scripts import load_scripts
from store.subjects import Handler, RetryLater, Subject, in_hand

log = structlog.get_logger(__name__)

SCRIPTS = load_scripts(Path(__file__).parent / "lua")

FIRST_BACKOFF_SECONDS = 1.0
LONGEST_BACKOFF_SECONDS = 60.0
# Two attempts to renew may fail before a lease expires.
RENEWALS_PER_LEASE = 3
# A later release may know the kind and may already run during a rolling upgrade: about four minutes.
UNKNOWN_TRIES = 8
# Shorter waits are normal: Teams' rate limits under load.
TOLD_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Claim:
    """A subject that this process holds. `class_`: the class of its slot; `tries`: consecutive failures."""

    root: str
    text: str
    kind: str
    tenant: str
    class_: str
    token: str
    tries: int


class NoHandler(Exception):
    """This process has no handler for the kind."""


class Handling:
    """Runs handlers. Calls `ended` when a claim is no longer held, and `later` when a shard has a subject due."""

    def __init__(
        self,
        store: Store,
        *,
        worker_id: str,
        lease_seconds: float,
        ended: Callable[[Claim], None],
        later: Callable[[str, float], None],
    ) -> None:
        self._store = store
        self._worker_id = worker_id
        self._lease_seconds = lease_seconds
        self._ended = ended
        self._later = later
        self._handlers: dict[str, tuple[Handler, int | None]] = {}
        self._running: dict[asyncio.Task[None], Claim] = {}

    def handle(self, kind: str, handler: Handler, parts: int | None) -> None:
        """See `DueWorker.handle`."""
        self._handlers[kind] = handler, parts

    def start(self, claim: Claim) -> None:
        """Run the subject's handler."""
        task = asyncio.create_task(self._bring_up_to_date(claim), name=f"due {claim.text}")
        self._running[task] = claim
        task.add_done_callback(self._has_ended)

    async def finish(self, grace_seconds: float | None = None) -> None:
        """Return when no claim is held any more; after the grace period the rest is cancelled and released."""
        if not self._running:
            return
        _, late = await asyncio.wait(tuple(self._running), timeout=grace_seconds)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    def cancel(self) -> None:
        """Release every claim, which takes a moment."""
        for task in self._running:
            task.cancel()

    async def take_up_again(self, roots: tuple[str, ...]) -> None:
        """Subjects that were set aside for lack of a handler are due again if this worker handles their kind."""
        calls = [(SCRIPTS["due_again"], root, {"kinds": list(self._handlers)}) for root in roots]
        for answer in await self._store.run_each(calls):
            if isinstance(answer, Exception):
                log.warning("due_store_down", worker=self._worker_id, why=str(answer))

    async def renew_until_cancelled(self) -> None:
        """Renew the leases of all claims held."""
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

    def _has_ended(self, task: asyncio.Task[None]) -> None:
        self._ended(self._running.pop(task))

    async def _bring_up_to_date(self, claim: Claim) -> None:
        handler, parts = self._handlers.get(claim.kind, (_nobody, None))
        subject = Subject.parse(claim.text)
        if parts not in (None, len(subject.parts)) or (handler is _nobody and claim.tries >= UNKNOWN_TRIES):
            log.error("due_put_aside", kind=claim.kind, subject=claim.text)
            await self._settle("due_aside", claim)
            return
        in_hand.set(claim.text)
        try:
            await handler(subject)
        except RetryLater as later:
            tell = log.info if later.after_seconds >= TOLD_SECONDS else log.debug
            tell("due_waits", kind=claim.kind, subject=claim.text, seconds=later.after_seconds, why=later.why)
            await self._try_again(claim, later.after_seconds, hold=int(later.hold))
        except asyncio.CancelledError:
            await self._try_again(claim, 0.0, hold=0)
            raise
        except Exception as error:  # noqa: BLE001  # the edge of the loop: after any error the subject is tried again
            seconds = min(LONGEST_BACKOFF_SECONDS, FIRST_BACKOFF_SECONDS * 2 ** min(claim.tries, 10))
            seconds *= random.uniform(0.75, 1.25)  # noqa: S311  # spreads retries, guards nothing
            _tell_of(error, claim, seconds)
            await self._try_again(claim, seconds, hold=0)
        else:
            await self._settle("due_done", claim)

    async def _try_again(self, claim: Claim, seconds: float, *, hold: int) -> None:
        await self._settle("due_retry", claim, after=round(seconds * 1000), hold=hold)
        self._later(claim.root, seconds)

    async def _settle(self, script: str, claim: Claim, **args: int) -> None:
        try:
            verdict = await self._store.run(SCRIPTS[script], claim.root, subject=claim.text, token=claim.token, **args)
        except StoreDown as error:
            # Whether or not this ran: a lease that was not released expires.
            log.warning("due_not_settled", subject=claim.text, why=str(error))
            return
        if verdict == "lost":
            log.warning("due_lease_lost", subject=claim.text, worker=self._worker_id)


async def _nobody(subject: Subject) -> None:
    raise NoHandler(subject.kind)


def _tell_of(error: Exception, claim: Claim, seconds: float) -> None:
    facts = {"kind": claim.kind, "subject": claim.text, "tries": claim.tries + 1, "again_in": round(seconds, 1)}
    if isinstance(error, NoHandler):
        if not claim.tries:  # once; the next log line says that it was set aside
            log.error("due_kind_unknown", **facts)
    elif isinstance(error, StoreDown):
        log.warning("due_failed", why=str(error), **facts)
    else:
        log.error("due_failed", exc_info=error, **facts)
