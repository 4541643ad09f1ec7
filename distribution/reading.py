"""Reading what is so: tasks and agents. Nothing here changes anything."""

from asyncio import gather
from collections.abc import Iterable

from distribution.agents import Agent, read_agent
from distribution.keys import agent_key, arriving_key, members_key, past_key, queue_key, running_key, task_key
from distribution.scripts import Scripts
from distribution.tasks import Task, read_task

_AT_ONCE = 50
"""Reads in flight for one list: enough to hide the round trip, few enough to leave the connections to others."""


class Readings(Scripts):
    """Snapshots; each is whole in itself, two of them need not be of the same moment."""

    async def task(self, tenant: str, task: str) -> Task | None:
        """The task, for 30 days after it was closed."""
        fields = await self._store.hgetall(task_key(tenant, task))
        return read_task(tenant, task, fields) if fields else None

    async def agent(self, tenant: str, user: str, *, at: int = 0) -> Agent | None:
        """The agent with every reason against them, computed by the same function that decides."""
        reply: list[str] = await self._run("agent", tenant, user=user, at=at)
        return read_agent(tenant, user, reply) if reply else None

    async def agents(self, tenant: str, service: str, *, at: int = 0) -> list[Agent]:
        """The members of a service, by user id."""
        users = await self._store.zrange(members_key(tenant, service), 0, -1)
        found: list[Agent] = []
        for start in range(0, len(users), _AT_ONCE):
            agents = await gather(*(self.agent(tenant, user, at=at) for user in users[start : start + _AT_ONCE]))
            found += [agent for agent in agents if agent]
        return found

    async def waiting(self, tenant: str, service: str, limit: int = 200) -> list[Task]:
        """The queued tasks of a service, the next one first; at most `limit`."""
        return await self._tasks(tenant, await self._store.zrange(queue_key(tenant, service), 0, limit - 1))

    async def queued(self, tenant: str, service: str) -> int:
        """How many tasks of a service wait."""
        return await self._store.zcard(queue_key(tenant, service))

    async def arriving(self, tenant: str, service: str) -> int:
        """How many tasks of a service are in its workflow, before the queue."""
        found = await self._store.hgetall(arriving_key(tenant))
        return list(found.values()).count(service)

    async def running(self, tenant: str, service: str) -> list[Task]:
        """What counts against the service's limit: offered, connecting and active tasks, in no order."""
        return await self._tasks(tenant, sorted(await self._store.smembers(running_key(tenant, service))))

    async def open_tasks(self, tenant: str, user: str) -> list[Task]:
        """What the agent holds: ringing, connecting, active, ACW; the oldest first."""
        held = await self._store.hget(agent_key(tenant, user), "held")
        return await self._tasks(tenant, [part.partition("=")[0] for part in held.split(" ")] if held else [])

    async def past_tasks(self, tenant: str, user: str, limit: int = 50) -> list[Task]:
        """The closed tasks they had accepted, the latest first."""
        return await self._tasks(tenant, await self._store.zrange(past_key(tenant, user), 0, limit - 1, desc=True))

    async def position(self, tenant: str, task: str) -> int | None:
        """1 = the next one; None when it does not wait."""
        return await self._run("position", tenant, task=task) or None

    async def _tasks(self, tenant: str, ids: Iterable[str]) -> list[Task]:
        wanted = list(ids)
        found: list[Task] = []
        for start in range(0, len(wanted), _AT_ONCE):
            tasks = await gather(*(self.task(tenant, task) for task in wanted[start : start + _AT_ONCE]))
            found += [task for task in tasks if task]
        return found
