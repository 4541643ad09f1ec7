"""A replica of the app as far as the distributor goes, and lives of tasks that insist, as their callers do."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TypeVar

from conversations.messages import Conversations
from distribution.aftermath import Aftermath
from distribution.agents import AgentRules, Presence
from distribution.deadlines import Timers
from distribution.distributor import Distributor
from distribution.service_rules import ServiceRules
from distribution.tasks import Task, TaskState, Via
from store import keys
from store.connection import Store, StoreDown, open_store
from store.doorbells import Doorbells
from store.due import DueWorker, Subject
from store.ids import new_id
from store.takeover import Takeovers
from tests.support import wait_until

T = TypeVar("T")

SALES = "sales"
OVER = frozenset({TaskState.ACW, TaskState.CLOSED})


@dataclass
class Replica:
    """`shown`: the effects that it carried out, in order; `lost`: the shards of which it heard that they failed over."""

    store: Store
    bells: Doorbells
    distributor: Distributor
    shown: list[Subject] = field(default_factory=list[Subject])
    lost: list[str] = field(default_factory=list[str])


@asynccontextmanager
async def replica(url: str) -> AsyncGenerator[Replica]:
    """Timers, effects and the watch for failovers, on connections of its own."""
    store = await open_store(url)
    doorbells = Doorbells(store)
    one = Replica(store, doorbells, Distributor(store))
    worker = DueWorker(store, doorbells, worker_id=new_id(), lease_seconds=3)
    takeovers = Takeovers(store)
    takeovers.listen(one.lost.append)

    async def show(subject: Subject) -> None:
        one.shown.append(subject)

    for kind in ("card", "room", "relay", "arrival"):
        worker.handle(kind, show)
    worker.handle("failover", Aftermath(store, (Conversations(store).doubt_shown,)).handle)
    loops = [doorbells.run(), Timers(store, doorbells).run(), worker.run(), takeovers.run()]
    running = [asyncio.create_task(loop) for loop in loops]
    try:
        async with asyncio.timeout(5):
            await doorbells.connected()
        # What is not yet known to be kept by this server cannot be found to be kept by another.
        known = [("exists", (f"{root}server",)) for root in keys.roots()]
        await wait_until(lambda: _all(store.many(known)), 5, "the first look at the servers")
        yield one
        for task in running:
            assert not task.done(), task
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await store.close()


async def _all(answers: Awaitable[list[bool]]) -> bool:
    return all(await answers)


async def staff(store: Store, tenant: str, agents: int, deliver_seconds: int = 3) -> Distributor:
    """A service with agents who are available; what they are offered goes back if it does not arrive in time."""
    distributor = Distributor(store)
    rules = ServiceRules(
        name="Sales", concurrent=500, deliver_seconds=deliver_seconds, offer_seconds=20, acw_seconds=10
    )
    await distributor.set_tenant(tenant, im_enabled=True)
    await distributor.set_service(tenant, SALES, rules)
    users = [f"agent{number:02}" for number in range(agents)]
    for user in users:
        agent = AgentRules(licensed=True, direct_licensed=True, services={SALES: True})
        await distributor.set_agent(tenant, user, agent)
        await distributor.set_registered(tenant, user, registered=True)
    await distributor.set_presence(tenant, dict.fromkeys(users, Presence.AVAILABLE))
    return distributor


@dataclass
class Lives:
    """`seen`: the latest revision of each task that was acknowledged; `refused`: how many calls found the store down;
    `insisting`: whether they are repeated."""

    distributor: Distributor
    tenant: str
    seen: dict[str, int] = field(default_factory=dict[str, int])
    ended: set[str] = field(default_factory=set[str])
    refused: int = 0
    stopping: bool = False
    insisting: bool = True

    async def go_on(self) -> None:
        """One life after the other, until `stopping`."""
        while not self.stopping:
            task = new_id()
            await self.insist(
                lambda task=task: self.distributor.create(self.tenant, task, service=SALES, customer="", workflow=False)
            )
            await self.live(task)

    async def live(self, task: str) -> None:
        """Bring a task to its end, whatever state it is in; one that the store has lost has none."""
        while found := await self.insist(lambda: self.distributor.task(self.tenant, task)):
            self.seen[task] = max(found.revision, self.seen.get(task, 0))
            if found.state is TaskState.CLOSED:
                self.ended.add(task)
                return
            await self.insist(lambda found=found: self._step(found))

    async def insist(self, call: Callable[[], Awaitable[T]]) -> T:
        """Repeat a call until the store has answered; every verb may be repeated."""
        while True:
            try:
                return await call()
            except StoreDown:
                self.refused += 1
                if not self.insisting:
                    raise

    async def _step(self, task: Task) -> None:
        d, tenant = self.distributor, self.tenant
        match task.state:
            case TaskState.OFFERED:
                user, offer = task.invited[0], task.offer or ""
                await d.confirm_delivery(tenant, task.id, offer, user, Via.CARD)
                await d.accept(tenant, task.id, offer, user, Via.CARD)
            case TaskState.CONNECTING:
                await d.opened(tenant, task.id)
            case TaskState.ACTIVE:
                await d.terminate(tenant, task.id, by="system", actor="test", via=Via.SYSTEM)
            case TaskState.ACW:
                await d.finish_acw(tenant, task.id, task.agent or "", Via.CARD)
            case _:
                await asyncio.sleep(0.02)  # it waits for somebody else: look again, as a worker would
