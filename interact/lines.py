"""What carries frames between a visitor's page and this process: a WebSocket here, long polling in `interact.poll`."""

import asyncio
from contextlib import suppress
from typing import Any, Final, Protocol

from aiohttp import ClientConnectionError, WSCloseCode, WSMessage, WSMsgType, web

from interact.frames import dump


class Gone(Exception):
    """The line is closed, or has been told to close: nothing more to do."""


class Line(Protocol):
    """One line. `answers_beats`: the client answers each beat, so one that stays silent is dead."""

    answers_beats: bool

    async def receive(self) -> str | None:
        """The next frame; None for a control frame, which is answered already. Raises Gone."""
        ...

    async def send(self, frame: dict[str, Any]) -> bool:
        """False when the line is closed: the reader of the line notices too."""
        ...

    async def close(self, code: WSCloseCode, reason: str) -> None:
        """Send nothing more. The codes are those of WebSockets on every line."""
        ...

    def abort(self) -> None:
        """Cut a line whose other end is dead."""
        ...


class WebSocketLine:
    """A prepared WebSocket that was made with `autoping=False`.

    aiohttp answers pings, and waits for the answer to a close, in loops that never yield while frames are buffered. Here
    the reader yields after each frame, and a close is ours: one frame, then a while for the client to answer it.
    """

    __slots__ = (
        "_answered",
        "_reading",
        "_told",
        "_transport",
        "_ws",
        "answers_beats",
    )  # ten thousand of these are kept

    def __init__(self, ws: web.WebSocketResponse, request: web.Request) -> None:
        self.answers_beats = True
        self._ws = ws
        self._transport = request.transport
        self._told = False  # to close
        self._reading = False
        self._answered: asyncio.Event | None = None

    async def receive(self) -> str | None:
        message = await self._next()
        if message.type is WSMsgType.TEXT:
            text: str = message.data
            return text
        if message.type is WSMsgType.BINARY:
            return ""  # no JSON, and answered as such
        if message.type is WSMsgType.PING:
            with suppress(ClientConnectionError):
                await self._ws.pong(message.data)
            return None
        if message.type is WSMsgType.PONG:
            return None
        raise Gone

    async def _next(self) -> WSMessage:
        """What comes next; once the client is told to close, only its answer to that."""
        self._reading = True
        try:
            for _ in range(_MOST_AFTER_CLOSE):
                message = await self._ws.receive()
                if not self._told or message.type not in _FRAMES:
                    return message
                await asyncio.sleep(0)
            raise Gone  # it goes on sending instead
        finally:
            self._reading = False
            if self._answered is not None:
                self._answered.set()

    async def send(self, frame: dict[str, Any]) -> bool:
        if self._told or self._ws.closed:
            return False
        try:
            await self._ws.send_str(dump(frame))
        except ClientConnectionError:
            return False
        return True

    async def close(self, code: WSCloseCode, reason: str) -> None:
        if self._told or self._ws.closed:
            return
        self._told = True
        self._answered = asyncio.Event()
        with suppress(ClientConnectionError, TimeoutError, Gone):
            async with asyncio.timeout(_CLOSE_SECONDS):
                await self._ws.send_frame(int(code).to_bytes(2, "big") + reason.encode(), WSMsgType.CLOSE)
                if self._reading:
                    await self._answered.wait()
                else:
                    await self._next()
        self.abort()

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()


_FRAMES: Final = frozenset({WSMsgType.TEXT, WSMsgType.BINARY, WSMsgType.PING, WSMsgType.PONG})

_MOST_AFTER_CLOSE: Final = 100
"""Frames that a client may have sent before it saw the close: it offers its last 50 messages after a welcome."""

_CLOSE_SECONDS: Final = 2.0
"""A client has so long to answer a close."""
