"""Waits with a limit, for loops that end by cancellation."""

import asyncio


async def is_set_within(event: asyncio.Event, seconds: float | None) -> bool:
    """Wait until `event` is set, at most this many seconds (None: no limit); return whether it is set.

    Not `asyncio.wait_for`: before Python 3.12 it loses a cancellation that arrives while the event is being set
    (python/cpython#86296), so that the surrounding loop never ends, and its waiters wait for good.
    """
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return False
    return True
