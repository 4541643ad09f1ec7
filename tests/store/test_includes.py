"""What every script shares: a clock that never runs backwards, deadlines, the journal, bells."""

import asyncio
import re
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from distribution.deadlines import LOOK_EVERY_SECONDS
from store import keys
from store.connection import Store
from store.doorbells import Bell, Doorbells
from store.scripts import SHARED_INCLUDES, LuaScript, load_scripts
from tests.support import wait_until


@pytest.fixture
def script(tmp_path: Path) -> LuaScript:
    """Calls the includes: `what` says which."""
    (tmp_path / "call.lua").write_text(
        "-- call: calls an include.\n-- keys: root\n-- args: what, tenant, member, at:int\n"
        "-- returns: what it returns\n-- journal: happened\n"
        "--@include deadline\n--@include journal\n"
        "if what == 'clock' then return string.format('%.0f', clock_now(root, tenant, at)) end\n"
        "if what == 'set' then deadline_set(root, tenant, member, at) end\n"
        "if what == 'clear' then deadline_clear(root, tenant, member) end\n"
        "if what == 'journal' then journal(root, tenant, at, 'happened', {'task', member, 'n', 3}) end\n"
    )
    return load_scripts(tmp_path)["call"]


@pytest.fixture
async def bells(store: Store) -> AsyncIterator[Doorbells]:
    doorbells = Doorbells(store)
    hearing = asyncio.create_task(doorbells.run())
    looked: list[Bell] = []
    doorbells.listen("any", looked.append)
    await wait_until(lambda: looked, 5, "the first look")
    yield doorbells
    hearing.cancel()
    await asyncio.gather(hearing, return_exceptions=True)


async def clock(store: Store, script: LuaScript, tenant: str, at: int) -> int:
    return int(await store.run(script, keys.root(tenant), what="clock", tenant=tenant, member="", at=at))


async def test_time_is_the_servers(store: Store, script: LuaScript, tenant: str) -> None:
    before = time.time_ns() // 1_000_000
    now = await clock(store, script, tenant, 5)
    assert before <= now <= time.time_ns() // 1_000_000


async def test_time_never_runs_backwards(store: Store, script: LuaScript, tenant: str) -> None:
    ahead = time.time_ns() // 1_000_000 + 60_000
    await store.hset(f"{keys.root(tenant)}clock:{tenant}", {"last": ahead})
    assert await clock(store, script, tenant, 0) == ahead


async def test_virtual_time_is_what_the_script_is_told(store: Store, script: LuaScript, virtual_tenant: str) -> None:
    assert await clock(store, script, virtual_tenant, 1_000) == 1_000
    assert await clock(store, script, virtual_tenant, 500) == 1_000
    assert await clock(store, script, virtual_tenant, 0) == 1_000
    assert await clock(store, script, virtual_tenant, 1_700_000_000_001) == 1_700_000_000_001


async def test_a_deadline_is_set_moved_and_cleared(store: Store, script: LuaScript, tenant: str) -> None:
    root = keys.root(tenant)
    member = f"offer:{tenant}:1"
    for at in (5_000, 4_000):
        await store.run(script, root, what="set", tenant=tenant, member=member, at=at)
        assert await store.zscore(f"{root}deadlines", member) == at
    await store.run(script, root, what="clear", tenant=tenant, member=member, at=0)
    assert await store.zscore(f"{root}deadlines", member) is None


async def test_only_the_earliest_deadline_rings(store: Store, script: LuaScript, tenant: str, bells: Doorbells) -> None:
    root = keys.root(tenant)
    heard: list[Bell] = []
    bells.listen("deadline", heard.append)
    for member, at in (("a", 5_000), ("b", 6_000), ("c", 4_000)):
        await store.run(script, root, what="set", tenant=tenant, member=f"{member}:{tenant}:1", at=at)
    await wait_until(lambda: len(heard) >= 2, 5, "two bells")
    assert [bell.number for bell in heard] == [5_000, 4_000]
    assert {bell.root for bell in heard} == {root}


async def test_a_far_deadline_need_not_ring_for_timers_look_before(
    store: Store, script: LuaScript, tenant: str, bells: Doorbells
) -> None:
    include = (SHARED_INCLUDES / "deadline.lua").read_text()
    found = re.search(r"LOOKED_AT_WITHIN = (\d+)", include)
    assert found
    within = int(found[1])
    assert within >= (LOOK_EVERY_SECONDS + 1) * 1000
    root, now = keys.root(tenant), time.time_ns() // 1_000_000
    heard: list[Bell] = []
    bells.listen("deadline", heard.append)
    for member, at in (("far", now + 10 * within), ("near", now + within // 2)):
        await store.run(script, root, what="set", tenant=tenant, member=f"{member}:{tenant}:1", at=at)
    await wait_until(lambda: heard, 5, "a bell")
    assert [bell.number for bell in heard] == [now + within // 2]


async def test_virtual_deadlines_stand_apart_and_ring_nobody(
    store: Store, script: LuaScript, virtual_tenant: str, bells: Doorbells
) -> None:
    root = keys.root(virtual_tenant)
    heard: list[Bell] = []
    bells.listen("deadline", heard.append)
    bells.listen("end", heard.append)
    member = f"offer:{virtual_tenant}:1"
    await store.run(script, root, what="set", tenant=virtual_tenant, member=member, at=5_000)
    assert await store.zscore(f"{root}deadlines:{virtual_tenant}", member) == 5_000
    assert not await store.exists(f"{root}deadlines")
    await store.publish(f"{root}bell", "end - - 0")
    await wait_until(lambda: heard, 5, "the last bell")
    assert [bell.kind for bell in heard] == ["end"]


@pytest.mark.foreign_journal
async def test_the_journal_keeps_what_happened(store: Store, script: LuaScript, tenant: str) -> None:
    await store.run(script, keys.root(tenant), what="journal", tenant=tenant, member="t1", at=1_700_000_000_123)
    ((_, fields),) = await store.xrange(f"{keys.root(tenant)}journal:{tenant}")
    assert fields == {"e": "happened", "at": "1700000000123", "task": "t1", "n": "3"}
