"""Replicas that are killed every second, and their server now and then: no task is lost, and the journal proves it.

`USHER_CHAOS_SECONDS` (25) is how long; `make soak` takes ten minutes.
"""

import asyncio
import os
import random
import signal
import sys
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

import pytest

from distribution.agents import AgentRules, Presence
from distribution.distributor import Distributor
from distribution.service_rules import ServiceRules
from distribution.tasks import TaskState
from distribution.verify import verify
from store import keys
from store.connection import Store, StoreDown, open_store
from store.embedded import EmbeddedServer, start_embedded
from store.ids import new_id
from tests.distribution.consistency import faults, read_everything
from tests.support import wait_until

SECONDS = float(os.environ.get("USHER_CHAOS_SECONDS", "25"))
REPLICAS = 3
KILL_EVERY_SECONDS = 1.0
SERVER_EVERY = 6  # so many kills of replicas to one of the server
AGENTS = 12
AT_ONCE = 24
SALES = "sales"
# A deadline may fall into a time in which nobody is there: a restart of the server, and that of a replica on a busy machine.
LATE_MS = 10_000


class Replicas:
    """Processes, one of which is killed at a time; another takes its place."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._running: list[asyncio.subprocess.Process] = []

    async def start(self) -> None:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.chaos.replica", self._url, stdout=asyncio.subprocess.PIPE
        )
        assert process.stdout is not None
        # On a busy machine a start takes seconds: what is killed before it works kills nothing.
        assert await process.stdout.readline() == b"at work\n"
        self._running.append(process)

    async def kill_one(self) -> None:
        """The one that has lived longest."""
        process = self._running.pop(0)
        assert process.returncode is None, "a replica ended by itself"
        process.kill()
        await process.wait()

    async def end(self) -> None:
        while self._running:
            await self.kill_one()


async def staff(store: Store, tenant: str) -> Distributor:
    d = Distributor(store)
    rules = ServiceRules(
        name="Sales", concurrent=500, deliver_seconds=5, offer_seconds=5, acw_seconds=1, rona_after_misses=0
    )
    await d.set_tenant(tenant, im_enabled=True)
    await d.set_service(tenant, SALES, rules)
    for user in users():
        agent = AgentRules(licensed=True, direct_licensed=True, services={SALES: True}, capacity=2)
        await d.set_agent(tenant, user, agent)
        await d.set_registered(tenant, user, registered=True)
    return d


def users() -> list[str]:
    return [f"agent{number:02}" for number in range(AGENTS)]


async def poll_presence(d: Distributor, tenant: str) -> None:
    """Who is not seen for some minutes counts as gone."""
    while True:
        with suppress(StoreDown):
            await d.set_presence(tenant, dict.fromkeys(users(), Presence.AVAILABLE))
        await asyncio.sleep(60)  # as often as presence is asked for in service; nobody waits for it


class Visitors:
    """They come, and insist until they are told that they are in; `in_` are those, `met` those whose talk is over."""

    def __init__(self, d: Distributor, tenant: str) -> None:
        self.in_: list[str] = []
        self.met = 0
        self.leaving = False
        self._d = d
        self._tenant = tenant

    async def come(self) -> None:
        while not self.leaving:
            task = new_id()
            while not await self._is_in(task):
                pass
            self.in_.append(task)
            while not self.leaving and not await self._is_over(task):
                pass

    async def _is_in(self, task: str) -> bool:
        try:
            answer = await self._d.create(self._tenant, task, service=SALES, customer="", workflow=False)
        except StoreDown:
            return False
        assert answer.task, answer
        return True

    async def _is_over(self, task: str) -> bool:
        await asyncio.sleep(0.05)  # the pace of the load, not a wait for a result
        try:
            found = await self._d.task(self._tenant, task)
        except StoreDown:
            return False
        assert found, f"{task} was acknowledged, and is not there"
        over = found.state in {TaskState.ACW, TaskState.CLOSED}
        self.met += over
        return over


async def wreak_havoc(
    server: EmbeddedServer, replicas: Replicas, visitors: Visitors, dice: random.Random
) -> Counter[str]:
    """Kill for SECONDS, and on a slow machine until enough was killed and enough chats came to their end."""
    killed: Counter[str] = Counter()
    end = time.monotonic() + SECONDS
    while time.monotonic() < end or killed["replica"] < SECONDS / 3 or visitors.met <= SECONDS:
        await asyncio.sleep(KILL_EVERY_SECONDS)
        await replicas.kill_one()
        await replicas.start()
        killed["replica"] += 1
        pid = server.pid
        if dice.randrange(SERVER_EVERY) == 0 and pid is not None:
            os.kill(pid, signal.SIGKILL)
            killed["server"] += 1
    return killed


@pytest.mark.kill
@pytest.mark.timeout(SECONDS * 2 + 120)
async def test_no_task_is_lost_whoever_is_killed(tmp_path: Path, tenant: str) -> None:
    dice = random.Random(int(os.environ.get("KILL_SEED", "7")))
    with start_embedded(tmp_path) as server:
        store = await open_store(server.url)
        replicas = Replicas(server.url)
        d = await staff(store, tenant)
        polling = asyncio.create_task(poll_presence(d, tenant))
        try:
            await asyncio.gather(*(replicas.start() for _ in range(REPLICAS)))
            visitors = Visitors(d, tenant)
            coming = [asyncio.create_task(visitors.come()) for _ in range(AT_ONCE)]
            killed = await wreak_havoc(server, replicas, visitors, dice)
            visitors.leaving = True
            async with asyncio.timeout(20):
                await asyncio.gather(*coming)
            assert killed["server"] > 0

            async def all_closed() -> bool:
                try:
                    wanted = [("hget", (f"{keys.root(tenant)}task:{tenant}:{task}", "state")) for task in visitors.in_]
                    return set(await store.many(wanted)) == {"closed"}
                except StoreDown:
                    return False

            await wait_until(all_closed, 30, "every task to be closed", step=0.2)
            everything = await read_everything(store, tenant, round(time.time() * 1000))
            assert set(everything.tasks) == set(visitors.in_), "no task is lost, none is there twice"
            assert all(task.outcome and task.agent for task in everything.tasks.values())
            assert {agent.tasks for agent in everything.agents.values()} == {()}
            assert await faults(store, tenant, round(time.time() * 1000), virtual=False) == []
            report = await verify(store, tenant, tolerance=LATE_MS)
            assert report.ok, report.violations[:20]
            assert report.closed == len(visitors.in_)
            print(f"{len(visitors.in_)} tasks, {dict(killed)} killed, {report.entries} entries of the journal proved")
        finally:
            polling.cancel()
            await replicas.end()
            await store.close()
