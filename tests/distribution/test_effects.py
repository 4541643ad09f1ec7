"""What a transition leaves behind for others: subjects that are due, bells, journal entries, and keys that will go."""

import asyncio
import re
from collections.abc import AsyncGenerator

import pytest

from distribution.scripts import LUA, distribution_scripts
from distribution.tasks import TaskState, Via
from store.connection import Store
from store.doorbells import Bell, Doorbells
from store.keys import root
from store.lua_files import in_order, read_lua
from tests.distribution.world import SALES, World
from tests.support import wait_until

S = TaskState
DAYS_30 = 30 * 24 * 3600


async def due(world: World, task: str) -> set[str]:
    """What was marked since the last look, as `card:anna`, `room`, `relay`, `arrival`."""
    key = f"{root(world.tenant)}due"
    subjects = await world.store.zrange(key, 0, -1)
    ours = [subject for subject in subjects if f":{world.tenant}:{task}" in subject]
    await world.store.zrem(key, *ours, "none")
    return {subject.replace(f":{world.tenant}:{task}", "") for subject in ours}


async def test_the_effects_of_a_whole_life(world: World) -> None:
    d, t = world.distributor, world.tenant
    await world.rules(SALES, acw_seconds=20)
    await world.agent("anna")
    task = await world.task(queued=False)
    assert await due(world, task) == {"arrival"}
    await d.queue(t, task, at=world.now)
    assert await due(world, task) == {"card:anna"}
    await world.deliver(task)
    assert await due(world, task) == {"card:anna"}
    await world.accept(task)
    assert await due(world, task) == {"card:anna", "room"}
    await world.opened(task)
    assert await due(world, task) == {"card:anna", "relay"}
    await d.save_wrapup(t, task, "anna", codes=["won"], tags=[], note="", at=world.now)
    assert await due(world, task) == {"card:anna", "relay"}
    await world.terminate(task)
    assert await due(world, task) == {"card:anna", "relay"}
    await world.go(20)
    assert await due(world, task) == {"card:anna", "relay"}


async def test_everybody_who_had_the_task_gets_a_new_picture(world: World) -> None:
    for user in ("anna", "ben", "cleo"):
        await world.agent(user)
    task = await world.task()
    await due(world, task)
    await world.decline(task)
    assert await due(world, task) == {"card:anna", "card:ben"}
    await world.miss(task)
    assert await due(world, task) == {"card:anna", "card:ben", "card:cleo"}
    await world.accept(task)
    assert await due(world, task) == {"card:anna", "card:ben", "card:cleo", "room"}


@pytest.mark.parametrize("state", [S.CONNECTING, S.OFFERED])
async def test_a_room_that_is_being_opened_is_tidied_when_the_task_closes(world: World, state: TaskState) -> None:
    await world.agent("anna")
    task = await world.bring(state, "anna")
    await due(world, task)
    await world.distributor.visitor_left(world.tenant, task, at=world.now)
    tidied = {"room", "relay"} if state is S.CONNECTING else set[str]()
    assert await due(world, task) == {"card:anna"} | tidied


async def test_what_changes_nothing_marks_nothing(world: World) -> None:
    await world.agent("anna")
    task = await world.task()
    await world.deliver(task)
    await due(world, task)
    await world.distributor.visitor_here(world.tenant, task, "tab", at=world.now)
    await world.distributor.accept(world.tenant, task, "7", "anna", Via.CARD, at=world.now)
    assert await due(world, task) == set()


@pytest.fixture
async def doorbells(store: Store) -> AsyncGenerator[Doorbells]:
    bells = Doorbells(store)
    hearing = asyncio.create_task(bells.run())
    await bells.connected()
    yield bells
    hearing.cancel()
    await asyncio.gather(hearing, return_exceptions=True)


async def test_bells_ring_for_the_task_its_agent_and_its_visitor(world: World, doorbells: Doorbells) -> None:
    heard: list[Bell] = []
    await world.agent("anna")
    for kind in ("task", "agent", "conv"):
        doorbells.listen(kind, heard.append)
    task = await world.task()

    async def rung(*wanted: tuple[str, str]) -> list[Bell]:
        def enough() -> bool:
            return {(bell.kind, bell.id) for bell in heard if bell.tenant == world.tenant} >= set(wanted)

        await wait_until(enough, 10, f"the bells {wanted}")
        rang = [bell for bell in heard if bell.tenant == world.tenant]
        heard.clear()
        assert {(bell.kind, bell.id) for bell in rang} == set(wanted)
        return rang

    rang = await rung(("task", task), ("agent", "anna"), ("conv", task))
    numbers = {bell.kind: bell.number for bell in rang}
    assert numbers["task"] == (await world.see(task)).revision
    assert numbers["agent"] == (await world.look("anna")).revision
    await world.accept(task)
    await rung(("task", task), ("agent", "anna"))
    await world.opened(task)
    await rung(("task", task), ("conv", task))


async def test_the_journal_tells_the_whole_life_without_a_word_of_anybodys(world: World) -> None:
    await world.rules(SALES, acw_seconds=20)
    await world.agent("anna")
    await world.agent("ben")
    task = await world.task(customer="Ann Smith")
    await world.decline(task)
    await world.deliver(task)
    await world.talk(task)
    note = "calls back tomorrow"
    d, t = world.distributor, world.tenant
    await d.save_wrapup(t, task, "ben", codes=["won"], tags=["vip"], note=note, at=world.now)
    await world.terminate(task, "agent", "ben", Via.ROOM)
    await world.go(20)
    entries = [entry for entry in await world.journal() if entry.get("task") == task]
    assert [entry["e"] for entry in entries] == [
        "created", "offered", "declined", "requeued", "offered", "delivered", "accepted", "opened", "wrapup", "ended",
        "closed",
    ]  # fmt: skip
    text = str(entries)
    assert "Ann" not in text
    assert note not in text
    assert all(re.fullmatch(r"\d{13}", entry["at"]) for entry in entries)


async def test_the_keys_of_a_closed_task_all_go(world: World) -> None:
    await world.rules(SALES, acw_seconds=20)
    await world.agent("anna")
    await world.agent("ben")
    task = await world.task()
    await world.decline(task)
    await world.talk(task)
    await world.terminate(task)
    await world.go(20)
    assert (await world.see(task)).state is S.CLOSED
    await due(world, task)
    prefix = root(world.tenant)
    for key in await world.store.scan(f"*{task}*"):
        if not key.startswith(f"{prefix}due:"):
            assert await world.store.ttl(key) == pytest.approx(DAYS_30, abs=60), key
    # And nothing else knows it: no queue, no running chat, no deadline, no agent.
    assert await world.store.zcard(f"{prefix}queue:{world.tenant}:{SALES}") == 0
    assert await world.store.smembers(f"{prefix}running:{world.tenant}:{SALES}") == frozenset()
    deadlines = await world.store.zrange(f"{prefix}deadlines:{world.tenant}", 0, -1)
    assert not [member for member in deadlines if task in member]
    assert (await world.look("ben")).tasks == ()


async def test_an_agents_list_of_closed_tasks_is_bounded(world: World) -> None:
    await world.agent("anna")
    key = f"{root(world.tenant)}past:{world.tenant}:anna"
    await world.store.zadd(key, {f"old{number:03}": number for number in range(600)})
    task = await world.task()
    await world.talk(task)
    await world.terminate(task)
    assert await world.store.zcard(key) == 500
    assert await world.store.ttl(key) == pytest.approx(DAYS_30, abs=60)


async def test_a_waiting_task_costs_less_than_a_kilobyte_and_an_agent_less_than_two(world: World) -> None:
    count = 300
    d, t = world.distributor, world.tenant

    async def size() -> int:
        return int((await world.store.servers("memory"))[0]["used_memory_dataset"])

    start = await size()
    for _ in range(count):
        await d.create(t, await _name(world), service=SALES, customer="Ann Smith", workflow=False, at=world.now)
    tasks = await size()
    for number in range(count):
        await world.agent(f"00000000-0000-4000-8000-{number:012}", available=False)
    agents = await size()
    # The journal is in it too: about 200 bytes an entry, which belong to the day and not to the task.
    assert (tasks - start) / count < 1024 + 512
    assert (agents - tasks) / count < 2048


async def _name(world: World) -> str:
    world.now += 1
    return f"task{world.now}"


def test_headers_promise_no_event_that_a_script_cannot_write() -> None:
    """That they leave none out is held by `world.CheckedDistributor`, in every test."""
    by_variable = {"declined", "rona", "undelivered", "withdrawn"}
    for name, script in distribution_scripts().items():
        own = read_lua(LUA / f"{name}.lua")
        source = "\n".join(line for file in (own, *in_order([own])) for line in file.lines)
        written = set(re.findall(r"(?:log\(c|journal\(root, tenant, clock_now\(root, tenant, 0\)), '(\w+)'", source))
        assert set(script.journal) <= written | by_variable, name
