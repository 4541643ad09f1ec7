"""The distance between two calls on one chat."""

import asyncio
import time

from graph.pace import Pace


async def test_calls_on_one_chat_keep_their_distance_and_others_do_not_wait() -> None:
    async with asyncio.timeout(10):
        slow = Pace(60)
        await asyncio.gather(slow.turn("one"), slow.turn("two"))
    pace = Pace(0.3)
    began = time.monotonic()
    await asyncio.gather(*(pace.turn("one") for _ in range(3)))
    assert time.monotonic() - began >= 0.59
