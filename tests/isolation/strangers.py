"""Scenes with strangers: sockets that send rubbish, silent connections, and messages made to be slow to read."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, Mapping

import aiohttp

from tests.isolation.load import begin, chat
from tests.isolation.trouble import arrived_while, leave, names, spread
from tests.story.stage import Stage

Figures = Mapping[str, float]
LOOK_SECONDS = 0.02
ANSWER_SECONDS = 60


class Probe:
    """Asks `/healthz` again and again; `longest_ms` is the slowest answer so far."""

    def __init__(self) -> None:
        self.longest_ms = 0.0
        self.asked = 0
        self.refused = 0


@contextlib.asynccontextmanager
async def probing(stage: Stage) -> AsyncGenerator[Probe]:
    """Ask from connections of its own, as a balancer does, while the body runs."""
    probe = Probe()
    over = False

    async def ask() -> None:
        timeout = aiohttp.ClientTimeout(total=ANSWER_SECONDS)
        while not over:
            begun = time.monotonic()
            try:
                connector = aiohttp.TCPConnector(force_close=True)
                async with (
                    aiohttp.ClientSession(connector=connector, timeout=timeout) as http,
                    http.get(f"{stage.app}/healthz") as answer,
                ):
                    await answer.read()
            except (aiohttp.ClientError, TimeoutError):
                probe.refused += 1
            probe.longest_ms = max(probe.longest_ms, 1000 * (time.monotonic() - begun))
            probe.asked += 1
            await asyncio.sleep(LOOK_SECONDS)  # the rate of the probes

    asking = asyncio.create_task(ask())
    try:
        yield probe
    finally:
        over = True
        await asking  # the last question may be the one that has to wait


async def sockets_flood(stage: Stage, *, sockets: int = 20, seconds: float = 6, frame: str = "{") -> Figures:
    """`sockets` of one visitor send `frame` as quickly as they can, before and after the hello."""
    company = await stage.company(*names("Calm", 2), concurrent=100)
    running = await begin(stage, company, names("Patient", 2))
    stranger = await stage.visitor(company.widget, "Stranger")
    sent = 0

    async def flood(greets: bool) -> None:
        nonlocal sent
        with contextlib.suppress(aiohttp.ClientError, ConnectionError):
            async with stage.http.ws_connect(f"{stage.app}/interact/v1/socket", autoping=False) as socket:
                if greets:
                    await socket.send_json({"type": "hello", "token": stranger.token, "after": 0})
                end = time.monotonic() + seconds
                while time.monotonic() < end and not socket.closed:
                    for _ in range(200):
                        await socket.send_str(frame)
                        sent += 1
                    await asyncio.sleep(0)

    async with probing(stage) as probe:
        await asyncio.gather(
            *(flood(index % 2 == 0) for index in range(sockets)),
            chat(running, messages=round(seconds), every_seconds=1.0),
        )
        delays = await arrived_while(stage, running, 20)
    await leave([talk.visitor for talk in running])
    return {
        **spread(delays, sum(len(talk.sent) for talk in running)),
        "frames": sent,
        "healthz_longest_ms": round(probe.longest_ms),
    }


HOSTILE = {
    "nested": "<b>x" * 12_000 + "</b>" * 12_000,
    "mentions": "<at>" * 15_000,
    "reference": "<p>&#" + "1" * 5_000 + ";</p>",
    "unclosed": "<" * 100_000,
    "attributes": "<p " + "a='b' " * 16_000 + ">x</p>",
    "lists": "<ul><li>" * 6_000 + "x",
    "tables": "<table><tr><td>" * 6_000 + "x",
}
"""Up to 100 KB of html each that naive readers take seconds for."""


async def hostile_messages(stage: Stage) -> Figures:
    """An agent's message in a room is made to be slow to read; the others must not notice, and its text must arrive."""
    company = await stage.company("Harriet", concurrent=10)
    [talk] = await begin(stage, company, ["Honest"])
    world = await stage.control("GET", "/world")
    figures: dict[str, float] = {}
    for number, (name, html) in enumerate(HOSTILE.items()):
        activity = message(world, talk.room["id"], talk.agent.user, html, f"{time.time_ns() + number}")
        async with probing(stage) as probe:
            answer = await stage.control("POST", "/bot/activity", {"activity": activity, "token": "valid"})
        figures[f"{name}_status"] = answer["status"]
        figures[f"{name}_ms"] = round(probe.longest_ms)
    await leave([talk.visitor])
    return figures


def message(world: Mapping[str, object], room: str, user: str, html: str, key: str) -> dict[str, object]:
    """A message activity of a room as Teams sends it; `html` goes out as it is."""
    return {
        "type": "message",
        "id": key,
        "timestamp": "2026-11-30T10:00:00.000Z",
        "channelId": "msteams",
        "serviceUrl": world["service_url"],
        "from": {"id": f"29:{user}", "name": "Harriet", "aadObjectId": user},
        "recipient": {"id": world["bot_id"], "name": "Usher"},
        "conversation": {
            "id": room,
            "conversationType": "groupChat",
            "isGroup": True,
            "tenantId": world["tenant"],
        },
        "channelData": {"tenant": {"id": world["tenant"]}},
        "text": "see the html",
        "textFormat": "plain",
        "attachments": [{"contentType": "text/html", "content": html}],
    }


async def silent_connections(stage: Stage, *, number: int = 1_100) -> Figures:
    """So many connections say nothing; is anybody locked out, and are they closed?"""
    host, port = "127.0.0.1", stage.port
    opened: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
    for _ in range(number):
        try:
            opened.append(await asyncio.open_connection(host, port))
        except OSError:
            break
    async with probing(stage) as probe:
        await asyncio.sleep(2)  # the time in which the probes look
    ended = 0
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(60):
            for reader, _ in opened:
                with contextlib.suppress(ConnectionError):
                    if await reader.read(1) == b"":
                        ended += 1
                        continue
                ended += 1
    for _, writer in opened:
        writer.close()
    return {
        "opened": len(opened),
        "closed_by_usher": ended,
        "probes_refused": probe.refused,
        "healthz_longest_ms": round(probe.longest_ms),
    }
