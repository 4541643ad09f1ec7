"""How long `/readyz` of a running Usher takes while clients flood it: `python -m bench.strangers URL WIDGET`.

For each kind of frame one socket, then twenty of as many chats, send as fast as the system takes it for six seconds
(`bench/flood.py`), and `/readyz` is asked all the time. Prints the slowest answer in seconds.
"""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import aiohttp

FLOOD: Final = Path(__file__).with_name("flood.py")
FRAMES: Final = ("{", '{"type":"pong"}', "ping")
SECONDS: Final = 6.0


async def slowest(http: aiohttp.ClientSession, base: str, widget: str, frame: str, sockets: int) -> float:
    """Seconds of the slowest `/readyz` while so many sockets send this frame without end."""
    where, origin = urlsplit(base), base
    floods: list[asyncio.subprocess.Process] = []
    for _ in range(sockets):
        body = {"widget": widget, "name": "Stranger"}
        async with http.post(f"{base}/interact/v1/sessions", json=body, headers={"Origin": origin}) as answer:
            token = (await answer.json())["token"]
        arguments = [str(where.hostname), str(where.port), token, origin, "1", str(SECONDS), frame]
        floods.append(
            await asyncio.create_subprocess_exec(
                sys.executable, "-I", str(FLOOD), *arguments, stdout=asyncio.subprocess.DEVNULL
            )
        )
    ended = asyncio.ensure_future(asyncio.gather(*(flood.wait() for flood in floods)))
    worst = 0.0
    while not ended.done():
        asked = time.monotonic()
        async with http.get(f"{base}/readyz") as answer:
            await answer.read()
        worst = max(worst, time.monotonic() - asked)
        await asyncio.sleep(0.01)  # the rate of the probes
    return worst


async def main(base: str, widget: str) -> None:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=120)) as http:
        for frame in FRAMES:
            for sockets in (1, 20):
                worst = await slowest(http, base, widget, frame, sockets)
                sys.stdout.write(f"{sockets:3} x {frame:16} slowest /readyz {worst:6.2f} s\n")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1].rstrip("/"), sys.argv[2]))
