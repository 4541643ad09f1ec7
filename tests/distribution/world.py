"""A tenant whose time the test moves, with short words for what happens in it. Nothing here is faked: the scripts run on the real server."""

from collections.abc import Mapping
from typing import Any

from distribution.agents import Agent, AgentRules, Presence, Reason
from distribution.deadlines import fire_virtual
from distribution.distributor import Distributor
from distribution.service_rules import ServiceRules
from distribution.tasks import Task, TaskState, Via
from distribution.verdicts import Answer
from store.connection import Store
from store.ids import new_id
from store.keys import root

START = 1_800_000_000_000
SALES = "sales"
SUPPORT = "support"
SERVICES: Mapping[str, bool] = {SALES: True}


class CheckedDistributor(Distributor):
    """Holds, after every script, what it wrote into the journal against what its header promises.

    What several at once wrote cannot be told apart: then nothing is said.
    """

    _begun = 0
    _running = 0

    async def _run(self, script: str, tenant: str, **args: str | int) -> Any:
        self._begun += 1
        self._running += 1
        begun, alone = self._begun, self._running == 1
        try:
            key = f"{root(tenant)}journal:{tenant}"
            last = await self._store.xrevrange(key, count=1)
            reply = await super()._run(script, tenant, **args)
            written = {fields["e"] for _, fields in await self._store.xrange(key, last[0][0] if last else "")}
        finally:
            self._running -= 1
        if alone and begun == self._begun:
            assert written <= set(self._scripts[script].journal), f"{script} wrote {written}"
        return reply


class World:
    """`now` is the tenant's time; every verb happens at `now`, and `go` lets time pass with all its deadlines."""

    def __init__(self, store: Store, tenant: str) -> None:
        self.store = store
        self.tenant = tenant
        self.distributor: Distributor = CheckedDistributor(store)
        self.now = START
        self.late_ms = 0  # by how much deadlines were late: only in a test that lets them be

    async def open(self, **rules: Any) -> None:
        """Switch Instant Messaging on, and set up the service `sales` and the Direct settings with these rules."""
        await self.distributor.set_tenant(self.tenant, im_enabled=True, virtual=True, at=self.now)
        await self.rules(SALES, **rules)
        await self.distributor.set_direct(self.tenant, ServiceRules(name="Direct", **rules), at=self.now)

    async def rules(self, service: str, **rules: Any) -> None:
        await self.distributor.set_service(
            self.tenant, service, ServiceRules(name=service.title(), **rules), at=self.now
        )

    async def agent(
        self,
        user: str,
        *,
        services: Mapping[str, bool] = SERVICES,
        capacity: int = 1,
        direct: bool = True,
        available: bool = True,
    ) -> str:
        """An agent who is registered and available, one millisecond later than whoever was made before him."""
        self.now += 1
        rules = AgentRules(licensed=True, direct_licensed=direct, services=services, capacity=capacity)
        await self.distributor.set_agent(self.tenant, user, rules, at=self.now)
        await self.distributor.set_registered(self.tenant, user, registered=True, at=self.now)
        if available:
            await self.presence(user, Presence.AVAILABLE)
        return user

    async def presence(self, user: str, presence: Presence) -> None:
        await self.distributor.set_presence(self.tenant, {user: presence}, at=self.now)

    async def go(self, seconds: float) -> None:
        """Let time pass: every deadline fires at its own instant. Nobody polls presence meanwhile: it lapses after 8 min."""
        self.now += round(seconds * 1000)
        await fire_virtual(self.store, self.tenant, self.now)

    async def task(
        self, *, service: str | None = SALES, user: str | None = None, queued: bool = True, customer: str = "Ann"
    ) -> str:
        """A new task, a millisecond after the last; its visitor stays, until the test says something else."""
        self.now += 1
        task = new_id()
        if user is not None:
            service = None
        answer = await self.distributor.create(
            self.tenant, task, service=service, user=user, customer=customer, workflow=not queued, at=self.now
        )
        assert answer.ok, answer
        await self.stay(task)
        return task

    async def stay(self, task: str) -> None:
        """A connection that outlives the test: the store is told so directly, as nobody renews it here."""
        await self.store.hset(
            f"{root(self.tenant)}task:{self.tenant}:{task}", {"conns": f"tab={self.now + 86_400_000}"}
        )

    async def see(self, task: str) -> Task:
        found = await self.distributor.task(self.tenant, task)
        assert found
        return found

    async def look(self, user: str) -> Agent:
        found = await self.distributor.agent(self.tenant, user, at=self.now)
        assert found
        return found

    async def against(self, user: str, service: str = SALES) -> tuple[Reason, ...]:
        return (await self.look(user)).reasons[service]

    async def invited(self, task: str) -> str:
        """The one agent who is offered the task now."""
        found = await self.see(task)
        assert found.state is TaskState.OFFERED, found
        (user,) = found.invited
        return user

    async def deliver(self, task: str) -> Task:
        found = await self.see(task)
        assert found.offer
        answer = await self.distributor.confirm_delivery(
            self.tenant, task, found.offer, found.invited[0], Via.CARD, at=self.now
        )
        assert answer.task
        return answer.task

    async def accept(self, task: str, user: str | None = None) -> Answer:
        found = await self.see(task)
        return await self.distributor.accept(
            self.tenant, task, found.offer or "0", user or found.invited[0], Via.CARD, at=self.now
        )

    async def decline(self, task: str, user: str | None = None) -> Answer:
        found = await self.see(task)
        return await self.distributor.decline(
            self.tenant, task, found.offer or "0", user or found.invited[0], Via.CARD, at=self.now
        )

    async def miss(self, task: str, seconds: float = 20) -> str:
        """The offer arrives and rings until its time is over; returns whom it rang at."""
        user = await self.invited(task)
        await self.deliver(task)
        await self.go(seconds)
        return user

    async def undelivered(self, task: str, user: str | None = None) -> Answer:
        found = await self.see(task)
        return await self.distributor.undelivered(
            self.tenant, task, found.offer or "0", user or found.invited[0], "BotDisabledByAdmin", at=self.now
        )

    async def opened(self, task: str) -> Answer:
        return await self.distributor.opened(self.tenant, task, at=self.now)

    async def talk(self, task: str) -> str:
        """From offered to active; returns who talks."""
        user = await self.invited(task)
        assert (await self.accept(task)).ok
        assert (await self.opened(task)).ok
        return user

    async def terminate(self, task: str, by: str = "system", actor: str = "test", via: Via = Via.SYSTEM) -> Answer:
        return await self.distributor.terminate(self.tenant, task, by=by, actor=actor, via=via, at=self.now)

    async def journal(self, *events: str) -> list[dict[str, str]]:
        """The journal's entries, all or those of some events."""
        entries = await self.store.xrange(f"{root(self.tenant)}journal:{self.tenant}")
        return [fields for _, fields in entries if not events or fields["e"] in events]

    async def bring(self, state: TaskState, user: str) -> str:
        """A task in this state; `user` is the only agent and has or had it from `offered` on."""
        task = await self.task(queued=state is not TaskState.ARRIVING)
        if state in {TaskState.ARRIVING, TaskState.QUEUED, TaskState.OFFERED}:
            return task
        assert await self.invited(task) == user
        await self.accept(task)
        if state is not TaskState.CONNECTING:
            await self.opened(task)
        if state in {TaskState.ACW, TaskState.CLOSED}:
            await self.terminate(task)
        if state is TaskState.CLOSED:
            await self.distributor.finish_acw(self.tenant, task, user, Via.CARD, at=self.now)
        return task
