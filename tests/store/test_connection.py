"""The store: thin typed calls, one error for everything that is down, and nothing that is sent twice."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from store import connection, keys
from store.connection import Store, StoreDown, StoreError, open_store
from store.embedded import EmbeddedServer, start_embedded
from store.scripts import LuaScript, load_scripts
from tests.store.raw import tell
from tests.support import wait_until

KEY = "usher:{all}:test"
HEADER = "-- count: adds one.\n-- keys: root\n-- args:\n-- returns: number\n-- journal: none\n"


@pytest.fixture
async def key(store: Store) -> AsyncIterator[str]:
    yield KEY
    await store.delete(KEY)


@pytest.fixture
def own_server(tmp_path: Path, engine_binary: Path | None) -> EmbeddedServer:
    return start_embedded(tmp_path / "own", binary=engine_binary)


async def test_strings(store: Store, key: str) -> None:
    assert await store.get(key) is None
    assert await store.set(key, "grüße 👍", only_if_new=True)
    assert not await store.set(key, "other", only_if_new=True)
    assert await store.get(key) == "grüße 👍"
    assert await store.exists(key)
    assert await store.delete(key, "usher:{all}:none") == 1
    assert not await store.exists(key)


async def test_time_to_live(store: Store, key: str) -> None:
    await store.set(key, 1, ttl_seconds=5.5)
    assert 0 < (await store.ttl(key) or 0) <= 5.5
    assert await store.expire(key, 100)
    assert 99 < (await store.ttl(key) or 0) <= 100
    assert not await store.expire("usher:{all}:none", 1)
    assert await store.ttl("usher:{all}:none") is None


async def test_hashes(store: Store, key: str) -> None:
    assert await store.hset(key, {"a": "1", "b": 2}) == 2
    assert await store.hgetall(key) == {"a": "1", "b": "2"}
    assert await store.hget(key, "c") is None
    assert await store.hmget(key, "b", "c") == ["2", None]
    assert await store.hdel(key, "a", "c") == 1


async def test_sets(store: Store, key: str) -> None:
    assert await store.sadd(key, "a", "b") == 2
    assert await store.srem(key, "a") == 1
    assert await store.smembers(key) == {"b"}
    assert await store.sismember(key, "b")


async def test_ordered_sets(store: Store, key: str) -> None:
    assert await store.zadd(key, {"a": 1, "b": 2.5, "c": 3}) == 3
    assert await store.zrange(key, 0, 0) == ["a"]
    assert await store.zrange(key, 0, 1, desc=True, scores=True) == [("c", 3.0), ("b", 2.5)]
    assert await store.zrangebyscore(key, "(1", "+inf", count=1) == ["b"]
    assert await store.zscore(key, "b") == 2.5
    assert await store.zrem(key, "b") == 1
    assert await store.zcard(key) == 2


async def test_streams(store: Store, key: str, tmp_path: Path) -> None:
    (tmp_path / "count.lua").write_text(HEADER + f"return redis.call('XADD', '{KEY}', '*', 'n', 'x')")
    script = load_scripts(tmp_path)["count"]
    first, second, third = [await store.run(script, keys.ALL) for _ in range(3)]
    assert await store.xrange(key, after_exclusive=first, count=1) == [(second, {"n": "x"})]
    assert [entry for entry, _ in await store.xrevrange(key, before_exclusive=third)] == [second, first]


async def test_many_in_one_round_trip(store: Store, key: str) -> None:
    answers = await store.many([("hset", (key, {"a": 1})), ("hgetall", (key,)), ("exists", (key,))])
    assert answers == [1, {"a": "1"}, True]
    assert await store.many([]) == []


async def test_a_command_that_redis_refuses_is_an_error_of_ours(store: Store, key: str) -> None:
    await store.set(key, "text")
    with pytest.raises(StoreError, match="WRONGTYPE"):
        await store.hgetall(key)
    assert await store.get(key) == "text"  # the connection is still good


async def test_what_cannot_be_sent_is_an_error_of_ours(store: Store, key: str) -> None:
    nothing: Any = None
    with pytest.raises(StoreError, match=r"cannot be sent: .* str, int, float or bytes"):
        await store.set(key, nothing)


async def test_a_script_that_the_server_has_forgotten_is_loaded_again_and_runs_once(
    own_server: EmbeddedServer, tmp_path: Path
) -> None:
    (tmp_path / "count.lua").write_text(HEADER + "return redis.call('INCR', root .. 'test')")
    script = load_scripts(tmp_path)["count"]
    with own_server:
        opened = await open_store(own_server.url)
        assert await opened.run(script, keys.ALL) == 1
        calls: list[tuple[LuaScript, str, dict[str, str]]] = [(script, keys.ALL, {})] * 3
        pid = own_server.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)  # its script cache dies with it
        await wait_until(lambda: own_server.pid not in {None, pid}, 10, "a new server")
        assert await opened.run_many(calls) == [2, 3, 4]
        await opened.close()


async def test_hundreds_of_callers_share_a_few_connections(store: Store, key: str) -> None:
    await store.set(key, "x")
    assert await asyncio.gather(*(store.get(key) for _ in range(500))) == ["x"] * 500


async def test_a_cancelled_call_does_not_leave_its_answer_to_the_next(store: Store, key: str) -> None:
    await store.hset(key, {str(number): "x" * 1000 for number in range(1000)})
    for _ in range(20):
        call = asyncio.create_task(store.hgetall(key))
        await asyncio.sleep(0)
        call.cancel()
        await asyncio.gather(call, return_exceptions=True)
        assert await store.hget(key, "1") == "x" * 1000


async def test_a_server_that_restarts_is_waited_for(own_server: EmbeddedServer) -> None:
    with own_server:
        first = await open_store(own_server.url)
        await first.set(KEY, "kept")
        await first.close()
        pid = own_server.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        await wait_until(lambda: own_server.pid != pid, 10, "the server's end")
        second = await open_store(own_server.url)
        assert await second.get(KEY) == "kept"
        await second.close()


async def test_a_connection_that_ended_meanwhile_is_opened_again(own_server: EmbeddedServer) -> None:
    with own_server:
        opened = await open_store(own_server.url)
        pid = own_server.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        await wait_until(lambda: own_server.pid not in {None, pid}, 10, "a new server")
        await opened.ping()
        await opened.close()


async def test_down_is_one_error(own_server: EmbeddedServer, tmp_path: Path) -> None:
    opened = await open_store(own_server.url)
    own_server.release()
    with pytest.raises(StoreDown):
        await opened.ping()
    (tmp_path / "count.lua").write_text(HEADER + "return 1")
    with pytest.raises(StoreDown):
        await opened.run(load_scripts(tmp_path)["count"], keys.ALL)
    await opened.close()
    with pytest.raises(StoreDown, match="the store is closed"):
        await opened.ping()
    with pytest.raises(StoreDown):
        await open_store("redis://127.0.0.1:1")


@pytest.mark.parametrize("setting", ["maxmemory 1", "min-replicas-to-write 3"])
async def test_a_server_that_cannot_write_counts_as_down(own_server: EmbeddedServer, setting: str) -> None:
    with own_server:
        opened = await open_store(own_server.url)
        assert tell(own_server.url, f"CONFIG SET {setting}") == "+OK"
        with pytest.raises(StoreDown):
            await opened.set(KEY, "x")
        await opened.close()


async def test_a_password_that_is_missing_is_said_in_words(own_server: EmbeddedServer) -> None:
    with own_server:
        assert tell(own_server.url, "CONFIG SET requirepass secret") == "+OK"
        with pytest.raises(StoreDown, match="refuses the user name or password"):
            await open_store(own_server.url)
        await (await open_store(f"{own_server.url}?password=secret")).close()


@pytest.mark.parametrize(
    ("server", "words"),
    [
        ({"redis_version": "6.2.14", "redis_mode": "standalone"}, "is version 6.2.14; Usher needs 7.0 or later"),
        ({"redis_version": "7.2.4", "redis_mode": "cluster"}, "begin USHER_REDIS_URL with redis+cluster"),
        ({"redis_version": "7.2.4", "server_mode": "sentinel"}, "leads to a sentinel"),
        ({"redis_version": "7.0.0", "redis_mode": "standalone"}, ""),
    ],
)
def test_unfit_servers_are_refused_in_words(server: dict[str, str], words: str) -> None:
    said = connection.unfit_because(server)
    assert words in said
    assert bool(said) == bool(words)
