"""Tenants full of agents and tasks, loaded through the product's own scripts, many calls in one write."""

import asyncio
import uuid
from collections.abc import Sequence
from typing import Any

from distribution.agents import AgentRules, Presence
from distribution.distributor import Distributor
from distribution.service_rules import ServiceRules
from distribution.tasks import Via
from store.connection import Store
from store.ids import new_id
from store.keys import root
from store.running import Call

AT_ONCE = 500
"""Calls in one write."""


class Loading(Distributor):
    """A distributor whose calls are collected and sent together: some are prepared while the server executes earlier ones."""

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self._calls: list[Call] = []
        self._sent: asyncio.Task[None] | None = None

    async def _run(self, script: str, tenant: str, **args: str | int) -> Any:
        self._calls.append((self._scripts[script], root(tenant), {"tenant": tenant, **args}))
        if len(self._calls) >= AT_ONCE:
            await self._send()
        return ("ok", "", "") if "task" in args else "ok"

    async def flush(self) -> None:
        """Return when all have been executed."""
        await self._send()
        await self._send()

    async def _send(self) -> None:
        # In order, because later calls depend on earlier ones.
        if self._sent:
            await self._sent
        calls, self._calls = self._calls, []
        self._sent = asyncio.create_task(self._carry_out(calls))
        await asyncio.sleep(0)

    async def _carry_out(self, calls: Sequence[Call]) -> None:
        for (script, _, _), reply in zip(calls, await self._store.run_many(calls), strict=True):
            verdict = reply if isinstance(reply, str) else reply[0]
            if verdict not in {"ok", "unchanged"}:
                raise AssertionError(f"{script.name}: {reply}")


class Crowd:
    """A tenant whose agents all talk, each with one task, while others wait."""

    def __init__(self, store: Store, agents: int, queued: int, services: int = 1) -> None:
        self.tenant = str(uuid.uuid4())
        self.services = [f"s{number}" for number in range(services)]
        self.talks: dict[str, str] = {}
        self._store = store
        self._agents = agents
        self._queued = queued

    async def load(self) -> None:
        distributor = Distributor(self._store)
        await distributor.set_tenant(self.tenant, im_enabled=True)
        for service in self.services:
            await distributor.set_service(self.tenant, service, ServiceRules(name=service, queue_seconds=3600))
            # More than a service may have: one long queue is the hardest case.
            key = f"{root(self.tenant)}rules:{self.tenant}:{service}"
            await self._store.hset(key, {"concurrent": self._agents + 1})
        loading = Loading(self._store)
        rules = AgentRules(licensed=True, direct_licensed=True, services=dict.fromkeys(self.services, True))
        for number in range(self._agents):
            user, task = str(uuid.uuid4()), new_id()
            await loading.set_agent(self.tenant, user, rules)
            await loading.set_registered(self.tenant, user, registered=True)
            await loading.set_presence(self.tenant, {user: Presence.AVAILABLE})
            # This agent is the only one who is free, so the task is offered to them.
            await self._arrive(loading, task, number)
            await loading.accept(self.tenant, task, "1", user, Via.CARD)
            await loading.opened(self.tenant, task)
            self.talks[user] = task
        for number in range(self._queued):
            await self._arrive(loading, new_id(), number)
        await loading.flush()

    async def _arrive(self, distributor: Distributor, task: str, number: int) -> None:
        service = self.services[number % len(self.services)]
        await distributor.create(self.tenant, task, service=service, customer="Ann", workflow=False)

    async def cycle(self, distributor: Distributor, user: str, number: int) -> None:
        """An agent's talk ends, they take the head of the queue, and a new task arrives."""
        await self.end_talk(distributor, user)
        await self.talk_on(distributor, user, number)

    async def end_talk(self, distributor: Distributor, user: str) -> None:
        """End an agent's talk, so that they are offered the head of the queue."""
        ended = await distributor.terminate(self.tenant, self.talks[user], by="agent", actor=user, via=Via.CARD)
        assert ended.ok, ended

    async def talk_on(self, distributor: Distributor, user: str, number: int) -> None:
        """The agent accepts the offer, and a new task arrives."""
        held = await self._store.hget(f"{root(self.tenant)}agent:{self.tenant}:{user}", "held")
        assert held, "nothing was offered"
        task = held.partition("=")[0]
        accepted = await distributor.accept(self.tenant, task, "1", user, Via.CARD)
        assert accepted.ok, accepted
        await distributor.opened(self.tenant, task)
        self.talks[user] = task
        await self._arrive(distributor, new_id(), number)
