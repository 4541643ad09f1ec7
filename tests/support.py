"""What tests of every room share: waiting for something to become true, without sleeping blindly."""

import asyncio
import inspect
import os
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from store.connection import Store
from store.due import SCRIPTS

STEP_SECONDS = 0.005

on_one_server = pytest.mark.skipif(
    os.environ.get("USHER_TEST_ENGINE") == "cluster", reason="asks the one server, and here are three"
)


async def wait_until(
    predicate: Callable[[], Any | Awaitable[Any]],
    timeout: float,
    description: str | Callable[[], str],
    *,
    step: float = STEP_SECONDS,
) -> Any:
    """Wait until `predicate` (plain or asynchronous) is true, and return what it returned.

    After `timeout` seconds the test fails with "<description> did not happen within … s". `step`: seconds between two
    looks; longer ones suit looks that cost something, such as a request.
    """
    end = time.monotonic() + timeout
    while True:
        found = predicate()
        if inspect.isawaitable(found):
            found = await found
        if found:
            return found
        if time.monotonic() > end:
            sentence = description if isinstance(description, str) else description()
            raise AssertionError(f"{sentence} did not happen within {timeout} s (last: {found!r})")
        await asyncio.sleep(step)


async def unsettled(store: Store, root: str) -> list[str]:
    """The shard's subjects that are due, or that somebody works on."""
    return list(await store.run(SCRIPTS["due_list"], root))
