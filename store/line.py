"""One connection that all calls to a server share: the calls of one turn of the event loop are sent together.

With `appendfsync always` all answers of one turn of the server wait for a single write to disk, so calls that arrive
together cost little more than one, and each side saves system calls. Answers come in the order of the calls. Commands
that make the server wait (WAIT, SUBSCRIBE) must not use this connection.
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

# How redis-py converts a server's message to an error.
_parse_error = cast(
    "Callable[[str], Exception]",
    BaseParser.parse_error,  # pyright: ignore[reportUnknownMemberType]
)

# At most this many calls wait for their answers: a server that is so far behind counts as down.
MOST_WAITING = 20_000
READ_BYTES = 262_144
# This many calls are sent without waiting for later ones: the server starts while this side continues.
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
    """`open_` makes a connection and returns it ready for use, or raises StoreDown; `answer_seconds`: a server that
    does
    not answer the oldest call within this time counts as down, and every waiting call gets StoreDown."""

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
        """Send `count` commands; return their answers, errors among them as exceptions. Raises StoreDown, and
        StoreUnsent if
        nothing was sent."""
        if not count:
            return []  # there would be no answer
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
        """Calls that arrive during an attempt to connect wait for the same attempt."""
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
            if not call.done.done():  # the caller may have been cancelled
                call.done.set_result(call.answers)
            if self._closing and not self._waiting:
                self.cut()

    async def _broken(self, wire: Wire, why: str) -> None:
        """It is unknown whether the commands already sent were carried out; unsent commands get the same error."""
        self._wire = None
        waiting, self._waiting, self._out = self._waiting, deque(), []
        for call in waiting:
            if not call.done.done():
                call.done.set_exception(StoreDown(why))
        await wire.disconnect(nowait=True)

    def _watch(self, wire: Wire) -> None:
        """Check from time to time whether the oldest call has waited too long."""
        if self._wire is not wire:
            return
        if self._waiting and time.monotonic() - self._waiting[0].sent_at > self._answer_seconds:
            self.cut()
        asyncio.get_running_loop().call_later(min(LOOK_SECONDS, self._answer_seconds / 4), self._watch, wire)

    def cut(self) -> None:
        """Close the connection now. Waiting calls get StoreDown."""
        writer = _writer(self._wire)
        if writer is not None:
            writer.transport.abort()

    async def close(self) -> None:
        """Accept no new calls; let waiting calls get their answers."""
        self._closing = True
        if not self._waiting:
            self.cut()
            if self._reading is not None:
                await asyncio.wait([self._reading])


def _writer(wire: Wire | None) -> asyncio.StreamWriter | None:
    return cast("asyncio.StreamWriter | None", getattr(wire, "_writer", None))
