"""Who keeps what: a master that changes, shards on several nodes, a slot that moves. Nothing is sent twice."""

import asyncio
import signal
import time
from pathlib import Path

import pytest

from store import keys
from store.connection import Store, StoreDown, StoreRefused, open_store
from store.durability import risks
from store.scripts import LuaScript
from store.wire import ANSWER_SECONDS
from tests.failover.servers import HOST, MASTER, Clustered, Watched
from tests.failover.talking import hearing, opened, script_in
from tests.support import wait_until

COUNT = """\
-- count: adds one.
-- keys: root
-- args:
-- returns: number
-- journal: none
return redis.call('INCR', root .. 'count')
"""
ROOT = keys.shard_root(7)


async def ring_all(store: Store) -> None:
    for root in keys.roots():
        await store.publish(f"{root}bell", "conv t c 1")


async def count(store: Store, script: LuaScript) -> int:
    """Runs a script; a write, so that a replica could not do it."""
    return await store.run(script, ROOT)


@pytest.fixture
def script(tmp_path: Path) -> LuaScript:
    return script_in(tmp_path, "count", COUNT)


async def test_the_new_master_is_found_within_two_seconds_of_its_election(pair: Watched, script: LuaScript) -> None:
    async with opened(pair.url) as store, hearing(store) as heard:
        assert await count(store, script) == 1
        pair.master.kill()
        with pytest.raises(StoreDown):  # sent, and never answered: nobody knows
            await count(store, script)
        await wait_until(pair.failed_over, 10, "the failover")
        elected = time.monotonic()

        async def counts() -> int:
            try:
                return await count(store, script)
            except StoreDown:
                return 0

        assert await wait_until(counts, 5, "a script on the new master") == 2
        assert time.monotonic() - elected < 2
        await wait_until(lambda: heard and heard[-1].number == -1, 5, "a look after the failover")
        await ring_all(store)
        await wait_until(lambda: len([bell for bell in heard if bell.number == 1]) == 16, 5, "all bells")


async def test_a_former_master_that_comes_back_is_not_believed(pair: Watched) -> None:
    async with opened(pair.url) as store:
        pair.master.kill()
        await wait_until(pair.failed_over, 10, "the failover")

        async def written() -> bool:
            try:
                return await store.set(f"{ROOT}test", "new")
            except StoreDown:
                return False

        await wait_until(written, 5, "a write on the new master")
        pair.master.start()
        assert pair.master.ask("ROLE")[0] == "master", "nobody has told it yet"
        assert await store.get(f"{ROOT}test") == "new"
        async with opened(pair.url) as late:
            assert await late.get(f"{ROOT}test") == "new"


async def test_a_master_that_hangs_is_left_as_soon_as_there_is_another(pair: Watched) -> None:
    """Who waits for its answer does not wait until it would be over anyway."""
    async with opened(pair.url) as store:
        await store.set(f"{ROOT}test", "old")
        pair.master.signal(signal.SIGSTOP)
        began = time.monotonic()
        with pytest.raises(StoreDown):
            await store.get(f"{ROOT}test")
        assert time.monotonic() - began < ANSWER_SECONDS
        assert await store.get(f"{ROOT}test") in {"old", None}


async def test_what_is_wrong_with_an_address_is_said_at_the_start(pair: Watched) -> None:
    sentinel = pair.sentinels[0].port
    with pytest.raises(StoreDown, match="watches no master with the name `ursher`"):
        await open_store(f"redis+sentinel://{HOST}:{sentinel}/ursher")
    with pytest.raises(StoreRefused, match="leads to a sentinel: write redis\\+sentinel"):
        await open_store(f"redis://{HOST}:{sentinel}")
    with pytest.raises(StoreDown, match="this is not a sentinel"):
        await open_store(f"redis+sentinel://{HOST}:{pair.master.port}/{MASTER}")
    with pytest.raises(StoreDown, match="not part of a cluster"):
        await open_store(f"redis+cluster://{HOST}:{pair.master.port}")


async def test_what_a_failover_can_lose_is_said_at_the_start(pair: Watched) -> None:
    async with opened(pair.url) as store, opened(f"{pair.url}?replicas=1") as careful:
        assert any(
            "that it had not received yet are lost. Set `min-replicas-to-write 1`" in line
            for line in await risks(store)
        )
        assert any("nothing can be written until it is back" in line for line in await risks(careful))
        pair.master.ask("CONFIG", "SET", "min-replicas-to-write", 1)
        assert any("keeps them to about the last 10 s" in line for line in await risks(store))


async def test_what_a_cluster_without_replicas_cannot_do_is_said_at_the_start(trio: Clustered) -> None:
    async with opened(trio.url) as store:
        assert any("has no replica: when it dies, its tenants" in line for line in await risks(store))
        for node in trio.nodes:
            node.ask("CONFIG", "SET", "cluster-require-full-coverage", "yes")
        assert any("no tenant is served. Set it to no" in line for line in await risks(store))


async def test_the_shards_of_a_cluster_are_one_store(trio: Clustered, script: LuaScript) -> None:
    with pytest.raises(StoreRefused, match=r"redis\+cluster"):
        await open_store(f"redis://{HOST}:{trio.nodes[0].port}")
    names = [f"{root}test" for root in (*keys.roots(), keys.ALL)]
    async with opened(trio.url) as store, hearing(store) as heard:
        assert len(store.network.homes()) == 3
        assert await store.many([("set", (name, name)) for name in names]) == [True] * len(names)
        assert await store.many([("get", (name,)) for name in names]) == names
        assert await store.scan("*") == sorted(names)
        assert await store.run_many([(script, root, {}) for root in keys.roots()]) == [1] * 16
        assert len(await store.servers("server")) == 3
        await ring_all(store)
        await wait_until(lambda: len(heard) == 16, 5, "the bells of all nodes")
        assert {bell.root for bell in heard} == set(keys.roots())
        assert await store.delete(*names, f"{ROOT}none") == len(names)


async def test_a_slot_moves_under_load_and_every_call_is_carried_out_once(trio: Clustered, script: LuaScript) -> None:
    async with opened(trio.url) as store, hearing(store) as heard:
        there = trio.owner_of(ROOT)
        other = next(node for node in trio.nodes if node is not there)
        done = [await count(store, script)]

        async def count_on() -> None:
            while not moving.done():
                done.append(await count(store, script))

        moving = asyncio.create_task(asyncio.to_thread(trio.move, ROOT, other))
        await asyncio.gather(*(count_on() for _ in range(8)))
        await moving
        done.append(await count(store, script))
        assert sorted(done) == list(range(1, len(done) + 1))
        await wait_until(lambda: heard and heard[-1].number == -1, 5, "a look after the move")
        heard.clear()
        await ring_all(store)
        await wait_until(lambda: len({bell.root for bell in heard}) == 16, 5, "the bells of all nodes")


async def test_a_slot_that_moves_key_by_key_stands_still_instead_of_being_half_there(
    trio: Clustered, script: LuaScript
) -> None:
    """A script that followed ASK would find at the new place what was moved already, and nothing else."""
    async with opened(trio.url) as store:
        assert await count(store, script) == 1
        there = trio.owner_of(ROOT)
        other = next(node for node in trio.nodes if node is not there)
        slot = there.ask("CLUSTER", "KEYSLOT", ROOT)
        names = [node.ask("CLUSTER", "MYID") for node in (there, other)]
        other.ask("CLUSTER", "SETSLOT", slot, "IMPORTING", names[0])
        there.ask("CLUSTER", "SETSLOT", slot, "MIGRATING", names[1])
        with pytest.raises(StoreDown, match="moved key by key"):
            await count(store, script)
        there.ask("MIGRATE", HOST, other.port, f"{ROOT}count", 0, 1000)
        for node in (other, there, *trio.nodes):
            node.ask("CLUSTER", "SETSLOT", slot, "NODE", names[1])
        assert await count(store, script) == 2


async def test_a_node_of_the_cluster_dies_and_its_replica_serves(six: Clustered, script: LuaScript) -> None:
    async with opened(six.url) as store, hearing(store) as heard:
        assert await count(store, script) == 1
        there = six.owner_of(ROOT)
        elsewhere = next(root for root in keys.roots() if six.owner_of(root) is not there)
        there.kill()
        assert await store.set(f"{elsewhere}test", 1), "the other nodes' tenants are served"

        async def counts() -> int:
            try:
                return await count(store, script)
            except StoreDown:
                return 0

        assert await wait_until(counts, 10, "a script on the replica") >= 2
        await wait_until(lambda: heard and heard[-1].number == -1, 5, "a look after the failover")
        await ring_all(store)
        await wait_until(lambda: len({bell.root for bell in heard if bell.root}) == 16, 5, "all bells")
