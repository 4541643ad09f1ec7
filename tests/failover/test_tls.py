"""Redis 7, Debian's own, behind TLS: one server, sentinels with a failover, and a cluster whose masters fail over."""

from pathlib import Path

import pytest

from store import keys
from store.connection import Store, StoreDown, open_store
from store.doorbells import Bell
from store.scripts import LuaScript
from tests.failover.servers import Make, clustered, data_server, running, watched, with_tls
from tests.failover.talking import hearing, opened, script_in
from tests.support import wait_until

REDIS = Path("/usr/bin/redis-server")
RING = """\
-- ring: counts, and rings.
-- keys: root
-- args:
-- returns: number
-- journal: none
--@include bell
bell('conv', 't', 'c', 1)
return redis.call('INCR', root .. 'count')
"""

pytestmark = pytest.mark.skipif(not REDIS.exists(), reason="Debian's redis-server is not installed")


@pytest.fixture
def make(tmp_path: Path) -> Make:
    return with_tls(REDIS, tmp_path)


@pytest.fixture
def ring(tmp_path: Path) -> LuaScript:
    return script_in(tmp_path, "ring", RING)


async def everywhere(store: Store, ring: LuaScript, heard: list[Bell]) -> set[int]:
    """Run the script in every shard, and return once each shard's bell was heard; what it counted."""
    heard.clear()
    answers = await store.run_each([(ring, root, {}) for root in keys.roots()])
    for answer in answers:
        if isinstance(answer, Exception):
            raise answer
    await wait_until(lambda: {bell.root for bell in heard if bell.number == 1} == set(keys.roots()), 5, "all bells")
    return set(answers)


async def test_one_server(tmp_path: Path, make: Make, ring: LuaScript) -> None:
    server = data_server(make, tmp_path / "server")
    with running([server]):
        async with opened(server.url) as store, hearing(store) as heard:
            assert await everywhere(store, ring, heard) == {1}


async def test_a_server_that_nobody_vouches_for_is_refused_in_words(tmp_path: Path, make: Make) -> None:
    (tmp_path / "stranger").mkdir()
    server, stranger = data_server(make, tmp_path / "server"), with_tls(REDIS, tmp_path / "stranger")
    with running([server]):
        with pytest.raises(StoreDown, match="certificate verify failed"):
            await open_store(stranger.url(server.port))
        with pytest.raises(StoreDown):
            await open_store(server.url.partition("?")[0].replace("rediss:", "redis:"))


async def test_sentinels_and_a_failover(tmp_path: Path, make: Make, ring: LuaScript) -> None:
    with watched(tmp_path, make=make) as pair:
        async with opened(pair.url) as store, hearing(store) as heard:
            assert await everywhere(store, ring, heard) == {1}
            pair.copied()
            pair.master.kill()
            await wait_until(pair.failed_over, 10, "the failover")
            assert await _counted_again(store, ring, heard) == {2}


async def test_a_cluster_whose_masters_fail_over(tmp_path: Path, make: Make, ring: LuaScript) -> None:
    with clustered(tmp_path, with_replicas=True, make=make) as six:
        async with opened(six.url) as store, hearing(store) as heard:
            assert len(store.network.homes()) == 3
            assert await everywhere(store, ring, heard) == {1}
            for replica in six.replicas:
                replica.ask("CLUSTER", "FAILOVER")  # by agreement: nothing is lost
                await wait_until(replica.is_master, 10, "the failover")
            assert await _counted_again(store, ring, heard) == {2}
            assert {pool.name for pool in store.network.homes()} == {f"127.0.0.1:{one.port}" for one in six.replicas}


async def _counted_again(store: Store, ring: LuaScript, heard: list[Bell]) -> set[int]:
    """Once every shard can be reached again. Only reads are made until then, so that nothing is counted twice."""

    async def all_answer() -> bool:
        try:
            for root in keys.roots():
                await store.get(f"{root}count")
        except StoreDown:
            return False
        return True

    await wait_until(all_answer, 10, "all shards")
    return await everywhere(store, ring, heard)
