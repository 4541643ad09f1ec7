"""Waiting for a while, in loops that are ended by cancelling them."""

import asyncio


async def is_set_within(event: asyncio.Event, seconds: float | None) -> bool:
    """Wait until `event` is set, but not longer than so many seconds (None: for ever); return whether it is.

    Not `asyncio.wait_for`: before Python 3.12 that swallows a cancellation which comes while the event is being set
    (python/cpython#86296), and the loop around it goes on for ever, and with it whoever waits for its end.
    """
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return False
    return True
