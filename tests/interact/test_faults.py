"""The errors that a visitor gets for faults of their frames, of the store, and of this process."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import jwt
import pytest

from interact.limits import Limits
from store.connection import Store, open_store
from store.embedded import EmbeddedServer, start_embedded
from tests.interact.door import VISITOR_KEY, Door, open_door
from tests.interact.visitor import SITE, Line
from tests.support import wait_until

FLOOD_SECONDS = 1.5

# --- bad frames ---------------------------------------------------------------------------------------------------


async def test_a_bad_frame_is_answered_and_the_line_stays(door: Door) -> None:
    visitor = await door.visitor().begin()
    line = await visitor.enter()
    await line.send("{")
    await line.expect("error", code="bad_json")
    await line.ws.send_bytes(b"\x00")
    await line.expect("error", code="bad_json")
    await line.send({"type": "say", "id": "message-1", "text": "  "})
    error = await line.expect("error", id="message-1")
    assert (error["field"], error["message"]) == ("text", "A message needs some text.")
    await line.send({"type": "hello", "token": visitor.token, "after": 0})
    await line.expect("error", code="bad_frame")
    await line.said("Hello")


async def test_a_frame_that_is_too_large_is_refused_in_words(door: Door) -> None:
    line = await (await door.visitor().begin()).enter()
    await line.send({"type": "say", "id": "message-1", "text": "x" * 140_000})
    await line.expect("error", code="too_large")
    assert await line.ended() == 1009


async def test_the_longest_text_fits_whatever_it_is_made_of(door: Door) -> None:
    visitor = await door.visitor().begin()
    line = await visitor.enter()
    await line.said("👍" * 8_000)  # the client escapes each as two \\uXXXX
    assert (await door.transcript(visitor))[0] == "visitor: " + "👍" * 8_000
    await line.say("x" * 8_001, "message-2")
    error = await line.expect("error", id="message-2")
    assert (error["code"], error["field"]) == ("too_long", "text")


async def test_a_first_frame_that_is_no_hello_ends_the_line(door: Door) -> None:
    line = await (await door.visitor().begin()).line()
    await line.send({"type": "say", "id": "message-1", "text": "Hello"})
    await line.expect("error", code="no_hello")
    assert await line.ended() == 1008


async def test_a_line_without_a_hello_is_not_kept(store: Store, tenant: str) -> None:
    async with open_door(store, tenant, limits=Limits(hello_seconds=0.05)) as door:
        line = await (await door.visitor().begin()).line()
        await line.expect("error", code="no_hello")
        assert await line.ended() == 1008


async def test_a_first_frame_is_small(door: Door) -> None:
    """Nobody is known yet: what a stranger sends is not even parsed."""
    line = await (await door.visitor().begin()).line()
    await line.send({"type": "hello", "token": "x" * 4_100, "after": 0})
    await line.expect("error", code="too_large")
    assert await line.ended() == 1009


async def test_a_line_ends_with_its_token(store: Store, tenant: str) -> None:
    async with open_door(store, tenant, limits=Limits(beat_seconds=0.05)) as door:
        visitor = await door.visitor().begin()
        claims = {"aud": "usher:visitor", "t": tenant, "c": visitor.conversation, "exp": int(time.time()) + 2}
        visitor.token = jwt.encode(claims, VISITOR_KEY, algorithm="HS256")
        line = await visitor.enter()
        await line.said("Hello")
        await line.expect("error", code="no_session")
        assert await line.ended() == 1008


# --- strangers who send without end -----------------------------------------------------------------------------------


async def test_repeated_bad_frames_close_the_line(store: Store, tenant: str) -> None:
    async with open_door(store, tenant, limits=Limits(bad_frames_burst=3, bad_frames_rate=0.01)) as door:
        visitor = await door.visitor().begin()
        line = await visitor.enter()
        for _ in range(4):
            await line.send("{")
        await line.expect("error", code="too_many_bad_frames")
        assert await line.ended() == 1008
        again = await visitor.enter()
        await again.said("Hello")
        await again.send("{")
        await again.expect("error", code="too_many_bad_frames")
        assert await again.ended() == 1008, "the chat is counted, not the line"


@pytest.mark.parametrize("frame", ["{", '{"type":"pong"}', '{"type":"typing"}', "ping", "pong"])
async def test_who_sends_without_end_holds_up_nobody(store: Store, tenant: str, frame: str) -> None:
    """Once, a line that sent `{` for six seconds held the process for ten: nobody was answered until it had ended."""
    async with open_door(store, tenant, limits=Limits()) as door:
        visitor = await door.visitor().begin()
        where = urlsplit(door.base)
        arguments = [str(where.hostname), str(where.port), visitor.token, SITE, "8", str(FLOOD_SECONDS), frame]
        flood = await asyncio.create_subprocess_exec(
            sys.executable, "bench/flood.py", *arguments, stdout=asyncio.subprocess.PIPE
        )
        await wait_until(lambda: len(door.sockets) > 0, 10, "the flood")
        answers, began = 0, time.monotonic()
        ended = asyncio.create_task(flood.wait())
        while not ended.done():
            async with door.http.get(f"{door.base}/interact/v1/widgets/{door.widgets['orders']}") as response:
                assert response.status == 200
            answers += 1
        assert await ended == 0
        # It ends before its time only when all of its sockets were closed: then there was little to answer beside it.
        is_cut = time.monotonic() - began < FLOOD_SECONDS
        assert answers > 5 or is_cut, "others are answered while the flood goes on"


# --- limits -------------------------------------------------------------------------------------------------------


async def test_rate_limits_hit_real_visitors_with_no_visible_error__chatwoot_8078_4740(
    store: Store, tenant: str
) -> None:
    limits = Limits(messages_burst=3, messages_rate=0.5, beat_seconds=0.25)
    async with open_door(store, tenant, limits=limits) as door:
        visitor = await door.visitor().begin()
        left, right = await visitor.enter(), await visitor.enter()
        for n in range(3):
            await left.said(f"{n}")
        await right.say("one too many", "message-3")
        error = await right.expect("error", id="message-3")
        assert error["code"] == "too_fast"
        assert 0 < error["after_seconds"] <= 2.1
        assert error["message"]

        async def through() -> bool:
            await right.say("one too many", "message-3")
            return (await right.expect_any("ack", "error"))["type"] == "ack"

        await wait_until(through, 5, "the message that waited")
        stored = [one for one in await door.transcript(visitor) if one.startswith("visitor")]
        assert stored == ["visitor: 0", "visitor: 1", "visitor: 2", "visitor: one too many"]


async def test_a_hidden_tab_gives_way_to_one_too_many__else_the_oldest(store: Store, tenant: str) -> None:
    async with open_door(store, tenant, limits=Limits(sockets=3)) as door:
        visitor = await door.visitor().begin()
        first, second, third = [await visitor.enter() for _ in range(3)]
        await second.send({"type": "visibility", "hidden": True})
        await second.said("seen")  # by now it is known
        fourth = await visitor.enter()
        assert (await second.expect("park"), await second.ended()) == ({"type": "park"}, 1013)
        fifth = await visitor.enter()
        await first.expect("park")
        await first.ended()
        await wait_until(lambda: len(door.sockets) == 3, 5, "three tabs")
        for tab in (third, fourth, fifth):
            await tab.said("still here")
        assert (await door.task(visitor)).visitor_here


async def test_a_hidden_tab_does_not_take_the_place_of_one_that_is_seen(store: Store, tenant: str) -> None:
    async with open_door(store, tenant, limits=Limits(sockets=2)) as door:
        visitor = await door.visitor().begin()
        seen = [await visitor.enter() for _ in range(2)]
        hidden = await visitor.line()
        await hidden.send({"type": "hello", "token": visitor.token, "after": 0, "hidden": True})
        await hidden.expect("park")
        assert await hidden.ended() == 1013
        for tab in seen:
            await tab.said("still here")


async def test_a_dead_line_is_cut_and_the_visitor_counts_as_away(store: Store, tenant: str) -> None:
    async with open_door(store, tenant, limits=Limits(beat_seconds=0.05, silence_beats=4)) as door:
        visitor = await door.visitor().begin()
        quiet = await visitor.enter()
        await quiet.said("Hello")
        await quiet.expect("beat")
        assert len(door.sockets) == 1
        quiet.answers_beats = False
        await quiet.ended()
        await wait_until(lambda: len(door.sockets) == 0, 5, "the end of the silent line")

        async def away() -> bool:
            return not (await door.task(visitor)).visitor_here

        await wait_until(away, 5, "the visitor's absence")


async def test_a_line_that_answers_beats_stays(store: Store, tenant: str) -> None:
    async with open_door(store, tenant, limits=Limits(beat_seconds=0.05, silence_beats=4)) as door:
        line = await (await door.visitor().begin()).enter()
        for _ in range(12):
            await line.expect("beat")
        assert not line.closed


# --- stopping -----------------------------------------------------------------------------------------------------


async def served_one(lines: Iterable[Line]) -> bool:
    """Whether one of these still takes a message; each may be asked to move at any moment."""
    for line in lines:
        with suppress(AssertionError):
            await line.said("served to the end")
            return True
    return False


async def test_a_stopping_process_asks_one_visitor_after_the_other_and_serves_the_rest(door: Door) -> None:
    visitors = [await door.visitor().begin() for _ in range(20)]
    lines = [await visitor.enter() for visitor in visitors]
    await lines[0].said("Hello")
    stopping = asyncio.create_task(door.sockets.close_all("stopping"))
    await wait_until(lambda: any("retry" in str(line.seen) for line in lines), 5, "the first visitor's move")
    assert await served_one(line for line in lines if not line.closed and "retry" not in str(line.seen))
    for line in lines:
        assert await line.ended() == 1013
        assert [frame["after_seconds"] for frame in line.seen if frame["type"] == "retry"] == [0]
    await stopping
    await wait_until(lambda: len(door.sockets) == 0, 5, "the end of all lines")
    assert (await door.task(visitors[0])).visitor_here, "who was asked to move has not left"
    async with door.http.get(f"{door.base}/interact/v1/socket", headers=visitors[0].headers) as response:
        assert (response.status, response.headers["Retry-After"]) == (503, "1")


async def test_who_is_asked_to_move_is_served_until_they_have_another_line(door: Door) -> None:
    visitor = await door.visitor().begin()
    line = await visitor.enter()
    stopping = asyncio.create_task(door.sockets.close_all("stopping"))
    await line.expect("retry")
    await line.said("Hello")
    await line.close()
    await stopping
    assert len(door.sockets) == 0
    assert (await door.task(visitor)).visitor_here, "who was asked to move has not left"


async def test_a_process_with_too_many_lines_asks_the_next_ones_to_come_later(store: Store, tenant: str) -> None:
    async with open_door(store, tenant, limits=Limits(all_sockets=1)) as door:
        visitor = await door.visitor().begin()
        line = await visitor.enter()
        late = await visitor.line()
        await late.send({"type": "hello", "token": visitor.token, "after": 0})
        assert (await late.expect("retry"))["after_seconds"] >= 5
        assert await late.ended() == 1013
        await line.said("served")


# --- the store is down ----------------------------------------------------------------------------------------------


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[EmbeddedServer]:
    """A server that a test may kill."""
    with start_embedded(tmp_path) as server:
        yield server


@pytest.fixture
async def own_store(own_server: EmbeddedServer) -> AsyncIterator[Store]:
    opened = await open_store(own_server.url)
    yield opened
    await opened.close()


def send_signal(server: EmbeddedServer, number: signal.Signals) -> int:
    pid = server.pid
    assert pid is not None, "the server runs"
    os.kill(pid, number)
    return pid


async def test_a_server_killed_mid_say_acknowledges_nothing_and_a_resend_is_stored_once(
    own_server: EmbeddedServer, own_store: Store, tenant: str
) -> None:
    async with open_door(own_store, tenant) as door:
        visitor = await door.visitor().begin()
        line = await visitor.enter()
        await line.said("before")
        killed = send_signal(own_server, signal.SIGSTOP)
        await line.say("meanwhile", "message-2")
        await asyncio.wait([asyncio.ensure_future(line.ended())], timeout=0.3)  # the frame is on its way to nowhere
        assert not [frame for frame in line.seen if frame.get("id") == "message-2"]
        os.kill(killed, signal.SIGKILL)
        retry = await line.expect("retry")
        assert retry["after_seconds"] > 0
        assert await line.ended() == 1013
        assert not [frame for frame in line.seen if frame["type"] == "ack" and frame["id"] == "message-2"]

        async def restarted() -> bool:
            return own_server.pid not in {None, killed}

        await wait_until(restarted, 20, "the server's restart")
        again = await wait_until(lambda: visitor.try_to_enter(after=1), 20, "a welcome")
        await again.said("meanwhile", "message-2")
        await again.said("meanwhile", "message-2")
        stored = [one for one in await door.transcript(visitor) if one.startswith("visitor")]
        assert stored == ["visitor: before", "visitor: meanwhile"]


async def test_a_store_that_is_down_is_told_to_everybody_and_nothing_is_acknowledged(
    own_server: EmbeddedServer, own_store: Store, tenant: str
) -> None:
    async with open_door(own_store, tenant) as door:
        talking, idle = await door.visitor().begin(), await door.visitor().begin()
        line, quiet = await talking.enter(), await idle.enter()
        await line.said("Hello")
        own_server.release()  # the last holder stops the server
        await line.say("are you there?", "message-2")
        await line.expect("retry")
        await quiet.expect("retry")
        assert (await line.ended(), await quiet.ended()) == (1013, 1013)
        assert not [frame for frame in line.seen if frame["type"] == "ack" and frame["id"] == "message-2"]
        late = await talking.line()
        await late.send({"type": "hello", "token": talking.token, "after": 0})
        await late.expect("retry")
        assert await late.ended() == 1013
        status, body = await door.visitor("orders").post({"widget": door.widgets["orders"], "name": "Mia"})
        assert (status, body["error"]["code"]) == (503, "store_down")
