"""What carries frames between a visitor's page and this process: a WebSocket here, long polling in `interact.poll`."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, Protocol

import structlog
from aiohttp import ClientConnectionError, WSCloseCode, WSMessage, WSMsgType, web

from interact.frames import MAX_HELLO, dump
from store.seldom import Seldom

log = structlog.get_logger(__name__)
seldom = Seldom(log)

MOST_UNFINISHED: Final = 1024 * 1024
"""Bytes that came without a message: one of the largest size, and all that waits to be read, are less."""


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
        "_meter",
        "_reading",
        "_told",
        "_transport",
        "_ws",
        "answers_beats",
    )  # ten thousand of these are kept

    def __init__(
        self, ws: web.WebSocketResponse, request: web.Request, *, too_much: Callable[[int], bool] = lambda _: False
    ) -> None:
        """`too_much`: counts KB of an unfinished message, and says whether its address sent too many."""
        self.answers_beats = True
        self._ws = ws
        self._transport = request.transport
        self._meter = _Meter(request.protocol, self.abort, too_much)
        if self._transport is not None:
            self._transport.set_protocol(self._meter)
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
                self._meter.read(message)
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


class _Meter(asyncio.Protocol):
    """Stands between the transport and aiohttp, and counts the bytes that came, less those of the messages that were read.

    Parts of a message that never ends, empty ones above all, come out of aiohttp as nothing: no budget of frames sees them.
    A line with too much of that is cut without a word.
    """

    __slots__ = ("_before", "_charged", "_cut", "_protocol", "_said", "_too_much", "_unfinished")

    def __init__(self, protocol: asyncio.Protocol, cut: Callable[[], None], too_much: Callable[[int], bool]) -> None:
        self._protocol = protocol
        self._cut = cut
        self._too_much = too_much
        self._unfinished = 0  # bytes
        self._charged = 0  # KB of those
        self._said = False  # the hello, or whatever came instead

    def data_received(self, data: bytes) -> None:
        kilobytes = self._unfinished // 1024 - self._charged  # what was there before, and has not become a message
        self._charged += kilobytes
        over = kilobytes > 0 and self._too_much(kilobytes) and self._charged > _SPARED_KB
        self._unfinished += len(data)
        self._protocol.data_received(data)
        if over or self._unfinished > MOST_UNFINISHED:
            self._stop()
        elif not self._said and self._unfinished > _MOST_BEFORE_HELLO:
            # A whole message is read before that, and one that is too long is refused in words.
            asyncio.get_running_loop().call_soon(self._look_for_hello)

    def read(self, message: WSMessage) -> None:
        """This message was read: its bytes are accounted for."""
        data: object = message.data
        raw = data.encode() if isinstance(data, str) else data
        size = len(raw) if isinstance(raw, (bytes, bytearray)) else 0
        self._unfinished = max(0, self._unfinished - size - _HEAD - (0 if size < 126 else 2 if size < 65_536 else 8))
        self._charged = min(self._charged, self._unfinished // 1024)
        self._said = self._said or message.type is WSMsgType.TEXT

    def _look_for_hello(self) -> None:
        if not self._said:
            self._stop()

    def _stop(self) -> None:
        seldom("unfinished_message_cut", bytes=self._unfinished)
        self._cut()

    # What else a transport says.

    def connection_lost(self, exc: Exception | None) -> None:
        self._protocol.connection_lost(exc)

    def eof_received(self) -> bool | None:
        return self._protocol.eof_received()

    def pause_writing(self) -> None:
        self._protocol.pause_writing()

    def resume_writing(self) -> None:
        self._protocol.resume_writing()


_HEAD: Final = 6
"""Bytes before a short frame of a client: two, and the mask."""

_SPARED_KB: Final = 128
"""The largest frame of a page of ours arrives in pieces, too: an address that owes something may finish it."""

_MOST_BEFORE_HELLO: Final = MAX_HELLO + 64

_FRAMES: Final = frozenset({WSMsgType.TEXT, WSMsgType.BINARY, WSMsgType.PING, WSMsgType.PONG})

_MOST_AFTER_CLOSE: Final = 100
"""Frames that a client may have sent before it saw the close: it offers its last 50 messages after a welcome."""

_CLOSE_SECONDS: Final = 2.0
"""Seconds that a client has to answer a close."""
