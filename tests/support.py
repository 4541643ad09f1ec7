"""What tests of every room share: waiting for something to become true, without sleeping blindly."""

import asyncio
import inspect
import os
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, cast

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


def with_halves(body: Any, half: str = "a\ud800") -> Iterator[Any]:
    """`body` once for each text and number in it, and for each object: there with half a character, or with a name that holds one."""
    if isinstance(body, dict):
        fields = cast("dict[str, Any]", body)
        yield {**fields, half: half}
        for name, value in fields.items():
            yield from ({**fields, name: odd} for odd in with_halves(value, half))
    elif isinstance(body, list):
        entries = cast("list[Any]", body)
        yield [half]
        for at, value in enumerate(entries):
            yield from ([*entries[:at], odd, *entries[at + 1 :]] for odd in with_halves(value, half))
    else:
        yield half
