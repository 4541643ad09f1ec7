"""A rolling restart: one of two replicas stops, gracefully or not, while visitors go on writing to both."""

from __future__ import annotations

import asyncio
import json
import signal
import time
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import aiohttp
import pytest
import pytest_asyncio

from tests.story.stage import Stage, free_port

VISITORS = 20
EXIT_SECONDS = 10.0


@dataclass
class Talker:
    """A widget behind a balancer: its next connection goes to the other replica. Writes ten times a second."""

    stage: Stage
    token: str
    places: list[str]
    waits: list[float] = field(default_factory=list[float])  # seconds from a message to its acknowledgement
    offline: float = 0.0
    done: bool = False

    async def talk(self) -> None:
        """Always with a line, as the widget is: when one is asked to move, the next is dialled beside it."""
        line: aiohttp.ClientWebSocketResponse | None = None
        while not self.done:
            left = time.monotonic()
            try:
                line = line or await self._dialled()
                self.offline = max(self.offline, time.monotonic() - left)
                line = await self._write(line)
            except (aiohttp.ClientError, ConnectionError, TimeoutError):
                line = None
                self.places.reverse()
        if line is not None:
            await line.close()

    async def _dialled(self) -> aiohttp.ClientWebSocketResponse:
        line = await self.stage.http.ws_connect(f"{self.places[0]}/interact/v1/socket")
        await line.send_json({"type": "hello", "token": self.token, "after": 0})
        await self._until(line, "welcome")
        return line

    async def _write(self, line: aiohttp.ClientWebSocketResponse) -> aiohttp.ClientWebSocketResponse | None:
        """Until the line breaks (None), or is asked to move: then the next one."""
        moving: asyncio.Task[aiohttp.ClientWebSocketResponse] | None = None
        while not self.done:
            key, began = str(uuid.uuid4()), time.monotonic()
            await line.send_json({"type": "say", "id": key, "text": "still here"})
            if not await self._until(line, "ack") and moving is None:
                self.places.reverse()
                moving = asyncio.create_task(self._dialled())
                await self._until(line, "ack")
            self.waits.append(time.monotonic() - began)
            await asyncio.sleep(0.4)  # the pace of the visitor, not a wait for a result
            if moving is not None and moving.done():
                await line.close()
                return moving.result()
        return line

    async def _until(self, line: aiohttp.ClientWebSocketResponse, kind: str) -> bool:
        """False when it was asked to move before."""
        async for message in line:
            frame = json.loads(message.data)
            if frame["type"] == "beat":
                await line.send_json({"type": "pong"})
            if frame["type"] == kind:
                return True
            if frame["type"] == "retry":
                return False
        raise ConnectionError


@pytest_asyncio.fixture(loop_scope="session")
async def pair(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    stage = Stage(tmp_path_factory.mktemp("rolling"))
    await stage.start()
    yield stage
    await stage.stop()


async def offline_at(stage: Stage, number: signal.Signals) -> tuple[float, float, float]:
    """Stop the second replica with this signal: the longest offline time, the slowest acknowledgement, the time to exit."""
    port = free_port()
    second = f"http://127.0.0.1:{port}"
    process = stage.start_app(port)
    await stage.ready(second)
    company = await stage.company("Anna")
    talkers: list[Talker] = []
    for _ in range(VISITORS):
        async with stage.http.post(
            f"{stage.app}/interact/v1/sessions", json={"widget": company.widget, "name": "Mia"}
        ) as answer:
            made = await answer.json()
            assert answer.status == 201, made
        talkers.append(Talker(stage, made["token"], [second, stage.app]))
    talking = [asyncio.create_task(talker.talk()) for talker in talkers]
    await asyncio.sleep(2)
    for talker in talkers:
        assert talker.waits, "everybody talks before the stop"
        talker.waits.clear()
        talker.offline = 0.0
    began = time.monotonic()
    process.send_signal(number)
    await asyncio.to_thread(process.wait, 30)
    took = time.monotonic() - began
    await asyncio.sleep(1)
    for talker in talkers:
        talker.done = True
    await asyncio.gather(*talking)
    assert all(talker.waits for talker in talkers), "everybody goes on talking"
    return max(t.offline for t in talkers), max(w for t in talkers for w in t.waits), took


@pytest.mark.kill
@pytest.mark.timeout(150)
async def test_a_rolling_restart_disturbs_hardly_anybody(pair: Stage) -> None:
    graceful, slowest, took = await offline_at(pair, signal.SIGTERM)
    killed, _, _ = await offline_at(pair, signal.SIGKILL)
    print(f"offline at SIGTERM {graceful:.2f} s (slowest message {slowest:.2f} s, gone after {took:.1f} s)")
    print(f"offline at SIGKILL {killed:.2f} s")
    assert took < EXIT_SECONDS
    assert graceful < 1.0, "a visitor is asked to connect again, and is served meanwhile"
    assert graceful < killed, "a stop disturbs less than a kill"
    assert slowest < 1.0
