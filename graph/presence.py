"""Everybody's Teams presence, asked for every half minute by one replica. (App-only subscriptions do not exist.)"""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Protocol

import structlog

from distribution.agents import Presence
from distribution.distributor import Distributor
from graph.client import GraphClient
from graph.errors import GraphProblem, ProblemKind
from graph.shares import Share
from store.connection import Store, StoreDown
from store.doorbells import Doorbells
from store.ids import new_id
from store.keys import ALL
from store.waiting import is_set_within

log = structlog.get_logger(__name__)

EVERY_SECONDS = 30.0
TOGETHER_SECONDS = 1.0  # a company that is loaded rings more than once
LEASE_SECONDS = 60  # a replica that dies is replaced after two rounds; presence may be three minutes old
BATCH = 650  # Graph's maximum (learn.microsoft.com/graph/api/cloudcommunications-getpresencesbyuserid)
_LEASE = f"{ALL}presence:lease"
# Somebody without a presence may be deleted, or Teams may not know. Entra is asked: so many of a tenant in a round, and about
# those who turn out to be there only so often.
DOUBTS_IN_A_ROUND = 20
DOUBT_AGAIN_SECONDS = 600.0
MOST_REFUSED = 40  # two or three unknown people in 650; Graph answers everything with 404 when it is unwell itself


async def nobody_cares(tenant: str, user: str, /) -> None:
    """Where no chats run."""
    del tenant, user


class Id(Protocol):
    @property
    def id(self) -> str: ...


class People(Protocol):
    """The directory."""

    async def tenants(self) -> Iterable[Id]: ...

    async def users(self, tenant: str, /) -> Iterable[Id]: ...


class PresencePoller:
    """One of all replicas asks. A tenant that cannot be asked keeps its last presences, and is named in the log once."""

    def __init__(
        self,
        *,
        graph: GraphClient,
        store: Store,
        distributor: Distributor,
        directory: People,
        doorbells: Doorbells,
        user_gone: Callable[[str, str], Awaitable[None]] = nobody_cares,
    ) -> None:
        """`user_gone` (tenant, user) hears in each round of everybody who does not exist in Entra; harmless when repeated."""
        self._graph = graph
        self._store = store
        self._distributor = distributor
        self._directory = directory
        self._replica = new_id()
        self._doorbells = doorbells
        self._user_gone = user_gone
        self._silent: dict[str, str] = {}
        self._seen_in_entra: dict[tuple[str, str], float] = {}
        self._somebody_new = asyncio.Event()

    async def run(self) -> None:
        """Runs until cancelled. People just loaded or registered are asked for at once; otherwise they would wait for the next round."""
        unsubscribe = self._doorbells.listen("directory", lambda _: self._somebody_new.set())
        try:
            while True:
                await self._round()
                if await is_set_within(self._somebody_new, EVERY_SECONDS):
                    await asyncio.sleep(TOGETHER_SECONDS)
        finally:
            unsubscribe()
            await self._let_go()

    async def _round(self) -> None:
        self._somebody_new.clear()
        try:
            if await self.holds_lease():
                await self.poll()
        except StoreDown as problem:
            log.warning("presence waits for the store", why=str(problem))
        except Exception:
            # The edge of the loop: whatever one round met, the next one must come.
            log.exception("a round of presence failed")

    async def _let_go(self) -> None:
        """Another replica, or this one after a restart, need not wait for the lease to run out."""
        with contextlib.suppress(StoreDown):
            if await self._store.get(_LEASE) == self._replica:
                await self._store.delete(_LEASE)

    async def holds_lease(self) -> bool:
        """Whether this replica is the one that asks now. Two that both think so ask twice, which harms nobody."""
        if await self._store.set(_LEASE, self._replica, ttl_seconds=LEASE_SECONDS, only_if_new=True):
            return True
        if await self._store.get(_LEASE) != self._replica:
            return False
        return await self._store.expire(_LEASE, LEASE_SECONDS)

    async def poll(self) -> None:
        """One round over all tenants."""
        # Side by side: one whose Graph is slow holds up nobody else. How many at once, `Share.PRESENCE` says.
        await asyncio.gather(*(self._poll_tenant(tenant.id) for tenant in await self._directory.tenants()))

    async def _poll_tenant(self, tenant: str) -> None:
        users = [user.id for user in await self._directory.users(tenant)]
        try:
            doubtful = await self._ask_for_all(tenant, users)
            await self._settle_doubts(tenant, doubtful)
        except GraphProblem as problem:
            self._note(tenant, str(problem))
        else:
            self._note(tenant, "")

    async def _ask_for_all(self, tenant: str, users: Sequence[str]) -> list[str]:
        """The users whose presence Graph does not know. A request that it refuses as a whole is narrowed down to those users."""
        batches = [users[start : start + BATCH] for start in range(0, len(users), BATCH)]
        doubtful: list[str] = []
        refused = 0
        while batches:
            batch = batches.pop()
            try:
                doubtful += await self._ask(tenant, batch)
            except GraphProblem as problem:
                refused += 1
                if problem.kind is not ProblemKind.NOT_FOUND or refused > MOST_REFUSED:
                    raise
                if len(batch) == 1:
                    doubtful += batch
                else:
                    batches += [batch[: len(batch) // 2], batch[len(batch) // 2 :]]
        return doubtful

    async def _ask(self, tenant: str, users: Sequence[str]) -> list[str]:
        said = await self._graph.ask(tenant, lambda sdk: sdk.presences(users), tries=2, share=Share.PRESENCE)
        known = {user: presence_of(word) for user, word in said.items()}
        if known:
            await self._distributor.set_presence(tenant, known)
        return [user for user in users if known.get(user.lower(), Presence.UNKNOWN) is Presence.UNKNOWN]

    async def _settle_doubts(self, tenant: str, users: Sequence[str]) -> None:
        """Only Entra's own word makes somebody `deleted`, asked for again in each round: a restored user is back in the next."""
        now = time.monotonic()
        never = float("-inf")
        waiting = [
            user for user in users if now - self._seen_in_entra.get((tenant, user), never) >= DOUBT_AGAIN_SECONDS
        ]
        for user in waiting[:DOUBTS_IN_A_ROUND]:
            if await self._graph.is_gone(tenant, user, share=Share.PRESENCE):
                await self._distributor.set_presence(tenant, {user: Presence.DELETED})
                await self._user_gone(tenant, user)
            else:
                self._seen_in_entra[tenant, user] = now

    def _note(self, tenant: str, why: str) -> None:
        if why != self._silent.get(tenant, ""):
            self._silent[tenant] = why
            tell = log.warning if why else log.info
            tell("presence cannot be read" if why else "presence can be read again", tenant=tenant, why=why)


def presence_of(word: str) -> Presence:
    """Graph's availability; a word that Microsoft invents later is unknown. `…Idle`: the same, at an idle machine."""
    try:
        known = Presence(word.removesuffix("Idle"))
    except ValueError:
        return Presence.UNKNOWN
    return known if known is not Presence.DELETED else Presence.UNKNOWN
