"""The one connection that all calls share: order, ends, and a server that is silent."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from store.connection import Store, StoreDown, open_store
from store.embedded import EmbeddedServer, start_embedded
from store.errors import StoreUnsent
from store.keys import ALL
from store.wire import Pool
from tests.support import wait_until

KEY = f"{ALL}test-line"


@pytest.fixture
async def own_server(tmp_path: Path) -> AsyncIterator[EmbeddedServer]:
    server = await asyncio.to_thread(start_embedded, tmp_path / "own")
    yield server
    await asyncio.to_thread(server.release)


def send(server: EmbeddedServer, number: signal.Signals) -> None:
    assert server.pid is not None
    os.kill(server.pid, number)


async def connections(store: Store) -> int:
    (report,) = await store.servers("clients")
    return int(report["connected_clients"])


async def test_a_thousand_calls_at_once_share_one_connection_and_each_has_its_own_answer(
    own_server: EmbeddedServer,
) -> None:
    store = await open_store(own_server.url)
    texts = [f"{number:04} {'x' * (number * 37 % 3000)}" for number in range(1000)]
    await asyncio.gather(*(store.set(f"{KEY}:{number}", text) for number, text in enumerate(texts)))
    assert await asyncio.gather(*(store.get(f"{KEY}:{number}") for number in range(1000))) == texts
    assert await connections(store) == 1
    await store.close()


async def test_to_send_nothing_is_answered_by_nothing_and_holds_up_nobody(own_server: EmbeddedServer) -> None:
    pool = Pool(own_server.url, answer_seconds=1)
    assert await asyncio.gather(pool.talk([]), pool.talk([["PING"]]), pool.talk([])) == [[], ["PONG"], []]
    await pool.close()


async def test_what_one_caller_sends_is_carried_out_in_his_order(own_server: EmbeddedServer) -> None:
    store = await open_store(own_server.url)
    await asyncio.gather(*(store.set(KEY, str(number)) for number in range(500)))
    assert await store.get(KEY) == "499"
    await store.close()


async def test_an_error_of_one_call_is_nobody_elses(own_server: EmbeddedServer) -> None:
    store = await open_store(own_server.url)
    await store.set(KEY, "text")
    answers = await asyncio.gather(
        store.get(KEY), store.hgetall(KEY), store.get(KEY), return_exceptions=True
    )  # a text is no hash
    assert [answers[0], answers[2]] == ["text", "text"]
    assert isinstance(answers[1], Exception)
    await store.close()


async def test_callers_who_come_while_it_is_down_wait_for_one_attempt(tmp_path: Path) -> None:
    pool = Pool(f"unix://{tmp_path / 'nobody.sock'}", patience=0.3)
    began = time.monotonic()
    answers = await asyncio.gather(*(pool.talk([["PING"]]) for _ in range(50)), return_exceptions=True)
    assert all(isinstance(answer, StoreUnsent) for answer in answers)
    assert time.monotonic() - began < 5  # one attempt after the other would take fifteen seconds
    await pool.close()


async def test_a_silent_server_counts_as_down_and_answers_again_later(own_server: EmbeddedServer) -> None:
    pool = Pool(own_server.url, answer_seconds=0.4)
    assert await pool.talk([["PING"]]) == ["PONG"]
    send(own_server, signal.SIGSTOP)
    try:
        answers = await asyncio.gather(*(pool.talk([["PING"]]) for _ in range(20)), return_exceptions=True)
        assert all(isinstance(answer, StoreDown) and not isinstance(answer, StoreUnsent) for answer in answers)
    finally:
        send(own_server, signal.SIGCONT)
    assert await pool.talk([["PING"]]) == ["PONG"]
    await pool.close()


async def test_of_calls_under_way_when_the_server_dies_nobody_knows(own_server: EmbeddedServer) -> None:
    pool = Pool(own_server.url)
    assert await pool.talk([["PING"]]) == ["PONG"]
    send(own_server, signal.SIGSTOP)
    calls = [asyncio.create_task(pool.talk([["PING"]])) for _ in range(20)]
    await asyncio.sleep(0)  # they are under way
    send(own_server, signal.SIGKILL)
    answers = await asyncio.gather(*calls, return_exceptions=True)
    assert all(isinstance(answer, StoreDown) for answer in answers)
    await pool.close()


async def test_whoever_closes_lets_the_others_have_their_answers(own_server: EmbeddedServer) -> None:
    pool = Pool(own_server.url)
    assert await pool.talk([["PING"]]) == ["PONG"]
    calls = [asyncio.create_task(pool.talk([["ECHO", str(number)]])) for number in range(100)]
    await asyncio.sleep(0)
    await pool.close()
    assert await asyncio.gather(*calls) == [[str(number)] for number in range(100)]
    with pytest.raises(StoreUnsent):
        await pool.talk([["PING"]])


async def test_a_call_that_is_given_up_leaves_its_answer_to_nobody(own_server: EmbeddedServer) -> None:
    pool = Pool(own_server.url)
    assert await pool.talk([["PING"]]) == ["PONG"]
    given_up = asyncio.create_task(pool.talk([["ECHO", "for nobody"]]))
    await asyncio.sleep(0)
    given_up.cancel()
    assert await pool.talk([["ECHO", "mine"]]) == ["mine"]
    await wait_until(given_up.done, 2, "the call being given up")
    await pool.close()


async def test_a_connection_of_its_own_is_not_held_up(own_server: EmbeddedServer) -> None:
    """WAIT with no replica waits for its time: nobody else does."""
    pool = Pool(own_server.url)
    slow = asyncio.create_task(pool.talk_alone([["SET", KEY, "1"], ["WAIT", 1, 1500]]))
    assert await pool.talk([["PING"]]) == ["PONG"]
    assert not slow.done()
    assert await slow == ["OK", 0]
    await pool.close()
