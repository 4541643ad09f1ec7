"""Connections to one Redis server: a small pool over redis-py's, and one error for every kind of outage.

redis-py's client would send a command again when a connection breaks, and a script that had already run would run
twice. Here a command is sent once. Only the attempt to connect, before anything was sent, is repeated for a short time,
so
that a server restart is not noticed. `network.py` decides which server is asked.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Any, cast

import hiredis
from redis import exceptions as redis_errors
from redis.asyncio import ConnectionPool
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from store.commands import Word
from store.errors import StoreDown, StoreError, StoreUnsent, Wire
from store.line import Line

# A pool of 64 serves hundreds of concurrent callers: on one event loop, more connections only cost memory.
MAX_CONNECTIONS = 64
# Longer than any answer takes; a server that is silent for this long counts as down.
ANSWER_SECONDS = 5.0
# A server that restarts (embedded: 0.1 s; a failover behind a name: about 1 s) is waited for this long.
CONNECT_PATIENCE_SECONDS = 1.5
CONNECT_PAUSE_SECONDS = 0.05


# The server is reachable but cannot serve: starting, a replica, memory or disk full, a cluster that has lost a part.
_DOWN_WORDS = ("LOADING", "READONLY", "MASTERDOWN", "CLUSTERDOWN", "OOM", "MISCONF", "NOREPLICAS", "TRYAGAIN")
_DOWN_TYPES = (
    redis_errors.ConnectionError,
    redis_errors.TimeoutError,
    redis_errors.ReadOnlyError,
    redis_errors.ClusterDownError,
    redis_errors.MovedError,
    redis_errors.TryAgainError,
    redis_errors.OutOfMemoryError,
    OSError,
    TimeoutError,
)


def translate(error: Exception) -> StoreDown | StoreError:
    """Convert an error of redis-py or of the socket to one of this module; such an error is returned unchanged."""
    if isinstance(error, (StoreDown, StoreError)):
        return error
    text = str(error) or "no answer in time"
    if isinstance(error, redis_errors.AskError) and not isinstance(error, redis_errors.MovedError):
        # A script there would find the keys that have moved already, and miss the others.
        return StoreDown(
            f"slot {error.slot_id} is being moved key by key; move slots as a whole (CLUSTER MIGRATESLOTS)"
        )
    if isinstance(error, _DOWN_TYPES) or text.startswith(_DOWN_WORDS):
        return StoreDown(text)
    return StoreError(text)


class Pool:
    """The connections to one server: one that all calls share, and at most `MAX_CONNECTIONS` for calls that need their own.

    `name`: `host:port`, where there are several servers. `patience`: how many seconds attempts to connect are repeated
    before a call fails. `answer_seconds`: a server that is silent for this long counts as down. `master`: a server that
    reports that it is a replica counts as down.
    """

    def __init__(
        self,
        url: str,
        *,
        name: str = "",
        patience: float = CONNECT_PATIENCE_SECONDS,
        connect_seconds: float = ANSWER_SECONDS,
        answer_seconds: float = ANSWER_SECONDS,
        master: bool = False,
    ) -> None:
        # RESP2 is the same on every server from 7.0; 7.0 does not know CLIENT SETINFO (`driver_info`).
        self._factory = ConnectionPool.from_url(  # pyright: ignore[reportUnknownMemberType]  # untyped **kwargs
            url,
            decode_responses=True,
            protocol=2,
            driver_info=None,
            retry=Retry(NoBackoff(), 0),
            socket_timeout=None,
            socket_connect_timeout=connect_seconds,
        )
        self.name = name
        self._patience = patience
        self._connect_seconds = connect_seconds
        self._answer_seconds = answer_seconds
        self._master = master
        self._slots = asyncio.Semaphore(MAX_CONNECTIONS)
        self._free: list[Wire] = []
        self._busy: set[Wire] = set()
        self._closed = False
        self._line = Line(self._opened, answer_seconds)

    def make(self) -> Wire:
        """Return a new connection, not yet open, that the caller manages."""
        return cast("Wire", self._factory.make_connection())  # pyright: ignore[reportUnknownMemberType]

    async def talk(self, commands: Sequence[Sequence[Word]]) -> list[Any]:
        """Send `commands` together; return their answers, errors among them as exceptions. Raises StoreDown,
        StoreUnsent if
        nothing was sent, and StoreError for a command that cannot be encoded."""
        return await self._line.talk(pack(commands), len(commands))

    async def _opened(self) -> Wire:
        wire = self.make()
        await self.open(wire)
        return wire

    async def talk_alone(self, commands: Sequence[Sequence[Word]]) -> list[Any]:
        """As `talk`, on an exclusive connection: for WAIT, which blocks its connection."""
        packed = pack(commands)
        wire = await self._take()
        try:
            await self.open(wire)
            async with asyncio.timeout(self._answer_seconds):
                await wire.send_packed_command([packed], check_health=False)
                return [await _answer(wire) for _ in commands]
        except (redis_errors.RedisError, OSError) as error:
            # When a read or write ends early, also by cancellation, redis-py closes the connection: a late answer never
            # reaches
            # the next caller.
            raise translate(error) from error
        finally:
            self._busy.discard(wire)
            self._free.append(wire)
            self._slots.release()
            if self._closed:
                await self.close()

    async def open(self, wire: Wire) -> None:
        """Connect `wire` unless it is connected. Raises StoreUnsent, and StoreDown for a wrong password."""
        await open_wire(wire, self._patience, self._connect_seconds, master=self._master)

    async def _take(self) -> Wire:
        """An idle connection, perhaps not open. Raises StoreUnsent."""
        if self._closed:
            raise StoreUnsent("the store is closed")
        if self._slots.locked():
            try:
                async with asyncio.timeout(ANSWER_SECONDS):
                    await self._slots.acquire()
            except TimeoutError as error:
                raise StoreUnsent("every connection is busy") from error
        else:
            await self._slots.acquire()
        wire = self._free.pop() if self._free else self.make()
        self._busy.add(wire)
        return wire

    async def close(self) -> None:
        """Close every idle connection now, and the others as soon as they are free."""
        self._closed = True
        await self._line.close()
        while self._free:
            await self._free.pop().disconnect()

    async def cut(self) -> None:
        """Another server has taken over: close every connection now. Waiting calls get StoreDown."""
        self._line.cut()
        await self.close()
        for wire in self._busy:
            cut_wire(wire)


# Its stub declares a command as one word.
_pack_command = cast(
    "Callable[[tuple[Word, ...]], bytes]",
    hiredis.pack_command,  # pyright: ignore[reportUnknownMemberType]
)


def pack(commands: Sequence[Sequence[Word]]) -> bytes:
    """Encode commands; raises StoreError for a word that is neither text nor a number. Redis-py's own encoder, in
    Python,
    takes ten times as long."""
    try:
        return b"".join([_pack_command(tuple(command)) for command in commands])
    except (TypeError, hiredis.HiredisError) as error:
        raise StoreError(f"cannot be sent: {error}") from error


async def _answer(wire: Wire) -> Any:
    try:
        return await wire.read_response()
    except redis_errors.ResponseError as error:
        return error


def cut_wire(wire: Wire) -> None:
    """Close a connection at once, while another task reads from it: that task gets an error."""
    writer = cast("asyncio.StreamWriter | None", getattr(wire, "_writer", None))
    if writer is not None:
        writer.transport.abort()


async def open_wire(
    wire: Wire,
    patience: float = CONNECT_PATIENCE_SECONDS,
    connect_seconds: float = ANSWER_SECONDS,
    *,
    master: bool = False,
) -> None:
    """Connect `wire` unless it is connected; waits up to `patience` seconds for the server, and for a master if
    `master` says
    so. Raises StoreUnsent, and StoreDown for a wrong password."""
    # The reader knows the end of a connection as soon as the event loop does; redis-py's own check of an idle
    # connection
    # tries to read, which costs more than most commands.
    reader = cast("asyncio.StreamReader | None", getattr(wire, "_reader", None))
    if reader is not None:
        if reader.exception() is None and not reader.at_eof():
            return
        await wire.disconnect(nowait=True)
    end = time.monotonic() + patience
    while True:
        try:
            async with asyncio.timeout(connect_seconds):
                await wire.connect()
                # A server that has just started may accept connections while it still reads its files (LOADING).
                await _is_fit(wire, master=master)
                return
        except redis_errors.AuthenticationError as error:
            raise StoreDown(f"Redis refuses the user name or password: {error}") from error
        except (redis_errors.RedisError, OSError, StoreUnsent) as error:
            await wire.disconnect(nowait=True)
            if time.monotonic() >= end:
                raise StoreUnsent(str(error) or "no answer in time") from error
        await asyncio.sleep(CONNECT_PAUSE_SECONDS)


async def _is_fit(wire: Wire, *, master: bool) -> None:
    question = "ROLE" if master else "PING"
    await wire.send_packed_command(wire.pack_commands([[question]]), check_health=False)
    try:
        said = await wire.read_response()
    except redis_errors.NoPermissionError:
        return  # without permission for this command, READONLY tells
    if master and said[0] != "master":
        raise StoreUnsent(f"the server is a {said[0]}")
