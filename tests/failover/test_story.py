"""The whole product behind sentinels: the master dies with the last words of a talk, and both go on talking."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest_asyncio

from distribution.tasks import TaskState
from store.keys import root
from tests.failover.servers import Watched
from tests.story.people import SECONDS, Visitor
from tests.story.stage import TENANT, Stage
from tests.support import wait_until


@pytest_asyncio.fixture(loop_scope="session")
async def stage_behind(pair: Watched, tmp_path: Path) -> AsyncIterator[Stage]:
    stage = Stage(tmp_path, redis_url=pair.url)
    await stage.start()
    yield stage
    await stage.stop()


async def stay(visitor: Visitor) -> None:
    """An open page connects again and again; this one remembers nothing, so that it is told everything."""
    while True:
        if visitor.socket is None or visitor.socket.closed:
            visitor.seen = 0
            visitor.messages.clear()
            with contextlib.suppress(aiohttp.ClientError, ConnectionError, OSError, AssertionError, TimeoutError):
                async with asyncio.timeout(3):
                    await visitor.connect()
        await asyncio.sleep(0.1)  # a widget's pause between two attempts to connect


async def test_the_last_words_of_a_talk_are_lost_and_come_back(pair: Watched, stage_behind: Stage) -> None:
    stage = stage_behind
    company = await stage.company("Anna")
    [anna] = company.agents
    visitor = await stage.visitor(company.widget, "Vera")
    await visitor.say("before")
    await anna.click(await anna.sees("Vera", "Accept"), "accept")
    room = await anna.room(topic="Vera")
    await visitor.is_("connected")
    await anna.write(room, "good morning")
    await visitor.hears("good morning")
    note = f"{root(TENANT)}room:{TENANT}:{visitor.task}"

    async def furnished() -> bool:
        return not await stage.store.exists(note)

    await wait_until(furnished, SECONDS, "the room to be read, and its note forgotten")
    pair.copied()

    pair.cut()
    key = await visitor.send("acknowledged")
    await wait_until(lambda: key in visitor.acknowledged, SECONDS, "an acknowledgement")
    await anna.reads(room, "acknowledged")
    await anna.write(room, "answered")
    await visitor.hears("answered")
    pair.master_dies()
    await wait_until(pair.failed_over, 10, "the failover")

    # Everybody who is connected is asked to come back, and is told where the chat stands: before those words.
    staying = asyncio.create_task(stay(visitor))
    visitor.acknowledged.clear()

    async def is_offered_again() -> bool:  # as the widget does with what it knows to be said
        with contextlib.suppress(ConnectionError, aiohttp.ClientError, AssertionError):
            await visitor.send("acknowledged", key)
        return key in visitor.acknowledged

    await wait_until(is_offered_again, SECONDS, "the acknowledgement, again", step=0.5)
    # What the agent wrote is read in the room, where it still stands.
    await visitor.hears("answered")
    await anna.reads(room, "acknowledged")

    await anna.write(room, "still here")
    await visitor.hears("still here")
    assert visitor.heard().count("answered") == 1
    task = await stage.distributor.task(TENANT, visitor.task)
    assert task is not None
    assert task.state is TaskState.ACTIVE
    assert len(await anna.chats("group")) == 1, "no second room"
    staying.cancel()
