"""Connections to Redis: a small pool over redis-py's connections, and one error for everything that is down.

redis-py's client would send a command again when a connection breaks; a script that had run already would then run
twice. Here a command is sent once. What is repeated, for a moment, is only the attempt to connect, before anything
was sent: a server that restarts is not noticed.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Protocol, cast

from redis import exceptions as redis_errors
from redis.asyncio import ConnectionPool
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from store.commands import Word

# A pool of 64 serves hundreds of concurrent callers: on one event loop more connections only cost memory.
MAX_CONNECTIONS = 64
# Longer than any answer takes; a server that is silent for as long counts as down.
ANSWER_SECONDS = 5.0
# A server that restarts (embedded: 0.1 s; a failover behind a name: about 1 s) is waited for this long.
CONNECT_PATIENCE_SECONDS = 1.5
CONNECT_PAUSE_SECONDS = 0.05


class StoreDown(Exception):
    """Redis cannot be reached, or cannot take the command now. The command may or may not have been carried out."""


class StoreError(Exception):
    """Redis refused a command: a fault of ours."""


class Wire(Protocol):
    """What is used of redis-py's connection."""

    async def connect(self) -> None: ...
    def pack_commands(self, commands: Sequence[Sequence[Word]]) -> list[bytes]: ...
    async def send_packed_command(self, command: list[bytes], check_health: bool) -> None: ...
    async def read_response(self) -> Any: ...
    async def disconnect(self, nowait: bool = False) -> None: ...


# The server is there but cannot serve: starting, a replica, a full memory or disk, a cluster that has lost a part.
_DOWN_WORDS = ("LOADING", "READONLY", "MASTERDOWN", "CLUSTERDOWN", "OOM", "MISCONF", "NOREPLICAS", "TRYAGAIN")
_DOWN_TYPES = (
    redis_errors.ConnectionError,
    redis_errors.TimeoutError,
    redis_errors.ReadOnlyError,
    redis_errors.ClusterDownError,
    redis_errors.OutOfMemoryError,
    OSError,
    TimeoutError,
)


def translate(error: Exception) -> StoreDown | StoreError:
    """Turn an error of redis-py or of the socket into one of the two of this module."""
    text = str(error) or "no answer in time"
    if isinstance(error, _DOWN_TYPES) or text.startswith(_DOWN_WORDS):
        return StoreDown(text)
    return StoreError(text)


class Pool:
    """At most `MAX_CONNECTIONS` connections, the most recently used first."""

    def __init__(self, url: str) -> None:
        # RESP2 is the same on every server from 7.0 on; CLIENT SETINFO (`driver_info`) is not known to 7.0.
        self._factory = ConnectionPool.from_url(  # pyright: ignore[reportUnknownMemberType]  # untyped **kwargs
            url,
            decode_responses=True,
            protocol=2,
            driver_info=None,
            retry=Retry(NoBackoff(), 0),
            socket_timeout=None,
            socket_connect_timeout=ANSWER_SECONDS,
        )
        self._slots = asyncio.Semaphore(MAX_CONNECTIONS)
        self._free: list[Wire] = []
        self._closed = False

    def make(self) -> Wire:
        """Return a new connection, not yet open, that the caller looks after himself."""
        return cast("Wire", self._factory.make_connection())  # pyright: ignore[reportUnknownMemberType]

    async def talk(self, commands: Sequence[Sequence[Word]]) -> list[Any]:
        """Send `commands` in one write; return their answers, errors among them as exceptions. Raises StoreDown, and
        StoreError for what cannot be sent."""
        async with self._connection() as wire:
            try:
                async with asyncio.timeout(ANSWER_SECONDS):
                    await wire.send_packed_command(wire.pack_commands(commands), check_health=False)
                    return [await _answer(wire) for _ in commands]
            except (redis_errors.RedisError, OSError) as error:
                # Whatever ends a read or a write early, cancellation too, redis-py closes the connection: a late
                # answer never reaches the next caller.
                raise translate(error) from error

    @asynccontextmanager
    async def _connection(self) -> AsyncGenerator[Wire]:
        if self._closed:
            raise StoreDown("the store is closed")
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                await self._slots.acquire()
        except TimeoutError as error:
            raise StoreDown("every connection is busy") from error
        try:
            wire = self._free.pop() if self._free else self.make()
            await open_wire(wire)
            try:
                yield wire
            finally:
                self._free.append(wire)
                if self._closed:
                    await self.close()
        finally:
            self._slots.release()

    async def close(self) -> None:
        self._closed = True
        while self._free:
            await self._free.pop().disconnect()


async def _answer(wire: Wire) -> Any:
    try:
        return await wire.read_response()
    except redis_errors.ResponseError as error:
        return error


async def open_wire(wire: Wire, patience: float = CONNECT_PATIENCE_SECONDS) -> None:
    """Connect `wire` unless it is connected; the server is given `patience` seconds to be there. Raises StoreDown."""
    # The reader knows the end of a connection as soon as the event loop has heard of it; redis-py's own test of an
    # idle connection tries to read, which costs more than most commands.
    reader = cast("asyncio.StreamReader | None", getattr(wire, "_reader", None))
    if reader is not None:
        if reader.exception() is None and not reader.at_eof():
            return
        await wire.disconnect(nowait=True)
    end = time.monotonic() + patience
    while True:
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                await wire.connect()
                # A server that has just started may be there, but still be reading its files (LOADING).
                await wire.send_packed_command(wire.pack_commands([["PING"]]), check_health=False)
                await wire.read_response()
                return
        except redis_errors.AuthenticationError as error:
            raise StoreDown(f"Redis refuses the user name or password: {error}") from error
        except (redis_errors.RedisError, OSError) as error:
            await wire.disconnect(nowait=True)
            if time.monotonic() >= end:
                raise translate(error) from error
        await asyncio.sleep(CONNECT_PAUSE_SECONDS)
