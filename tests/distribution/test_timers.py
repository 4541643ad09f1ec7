"""Time itself: on the real clock, on several replicas, each deadline once; and a replica that dies in the middle."""

import asyncio
import statistics
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import time_machine

from distribution import deadlines
from distribution.agents import AgentRules, Presence
from distribution.deadlines import Timers, fire_virtual
from distribution.distributor import Distributor
from distribution.keys import path_key
from distribution.scripts import distribution_scripts
from distribution.service_rules import ServiceRules
from distribution.tasks import TaskState, Via
from store.connection import Store, open_store
from store.doorbells import Bell, Doorbells
from store.ids import new_id
from store.keys import root
from store.scripts import Argument, LuaScript, load_scripts
from tests.distribution.consistency import faults, read_everything
from tests.support import wait_until

SALES = "sales"


@asynccontextmanager
async def replica(url: str) -> AsyncGenerator[Timers]:
    """Timers with a connection and doorbells of their own, as each replica has them."""
    store = await open_store(url)
    doorbells = Doorbells(store)
    timers = Timers(store, doorbells)
    hearing, running = asyncio.create_task(doorbells.run()), asyncio.create_task(timers.run())
    await doorbells.connected()
    try:
        yield timers
        await timers.stop()
        async with asyncio.timeout(10):
            await running
    finally:
        hearing.cancel()
        running.cancel()
        await asyncio.gather(hearing, running, return_exceptions=True)
        await store.close()


async def staffed(
    store: Store, tenant: str, agents: int, *, deliver_seconds: int = 10, offer_seconds: int = 20
) -> Distributor:
    d = Distributor(store)
    rules = ServiceRules(name="Sales", concurrent=500, deliver_seconds=deliver_seconds, offer_seconds=offer_seconds)
    await d.set_tenant(tenant, im_enabled=True)
    await d.set_service(tenant, SALES, rules)
    users = [f"agent{number:02}" for number in range(agents)]
    for user in users:
        await d.set_agent(tenant, user, AgentRules(licensed=True, direct_licensed=True, services={SALES: True}))
        await d.set_registered(tenant, user, registered=True)
    await d.set_presence(tenant, dict.fromkeys(users, Presence.AVAILABLE))
    # A card that arrives after each offer: what is not delivered in time is then this agent's, and not the path's.
    await store.hset(path_key(tenant), {"ok": now() + 3_600_000})
    return d


async def create(d: Distributor, tenant: str) -> str:
    task = new_id()
    await d.create(tenant, task, service=SALES, customer="", workflow=False)
    return task


async def journal(store: Store, tenant: str, event: str) -> list[dict[str, str]]:
    entries = await store.xrange(f"{root(tenant)}journal:{tenant}", count=100_000)
    return [fields for _, fields in entries if fields["e"] == event]


def now() -> int:
    return round(time.time() * 1000)


async def test_two_replicas_share_the_deadlines_and_each_fires_once_and_in_time(
    store: Store, valkey_url: str, tenant: str
) -> None:
    d = await staffed(store, tenant, agents=40, deliver_seconds=1)
    async with replica(valkey_url), replica(valkey_url):
        tasks = [await create(d, tenant) for _ in range(40)]
        due = {task: (await d.task(tenant, task)) for task in tasks}

        async def all_fired() -> bool:
            return len(await journal(store, tenant, "undelivered")) >= 40

        await wait_until(all_fired, 5, "every delivery time to be over")
        fired = await journal(store, tenant, "undelivered")
        assert sorted(entry["task"] for entry in fired) == sorted(tasks)
        late: list[int] = []
        for entry in fired:
            task = due[entry["task"]]
            assert task
            assert task.deliver_by_at
            late.append(int(entry["at"]) - task.deliver_by_at)
        assert min(late) >= 0
        assert statistics.median(late) <= 100
    assert await faults(store, tenant, now(), virtual=False) == []


@pytest.mark.parametrize("jump", [3600, -3600])
async def test_a_replica_whose_clock_jumps_fires_nothing_early_and_nothing_twice(
    store: Store, valkey_url: str, tenant: str, jump: int
) -> None:
    d = await staffed(store, tenant, agents=1, deliver_seconds=1)
    async with replica(valkey_url), replica(valkey_url):
        task = await create(d, tenant)
        found = await d.task(tenant, task)
        assert found
        assert found.deliver_by_at
        with time_machine.travel(time.time() + jump, tick=True):

            async def undelivered() -> bool:
                return bool(await journal(store, tenant, "undelivered"))

            await wait_until(undelivered, 5, "the delivery time to be over")
        (entry,) = await journal(store, tenant, "undelivered")
        assert 0 <= int(entry["at"]) - found.deliver_by_at < 1000
        await d.cancel(tenant, task, actor="test", why="over")


async def test_an_earlier_deadline_wakes_the_timers(store: Store, valkey_url: str, tenant: str) -> None:
    """They sleep until the nearest one; one that becomes the nearest rings."""
    d = await staffed(store, tenant, agents=1, deliver_seconds=1)
    async with replica(valkey_url):
        far = await create(d, tenant)
        await d.visitor_here(tenant, far, "tab")
        offered = await d.task(tenant, far)
        assert offered
        assert offered.deliver_by_at

        async def undelivered() -> bool:
            return bool(await journal(store, tenant, "undelivered"))

        await wait_until(undelivered, 10, "the delivery time to be over")
        (entry,) = await journal(store, tenant, "undelivered")
        assert 0 <= int(entry["at"]) - offered.deliver_by_at < 1000
        await d.cancel(tenant, far, actor="test", why="over")


async def test_a_deadline_that_cannot_be_handled_does_not_hold_up_the_others(store: Store, tenant: str) -> None:
    d = await staffed(store, tenant, agents=1)
    task = await create(d, tenant)
    where = root(tenant)
    await store.zadd(f"{where}deadlines", {f"moon:{tenant}:x": 1, f"task:{tenant}:{task}": 2, f"task:{tenant}:gone": 3})
    reply = await store.run(distribution_scripts()["fire"], where, tenant="", limit=8, at=0)
    assert reply[0] == 3
    assert len(reply) == 3
    assert reply[2].startswith(f"moon:{tenant}:x")
    again = await store.zscore(f"{where}deadlines", f"moon:{tenant}:x")
    assert again
    assert now() + 55_000 < again < now() + 65_000
    await store.zrem(f"{where}deadlines", f"moon:{tenant}:x")
    # The task was looked at too early: nothing happened, and its real deadline is set again.
    assert await faults(store, tenant, now(), virtual=False) == []
    await d.cancel(tenant, task, actor="test", why="over")


async def test_a_record_that_cannot_be_read_does_not_change_how_the_others_are(store: Store, tenant: str) -> None:
    d = await staffed(store, tenant, agents=1)
    task = await create(d, tenant)
    where = root(tenant)
    broken = f"{where}task:{tenant}:broken"
    await store.set(broken, "no hash")
    await store.zadd(f"{where}deadlines", {f"task:{tenant}:{task}": 1, f"task:{tenant}:broken": 2})
    fired, wait, problem = await store.run(distribution_scripts()["fire"], where, tenant="", limit=8, at=0)
    assert (fired, problem.split(" ")[:2]) == (2, [f"task:{tenant}:broken", "WRONGTYPE"])
    assert 0 < int(wait) <= 10_000
    await store.zrem(f"{where}deadlines", f"task:{tenant}:broken")
    await store.delete(broken)
    assert await faults(store, tenant, now(), virtual=False) == []
    await d.cancel(tenant, task, actor="test", why="over")


async def test_timers_stop_at_once(valkey_url: str) -> None:
    begun = time.monotonic()
    async with replica(valkey_url) as timers:
        await timers.stop()
    assert time.monotonic() - begun < 3


async def read_lines(process: Process, count: int) -> list[str]:
    assert process.stdout
    return [(await process.stdout.readline()).decode().strip() for _ in range(count)]


@pytest.mark.timeout(60)
async def test_a_replica_that_is_killed_in_the_middle_leaves_no_task_without_an_owner(
    store: Store, valkey_url: str, tenant: str
) -> None:
    """Sixteen chats at a time, killed at a moment of its own; what it left half-way goes on, and nobody stays blocked."""
    d = await staffed(store, tenant, agents=20, deliver_seconds=1, offer_seconds=5)
    command = [sys.executable, "-m", "tests.distribution.replica", valkey_url, tenant]
    ended: set[str] = set()
    for lives in (40, 90):
        process = await asyncio.create_subprocess_exec(*command, stdout=PIPE)
        ended |= set(await read_lines(process, lives))
        process.kill()
        await process.wait()
        assert await faults(store, tenant, now(), virtual=False) == []

    everything = await read_everything(store, tenant, now())
    assert ended <= set(everything.tasks)
    assert {everything.tasks[task].state for task in ended} == {TaskState.CLOSED}
    accepted = [entry["task"] for entry in await journal(store, tenant, "accepted")]
    assert len(accepted) == len(set(accepted))

    left = [task for task in everything.tasks.values() if task.state is not TaskState.CLOSED]
    async with replica(valkey_url):

        async def all_went_on() -> bool:
            offers = {task.id: task.offer for task in left if task.state is TaskState.OFFERED}
            found = [await d.task(tenant, task) for task in offers]
            return all(task and task.offer != offers[task.id] for task in found)

        await wait_until(all_went_on, 10, "what rang at nobody to go back")
    for task in left:
        await d.terminate(tenant, task.id, by="system", actor="sweep", via=Via.SYSTEM)
    assert {len(agent.tasks) for agent in await d.agents(tenant, SALES)} == {0}
    assert await faults(store, tenant, now(), virtual=False) == []


async def test_a_bell_that_rings_while_the_scripts_run_is_not_lost(
    store: Store, tenant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The script looked, then a deadline became the nearest and rang, and only then the reply came: look again at once."""
    timers = Timers(store, Doorbells(store))
    shard, looks, ask = root(tenant), list[str](), store.run_each

    async def ring_before_the_reply(calls: Sequence[tuple[LuaScript, str, Mapping[str, Argument]]]) -> list[Any]:
        replies = await ask(calls)
        looks.extend(where for _, where, _ in calls)
        if calls and looks.count(shard) == 1:
            timers._hear(Bell("deadline", "-", "-", 0, "0", shard))  # pyright: ignore[reportPrivateUsage]  # as it would ring
        return replies

    monkeypatch.setattr(store, "run_each", ring_before_the_reply)
    running = asyncio.create_task(timers.run())
    await wait_until(lambda: looks.count(shard) == 2, 10, "the second look at the shard that rang")
    await timers.stop()
    await running


async def test_a_virtual_deadline_that_never_lets_its_instant_pass_is_named(
    store: Store, virtual_tenant: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deadlines, "MOST_CALLS_AT_AN_INSTANT", 3)
    (tmp_path / "idle.lua").write_text(
        "-- idle: does nothing about what is due.\n-- keys: root\n-- args: tenant, limit:int, at:int\n"
        "-- returns: as `fire`\n-- journal: none\nreturn { '0', '' }\n"
    )
    await store.zadd(f"{root(virtual_tenant)}deadlines:{virtual_tenant}", {"task:stuck": 5_000})
    with pytest.raises(RuntimeError, match="task:stuck never lets 5000 pass"):
        await fire_virtual(store, virtual_tenant, 9_000, load_scripts(tmp_path)["idle"])
