"""A proxy between the visitor's browser and the door, as odd as those of companies, hotels and schools."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Literal

from aiohttp import ClientSession, ClientWebSocketResponse, WSMsgType, web
from aiohttp.test_utils import TestServer

Upgrades = Literal["pass", "403", "200", "silence"]

_HOP = {"connection", "upgrade", "transfer-encoding", "content-length", "content-encoding", "host", "accept-encoding"}


@dataclass
class Proxy:
    """`upgrades`: what becomes of WebSockets; `refusals`: statuses with which the next sessions are answered."""

    door: str
    upgrades: Upgrades = "pass"
    refusals: list[int] = field(default_factory=list[int])
    address: str = ""
    asked: list[str] = field(default_factory=list[str])
    """The paths of all requests."""
    answered: list[bytes] = field(default_factory=list[bytes])
    """The bodies of the posts' answers."""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request.path)
        if request.path.endswith("/socket") and self.upgrades != "pass":
            if self.upgrades == "silence":
                await asyncio.Event().wait()
            return web.Response(status=int(self.upgrades), text="No WebSockets here.")
        headers = {name: value for name, value in request.headers.items() if name.lower() not in _HOP}
        async with ClientSession() as http:
            if request.path.endswith("/socket"):
                names = {name: value for name, value in headers.items() if not name.lower().startswith("sec-websocket")}
                async with http.ws_connect(self.door + request.path, headers=names) as inner:
                    return await _joined(request, inner)
            if request.path.endswith("/sessions") and request.method == "POST" and self.refusals:
                return _refusal(request, self.refusals.pop(0))
            body = await request.read()
            async with http.request(
                request.method, self.door + str(request.rel_url), headers=headers, data=body
            ) as got:
                made = await got.read()
                if request.method == "POST":
                    self.answered.append(made)
                back = {name: value for name, value in got.headers.items() if name.lower() not in _HOP}
                return web.Response(status=got.status, body=made, headers=back)


def _refusal(request: web.Request, status: int) -> web.Response:
    words = "This chat is not available at the moment. Please try again shortly."
    error = {"error": {"code": "stopping", "field": None, "message": words, "after_seconds": 0.2}}
    origin = {"Access-Control-Allow-Origin": request.headers.get("Origin", "*")}
    return web.json_response(error, status=status, headers=origin)


async def _joined(request: web.Request, inner: ClientWebSocketResponse) -> web.StreamResponse:
    outer = web.WebSocketResponse()
    await outer.prepare(request)

    async def carry_in() -> None:
        async for message in outer:
            await inner.send_str(message.data)
        await inner.close()

    task = asyncio.create_task(carry_in())
    async for message in inner:
        if message.type is WSMsgType.TEXT:
            await outer.send_str(message.data)
    await outer.close()
    task.cancel()
    return outer


@asynccontextmanager
async def open_proxy(door: str, upgrades: Upgrades = "pass") -> AsyncGenerator[Proxy]:
    """A proxy before the door at this address."""
    proxy = Proxy(door, upgrades)
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", proxy.handle)
    async with TestServer(app) as server:
        proxy.address = str(server.make_url("")).rstrip("/")
        yield proxy
