"""A wait with an end: what it says, and that nothing swallows a cancellation."""

import asyncio

import pytest

from store.waiting import is_set_within


async def test_it_says_whether_the_event_came() -> None:
    event = asyncio.Event()
    assert not await is_set_within(event, 0.01)
    asyncio.get_running_loop().call_soon(event.set)
    assert await is_set_within(event, 60)
    event.clear()
    asyncio.get_running_loop().call_soon(event.set)
    assert await is_set_within(event, None)


@pytest.mark.parametrize("turns", range(6))
async def test_a_loop_that_is_cancelled_while_the_event_is_set_ends(turns: int) -> None:
    """`turns`: how many turns of the event loop lie between the two."""
    event = asyncio.Event()

    async def go_on_for_ever() -> None:
        while True:
            event.clear()
            await is_set_within(event, 60)

    running = asyncio.create_task(go_on_for_ever())
    await asyncio.sleep(0)
    event.set()
    for _ in range(turns):
        await asyncio.sleep(0)
    running.cancel()
    await asyncio.wait([running], timeout=1)
    ended = running.cancelled()
    running.cancel()
    assert ended
