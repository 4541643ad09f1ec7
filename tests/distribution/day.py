"""A random day at a virtual tenant, with the scripts of any folder: customers come, agents do what agents do, midnight passes."""

import random
from collections.abc import Awaitable, Callable
from pathlib import Path

from distribution.agents import AgentRules, Presence
from distribution.deadlines import fire_virtual
from distribution.distributor import Distributor
from distribution.service_rules import ServiceRules
from distribution.tasks import Task, TaskState, Via
from store.connection import Store
from store.keys import root
from store.scripts import load_scripts
from tests.distribution.world import SALES, START, SUPPORT

USERS = ("anna", "ben", "cleo", "dora")
MIDNIGHT = START - START % 86_400_000 + 86_400_000
DAY_BEGINS = MIDNIGHT - 1_200_000
STEPS = 200


class OtherScripts(Distributor):
    """The distributor with the scripts of `folder`."""

    def __init__(self, store: Store, folder: Path) -> None:
        super().__init__(store)
        self._scripts = load_scripts(folder)

    async def go(self, tenant: str, to: int) -> None:
        await fire_virtual(self._store, tenant, to, self._scripts["fire"])


class Day:
    """Most of an hour around midnight: the day's snapshot falls into the middle of it."""

    def __init__(self, store: Store, tenant: str, folder: Path, seed: int) -> None:
        self.store = store
        self.tenant = tenant
        self.d = OtherScripts(store, folder)
        self.random = random.Random(seed)  # a repeatable day, no secret
        self.now = DAY_BEGINS
        self.count = 0
        self.open: list[str] = []

    async def run(self) -> None:
        await self._begin()
        for _ in range(STEPS):
            self.now += self.random.choice([0, 1, 500, 5_000, 20_000, 60_000])
            await self.d.go(self.tenant, self.now)
            await self.random.choice([self._customer, self._agent, *[self._task] * 4])()
        # Everybody who talks has ended some day, and nobody comes any more.
        self.now += 7_200_000
        await self.d.go(self.tenant, self.now)

    async def _begin(self) -> None:
        d, t = self.d, self.tenant
        await d.set_tenant(t, im_enabled=True, virtual=True, at=self.now)
        await d.set_service(t, SALES, ServiceRules("Sales", acw_seconds=20, concurrent=2), at=self.now)
        await d.set_service(
            t, SUPPORT, ServiceRules("Support", persistent_rona=True, rona_reset_seconds=60), at=self.now
        )
        await d.set_direct(t, ServiceRules("Direct"), at=self.now)
        for user in USERS:
            self.now += 1
            services = {SALES: True, SUPPORT: True} if user != "anna" else {SALES: True}
            rules = AgentRules(licensed=True, direct_licensed=True, services=services, capacity=1 + (user == "dora"))
            await d.set_agent(t, user, rules, at=self.now)
            await d.set_registered(t, user, registered=True, at=self.now)
            await d.set_presence(t, {user: Presence.AVAILABLE}, at=self.now)

    async def _customer(self) -> None:
        self.count += 1
        task = f"task{self.count:04}"
        service = self.random.choice([SALES, SALES, SUPPORT, None])
        user = None if service else self.random.choice(USERS)
        answer = await self.d.create(
            self.tenant, task, service=service, user=user, workflow=self.random.random() < 0.2, at=self.now
        )
        if answer.ok:
            self.open.append(task)
            # A connection that outlives the day, until `visitor_away`: the store is told so directly, as nobody renews it here.
            key = f"{root(self.tenant)}task:{self.tenant}:{task}"
            await self.store.hset(key, {"conns": f"tab={self.now + 86_400_000}"})

    async def _agent(self) -> None:
        d, t, user, at = self.d, self.tenant, self.random.choice(USERS), self.now
        on = self.random.random() < 0.6
        presence = Presence.AVAILABLE if on else self.random.choice([Presence.OFFLINE, Presence.BUSY])
        verbs: list[Callable[[], Awaitable[object]]] = [
            lambda: d.set_duty(t, user, on, "boss", at=at),
            lambda: d.set_presence(t, {user: presence}, at=at),
            lambda: d.set_presence(t, dict.fromkeys(USERS, Presence.AVAILABLE), at=at),
            lambda: d.set_active(t, user, SALES, on, at=at),
            lambda: d.reached(t, user, at=at),
        ]
        await self.random.choice(verbs)()

    async def _task(self) -> None:
        """What mostly happens next to a task, and now and then somebody who has nothing to do with it."""
        self.open = [task for task in self.open if (found := await self._see(task)) and found.state != "closed"]
        if not self.open:
            return await self._customer()
        found = await self._see(self.random.choice(self.open))
        assert found
        return await self._go_on(found)

    async def _see(self, task: str) -> Task | None:
        return await self.d.task(self.tenant, task)

    async def _go_on(self, task: Task) -> None:
        d, t, id_, at = self.d, self.tenant, task.id, self.now
        chance = self.random.random()
        if chance > 0.97:
            await d.visitor_away(t, id_, "tab", at=at)
            return
        match task.state:
            case TaskState.ARRIVING:
                await d.queue(t, id_, at=at)
            case TaskState.OFFERED:
                await self._answer(task, chance)
            case TaskState.CONNECTING:
                if chance < 0.9:
                    await d.opened(t, id_, at=at)
                else:
                    await d.opening_failed(t, id_, "forbidden", at=at)
            case TaskState.ACTIVE if chance < 0.4:
                await d.terminate(t, id_, by="agent", actor=task.agent or "", via=Via.ROOM, at=at)
            case TaskState.ACW if chance < 0.3:
                await d.finish_acw(t, id_, task.agent or "", Via.ROOM, at=at)
            case _:
                pass

    async def _answer(self, task: Task, chance: float) -> None:
        d, t, id_, offer, at = self.d, self.tenant, task.id, task.offer or "", self.now
        user = task.invited[0]
        stranger = next(name for name in USERS if name != user)
        await d.accept(t, id_, offer, stranger, Via.CARD, at=at)
        if chance < 0.5:
            await d.accept(t, id_, offer, user, Via.CARD, at=at)
        elif chance < 0.6:
            await d.decline(t, id_, offer, user, Via.CARD, at=at)
        elif chance < 0.9:
            await d.confirm_delivery(t, id_, offer, user, Via.CARD, at=at)

    async def tidy(self) -> None:
        await self.store.delete(*await self.store.scan(f"{root(self.tenant)}*{self.tenant}*"))
        await self.store.delete(f"{root(self.tenant)}due")
