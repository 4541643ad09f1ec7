"""Change signals: every listener is called; after a lost connection each one looks again."""

import asyncio
import os
import signal
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from store import doorbells as doorbells_module
from store import keys
from store.connection import Store, open_store
from store.doorbells import Bell, Doorbells
from store.embedded import start_embedded
from tests.store.raw import tell
from tests.support import on_one_server, wait_until

Ring = Callable[[str], Awaitable[None]]
ROOT = keys.shard_root(3)


@asynccontextmanager
async def hearing(store: Store) -> AsyncGenerator[Doorbells]:
    doorbells = Doorbells(store)
    running = asyncio.create_task(doorbells.run())
    try:
        yield doorbells
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


@pytest.fixture
async def bells(store: Store) -> AsyncIterator[Doorbells]:
    async with hearing(store) as doorbells:
        looked: list[Bell] = []
        doorbells.listen("any", looked.append)
        await wait_until(lambda: looked, 5, "the first look")
        yield doorbells


@pytest.fixture
def ring(store: Store) -> Ring:
    async def publish(text: str) -> None:
        await store.publish(f"{ROOT}bell", text)

    return publish


async def test_a_bell_is_heard_by_kind_and_by_id(bells: Doorbells, ring: Ring) -> None:
    every: list[Bell] = []
    one: list[Bell] = []
    bells.listen("conv", every.append)
    bells.listen_to("conv", "t", "c2", one.append)
    await ring("conv t c1 7")
    await ring("conv t c2 8")
    await wait_until(lambda: len(every) == 2 and one, 5, "both bells")
    assert every == [Bell("conv", "t", "c1", 7, "7", ROOT), Bell("conv", "t", "c2", 8, "8", ROOT)]
    assert one == [Bell("conv", "t", "c2", 8, "8", ROOT)]


async def test_the_fourth_word_may_be_a_word(bells: Doorbells, ring: Ring) -> None:
    heard: list[Bell] = []
    bells.listen("typing", heard.append)
    await ring("typing t c1 visitor")
    await wait_until(lambda: heard, 5, "the bell")
    assert (heard[0].word, heard[0].number) == ("visitor", 0)


async def test_a_message_may_carry_several_bells_and_one_that_is_no_bell_takes_none_along(
    bells: Doorbells, ring: Ring
) -> None:
    heard: list[Bell] = []
    for kind in ("conv", "task"):
        bells.listen(kind, heard.append)
    await ring("task t c1 7\nnonsense\nconv t c1 0")
    await wait_until(lambda: len(heard) == 2, 5, "both bells")
    assert [(bell.kind, bell.number, bell.root) for bell in heard] == [("task", 7, ROOT), ("conv", 0, ROOT)]


async def test_who_stopped_listening_is_not_called(bells: Doorbells, ring: Ring) -> None:
    first: list[Bell] = []
    second: list[Bell] = []
    stop = bells.listen_to("conv", "t", "c1", first.append)
    bells.listen_to("conv", "t", "c1", second.append)
    stop()
    stop()
    await ring("conv t c1 1")
    await wait_until(lambda: second, 5, "the bell")
    assert not first


async def test_a_listener_may_stop_listening_while_it_is_called(bells: Doorbells, ring: Ring) -> None:
    heard: list[Bell] = []
    stops: list[Callable[[], None]] = []

    def once(bell: Bell) -> None:
        heard.append(bell)
        stops[0]()

    stops.append(bells.listen("conv", once))
    after: list[Bell] = []
    bells.listen("conv", after.append)
    await ring("conv t c1 1")
    await ring("conv t c1 2")
    await wait_until(lambda: len(after) == 2, 5, "both bells")
    assert [bell.number for bell in heard] == [1]


async def test_a_listener_that_fails_does_not_make_the_others_deaf(bells: Doorbells, ring: Ring) -> None:
    heard: list[Bell] = []

    def fail(_bell: Bell) -> None:
        raise RuntimeError("oh")

    bells.listen("conv", fail)
    bells.listen("conv", heard.append)
    await ring("conv t c1 1")
    await ring("not a bell")
    await ring("conv t c1 2")
    await wait_until(lambda: len(heard) == 2, 5, "both bells")


@on_one_server
async def test_everyone_looks_once_bells_are_heard_again(store: Store, valkey_url: str, ring: Ring) -> None:
    async with hearing(store) as bells:
        every: list[Bell] = []
        ones: list[Bell] = []
        bells.listen("conv", every.append)
        for number in range(250):
            bells.listen_to("conv", "t", f"c{number}", ones.append)
        await wait_until(lambda: len(ones) == 250, 5, "a first look")
        ones.clear()
        assert tell(valkey_url, "CLIENT KILL TYPE pubsub").startswith(":")
        await wait_until(lambda: len(ones) == 250, 5, "a look after the reconnect")
        assert {bell.number for bell in [*every, *ones]} == {-1}
        assert {bell.id for bell in ones} == {f"c{number}" for number in range(250)}
        await ring("conv t c7 9")
        await wait_until(lambda: ones[-1].number == 9, 5, "a bell on the new connection")


async def test_a_server_that_was_killed_and_restarted_is_heard_again(
    tmp_path: Path, engine_binary: Path | None
) -> None:
    with start_embedded(tmp_path, binary=engine_binary) as server:
        opened = await open_store(server.url)
        async with hearing(opened) as bells:
            await bells.connected()
            heard: list[Bell] = []
            bells.listen("conv", heard.append)
            await wait_until(lambda: heard, 5, "the first look")
            heard.clear()
            pid = server.pid
            assert pid is not None
            os.kill(pid, signal.SIGKILL)
            await wait_until(lambda: heard and heard[-1].number == -1, 10, "a look after the restart")
            await opened.publish(f"{ROOT}bell", "conv t c1 1")
            await wait_until(lambda: heard[-1].number == 1, 5, "a bell of the new server")
        await opened.close()


async def test_a_server_that_falls_silent_is_given_up(
    tmp_path: Path, engine_binary: Path | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doorbells_module, "SILENCE_SECONDS", 0.6)
    with start_embedded(tmp_path, binary=engine_binary) as server:
        opened = await open_store(server.url)
        async with hearing(opened) as bells:
            looks: list[Bell] = []
            bells.listen("conv", looks.append)
            await wait_until(lambda: looks, 5, "the first look")
            looks.clear()
            assert server.pid is not None
            os.kill(server.pid, signal.SIGSTOP)
            try:
                await wait_until(lambda: not bells.hears, 10, "giving up")
            finally:
                os.kill(server.pid, signal.SIGCONT)
            await wait_until(lambda: bells.hears and looks, 10, "hearing again")
        await opened.close()


async def test_a_quiet_server_is_not_given_up(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doorbells_module, "SILENCE_SECONDS", 0.3)
    async with hearing(store) as bells:
        looks: list[Bell] = []
        bells.listen("conv", looks.append)
        await wait_until(lambda: looks, 5, "the first look")
        looks.clear()
        pause = asyncio.get_running_loop().time() + 1
        await wait_until(lambda: asyncio.get_running_loop().time() > pause, 5, "a second of quiet")
        assert bells.hears
        assert not looks
