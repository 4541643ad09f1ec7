"""What blocks the event loop is named in the log, seldom enough, and counted."""

import asyncio
import time
from collections.abc import MutableMapping
from typing import Any

from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from operations.lag import LagWatch
from tests.support import wait_until


def busy_with_something(seconds: float) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        pass


def measured(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


async def test_what_blocks_the_loop_is_named_once_and_counted_each_time() -> None:
    watch = LagWatch()
    before = measured("usher_loop_blocked_total")
    slow = measured("usher_loop_lag_seconds_count") - measured("usher_loop_lag_seconds_bucket", le="0.25")
    with capture_logs() as said:
        running = asyncio.create_task(watch.run())
        await asyncio.sleep(0)
        for number in range(1, 3):
            busy_with_something(0.5)
            await wait_until(lambda n=number: measured("usher_loop_blocked_total") >= before + n, 5, "the late beat")
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    lines = [line for line in said if line["event"] == "loop_blocked"]
    _is_named(lines)
    late = measured("usher_loop_lag_seconds_count") - measured("usher_loop_lag_seconds_bucket", le="0.25")
    assert late >= slow + 2


def _is_named(lines: list[MutableMapping[str, Any]]) -> None:
    assert len(lines) == 1
    assert 0.3 < lines[0]["seconds"] < 60
    assert "busy_with_something" in lines[0]["stack"]
    assert "tests/operations/test_lag.py" in lines[0]["stack"]


async def test_a_loop_that_is_free_says_nothing() -> None:
    watch = LagWatch()
    beats = measured("usher_loop_lag_seconds_count")
    with capture_logs() as said:
        running = asyncio.create_task(watch.run())
        await wait_until(lambda: measured("usher_loop_lag_seconds_count") > beats + 2, 5, "three beats")
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert [line for line in said if line["event"] == "loop_blocked" and "test_lag" in line["stack"]] == []
