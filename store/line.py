"""One connection that all calls to a server share: what is sent in one turn of the event loop goes out together.

With `appendfsync always` all answers of a turn of the server wait for one write to disk, so calls that arrive together
cost little more than one; and a system call less for each of them on either side. Answers come in the order of the
calls. Nothing that makes the server wait (WAIT, SUBSCRIBE) may go through here.
"""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, cast

import hiredis
from redis import exceptions as redis_errors
from redis._parsers import BaseParser

from store.errors import StoreDown, StoreUnsent, Wire

# Redis-py's own way from what a server says to its errors.
_parse_error = cast(
    "Callable[[str], Exception]",
    BaseParser.parse_error,  # pyright: ignore[reportUnknownMemberType]
)

# So many calls wait for their answers at the most: a server that is so far behind is as good as down.
MOST_WAITING = 20_000
READ_BYTES = 262_144
# So many calls are not kept waiting for those after them: the server begins while this side goes on.
SENT_TOGETHER = 16
LOOK_SECONDS = 0.5


class _Call:
    __slots__ = ("answers", "count", "done", "sent_at")

    def __init__(self, count: int, done: "asyncio.Future[list[Any]]") -> None:
        self.count = count
        self.done = done
        self.answers: list[Any] = []
        self.sent_at = time.monotonic()


class Line:
    """`open_` makes a connection and returns it ready for use, or raises StoreDown; `answer_seconds`: a server that does
    not answer the oldest call for as long counts as down, and every call that waits is told so."""

    def __init__(self, open_: Callable[[], Awaitable[Wire]], answer_seconds: float) -> None:
        self._open = open_
        self._answer_seconds = answer_seconds
        self._wire: Wire | None = None
        self._opening: asyncio.Task[None] | None = None
        self._reading: asyncio.Task[None] | None = None
        self._out: list[bytes] = []
        self._waiting: deque[_Call] = deque()
        self._closing = False

    async def talk(self, packed: bytes, count: int) -> list[Any]:
        """Send `count` commands; return their answers, errors among them as exceptions. Raises StoreDown, and StoreUnsent
        while nothing was sent."""
        if not count:
            return []  # nobody would answer it
        if self._wire is None:
            await self._ready()
        if len(self._waiting) >= MOST_WAITING:
            raise StoreUnsent("too many calls wait for their answers")
        loop = asyncio.get_running_loop()
        call = _Call(count, loop.create_future())
        self._waiting.append(call)
        self._out.append(packed)
        if len(self._out) == 1:
            loop.call_soon(self._send)
        elif len(self._out) == SENT_TOGETHER:
            self._send()
        return await call.done

    async def _ready(self) -> None:
        """Whoever comes while the connection is being made waits for the same attempt."""
        while self._wire is None:
            if self._closing:
                raise StoreUnsent("the store is closed")
            if self._opening is None:
                self._opening = asyncio.create_task(self._connect())
            await asyncio.shield(self._opening)

    async def _connect(self) -> None:
        try:
            wire = await self._open()
            self._wire = wire
            self._reading = asyncio.create_task(self._read(wire))
            self._watch(wire)
        finally:
            self._opening = None

    def _send(self) -> None:
        packed, self._out = self._out, []
        writer = _writer(self._wire)
        if writer is not None and packed:
            writer.write(b"".join(packed))

    async def _read(self, wire: Wire) -> None:
        reader = cast("asyncio.StreamReader", getattr(wire, "_reader"))  # noqa: B009  # private to redis-py
        parser = hiredis.Reader(protocolError=redis_errors.InvalidResponse, replyError=_parse_error, encoding="utf-8")
        why = "the server closed the connection"
        try:
            while data := await reader.read(READ_BYTES):
                parser.feed(data)
                while (answer := parser.gets()) is not False:
                    self._hand_over(answer)
        except (redis_errors.RedisError, OSError, UnicodeDecodeError) as error:
            why = str(error) or why
        finally:
            await self._broken(wire, why)

    def _hand_over(self, answer: Any) -> None:
        call = self._waiting[0]
        call.answers.append(answer)
        if len(call.answers) == call.count:
            self._waiting.popleft()
            if not call.done.done():  # whoever called may have been cancelled
                call.done.set_result(call.answers)
            if self._closing and not self._waiting:
                self.cut()

    async def _broken(self, wire: Wire, why: str) -> None:
        """Nobody knows whether what was sent has been carried out; what was not sent goes the same way."""
        self._wire = None
        waiting, self._waiting, self._out = self._waiting, deque(), []
        for call in waiting:
            if not call.done.done():
                call.done.set_exception(StoreDown(why))
        await wire.disconnect(nowait=True)

    def _watch(self, wire: Wire) -> None:
        """Look from time to time whether the oldest call has waited too long."""
        if self._wire is not wire:
            return
        if self._waiting and time.monotonic() - self._waiting[0].sent_at > self._answer_seconds:
            self.cut()
        asyncio.get_running_loop().call_later(min(LOOK_SECONDS, self._answer_seconds / 4), self._watch, wire)

    def cut(self) -> None:
        """End the connection now. Who waits for an answer gets StoreDown."""
        writer = _writer(self._wire)
        if writer is not None:
            writer.transport.abort()

    async def close(self) -> None:
        """Let the calls that wait have their answers; take no others."""
        self._closing = True
        if not self._waiting:
            self.cut()
            if self._reading is not None:
                await asyncio.wait([self._reading])


def _writer(wire: Wire | None) -> asyncio.StreamWriter | None:
    return cast("asyncio.StreamWriter | None", getattr(wire, "_writer", None))
