"""Several processes on one port: the parent opens no client; it spawns workers and replaces those that die."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path

import structlog

from store.waiting import is_set_within

log = structlog.get_logger(__name__)

# A worker that dies at once would otherwise be replaced in a tight loop.
RESTART_SECONDS = 1.0
# Longer than a worker takes to let go of what it holds; after it, it is killed.
STOP_SECONDS = 15.0


class Workers:
    """Keeps `count` workers running until `stop`. `command` starts one; `changes` are added to its environment."""

    def __init__(self, count: int, command: list[str], changes: Mapping[str, str]) -> None:
        self._count = count
        self._command = command
        self._environment = {**os.environ, **changes}
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        self._stopping.set()

    async def run(self) -> None:
        """Until `stop`; returns when the last worker has gone."""
        async with asyncio.TaskGroup() as group:
            for number in range(self._count):
                group.create_task(self._keep_one(number))

    async def _keep_one(self, number: int) -> None:
        while not self._stopping.is_set():
            process = await asyncio.create_subprocess_exec(*self._command, env=self._environment)
            log.info("worker_started", worker=number, pid=process.pid)
            ended = asyncio.create_task(process.wait())
            stopping = asyncio.create_task(self._stopping.wait())
            await asyncio.wait({ended, stopping}, return_when=asyncio.FIRST_COMPLETED)
            stopping.cancel()
            if not ended.done():
                process.send_signal(signal.SIGTERM)
                done, _ = await asyncio.wait({ended}, timeout=STOP_SECONDS)
                if not done:
                    log.warning("worker_killed", worker=number, pid=process.pid)
                    process.kill()
                    await ended
                return
            log.warning("worker_died", worker=number, code=process.returncode)
            await is_set_within(self._stopping, RESTART_SECONDS)


def worker_command(script: Path) -> list[str]:
    """How a worker of this program is started."""
    return [sys.executable, str(script), "--worker"]
