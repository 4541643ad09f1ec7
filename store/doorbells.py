"""Change signals: short notices that something changed. The receiver reads the state; a lost signal costs little.

One pub/sub connection per server that keeps shards receives their signals. Scripts send them (`include/bell.lua`), all
those of a call in one message, one per line.
They use sharded channels: in a cluster a signal costs only the node that keeps its shard, however many nodes there are,
and a shard that moves takes its channel along. On a single server they are ordinary channels.
"""

import asyncio
import random
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar

import structlog
from redis.exceptions import RedisError

from store import keys
from store.connection import Store
from store.wire import Pool, StoreDown, Wire

log = structlog.get_logger(__name__)

# The connection is checked three times in this period; after a period without an answer it is closed.
SILENCE_SECONDS = 9.0
FIRST_PAUSE_SECONDS = 0.05
LONGEST_PAUSE_SECONDS = 2.0
# After a reconnect this many listeners run before the event loop gets a turn.
BATCH = 100

CHANNELS = {f"{root}bell": root for root in keys.roots()}
_SHARDS = frozenset(keys.roots())


@dataclass(frozen=True, slots=True)
class Bell:
    """One change signal. `number` is -1 after a reconnect (read the state), and 0 where the fourth word is not a
    number.

    `word`: the fourth word as sent; `root`: the shard that sent it, `""` after a reconnect.
    """

    kind: str
    tenant: str
    id: str
    number: int
    word: str = ""
    root: str = ""


Callback = Callable[[Bell], None]
_Exact = tuple[str, str, str]
_Key = TypeVar("_Key", str, _Exact)


class Doorbells:
    """Receives the change signals of all shards and calls the listeners. Callbacks are synchronous and quick."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._by_kind: dict[str, list[Callback]] = {}
        self._by_id: dict[_Exact, list[Callback]] = {}
        self._connected = asyncio.Event()
        self._heard: set[str] = set()  # the roots whose signals are received now

    def listen(self, kind: str, callback: Callback) -> Callable[[], None]:
        """Call `callback` for every signal of `kind`; return a function that stops this."""
        return _subscribe(self._by_kind, kind, callback)

    def listen_to(self, kind: str, tenant: str, id: str, callback: Callback) -> Callable[[], None]:  # noqa: A002
        """Call `callback` for signals of `kind` about one id; the cost does not grow with the number of listeners."""
        return _subscribe(self._by_id, (kind, tenant, id), callback)

    @property
    def hears(self) -> bool:
        """Whether signals are received now."""
        return self._connected.is_set()

    async def connected(self) -> None:
        """Return once the signals of all shards are received."""
        await self._connected.wait()

    async def run(self) -> None:
        """Receive signals until cancelled; reopens a lost connection and follows a shard that moved."""
        lines: dict[tuple[Pool, frozenset[str]], asyncio.Task[None]] = {}
        try:
            while True:
                news = self._store.network.news
                homes = self._store.network.homes()
                wanted = {(pool, frozenset(kept) & _SHARDS) for pool, kept in homes.items()}
                await _end([lines.pop(gone) for gone in set(lines) - wanted])
                for pool, kept in wanted - set(lines):
                    lines[pool, kept] = asyncio.create_task(self._keep_hearing(pool, kept))
                await news.wait()
        finally:
            await _end(lines.values())

    async def _keep_hearing(self, pool: Pool, roots: frozenset[str]) -> None:
        pause = FIRST_PAUSE_SECONDS
        while True:
            try:
                await self._hear(pool, roots)
            except StoreDown as error:
                if roots <= self._heard:
                    log.warning("doorbells_lost", why=str(error), shards=len(roots))
                    pause = FIRST_PAUSE_SECONDS
            finally:
                self._heard -= roots
                self._connected.clear()
            await asyncio.sleep(pause * random.uniform(0.5, 1))  # noqa: S311  # spreads replicas, guards nothing
            pause = min(LONGEST_PAUSE_SECONDS, pause * 2)

    async def _hear(self, pool: Pool, roots: frozenset[str]) -> None:
        wire = pool.make()
        helpers: list[asyncio.Task[None]] = []
        try:
            await pool.open(wire)
            # One channel in each command: in a cluster the channels of a command must share a slot.
            await _send(wire, [["SSUBSCRIBE", f"{root}bell"] for root in roots])
            async with asyncio.timeout(SILENCE_SECONDS) as silence:
                for _ in roots:
                    await wire.read_response()
                self._heard |= roots
                if len(self._heard) == len(CHANNELS):
                    self._connected.set()
                helpers += [asyncio.create_task(self._everyone_looks(roots)), asyncio.create_task(_ask_for_pongs(wire))]
                while True:
                    message = await wire.read_response()
                    silence.reschedule(asyncio.get_running_loop().time() + SILENCE_SECONDS)
                    if message[0] == "smessage":
                        self._ring(message[2], CHANNELS[message[1]])
                    elif message[0] == "sunsubscribe":
                        self._store.network.look()
                        raise StoreDown(f"{message[1]} has moved")
        except (RedisError, OSError) as error:
            raise StoreDown(str(error) or "no answer in time") from error
        finally:
            for helper in helpers:
                helper.cancel()
            await wire.disconnect(nowait=True)

    def _ring(self, text: str, root: str) -> None:
        for line in text.split("\n"):
            words = line.split(" ")
            if len(words) != 4:
                log.error("doorbell_malformed", words=len(words), root=root)
                continue
            kind, tenant, id_, word = words
            number = int(word) if word.isdecimal() else 0
            bell = Bell(kind, tenant, id_, number, word, root)
            for callback in (*self._by_kind.get(kind, ()), *self._by_id.get((kind, tenant, id_), ())):
                _call(callback, bell)

    async def _everyone_looks(self, roots: Collection[str]) -> None:
        """Signals may have been lost while disconnected: every listener reads the state."""
        for kind, callbacks in list(self._by_kind.items()):
            for callback in tuple(callbacks):
                _call(callback, Bell(kind, "-", "-", -1))
        concerned = [(exact, callbacks) for exact, callbacks in self._by_id.items() if keys.root(exact[1]) in roots]
        for count, (exact, callbacks) in enumerate(concerned, start=1):
            for callback in tuple(callbacks):
                _call(callback, Bell(*exact, -1))
            if count % BATCH == 0:
                await asyncio.sleep(0)


async def _end(tasks: Collection[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _send(wire: Wire, commands: Sequence[Sequence[str]]) -> None:
    await wire.send_packed_command(wire.pack_commands(commands), check_health=False)


async def _ask_for_pongs(wire: Wire) -> None:
    with suppress(RedisError, OSError):  # the reader notices the end, and opens another connection
        while True:
            await asyncio.sleep(SILENCE_SECONDS / 3)
            await _send(wire, [["PING"]])


def _call(callback: Callback, bell: Bell) -> None:
    try:
        callback(bell)
    except Exception:  # one listener's fault must not stop the others
        log.exception("doorbell_listener_failed", kind=bell.kind)


def _subscribe(table: dict[_Key, list[Callback]], key: _Key, callback: Callback) -> Callable[[], None]:
    # Lists are replaced, not changed, so that a callback may unsubscribe while signals are delivered.
    table[key] = [*table.get(key, ()), callback]
    gone = False

    def stop() -> None:
        nonlocal gone
        if gone:
            return
        gone = True
        left = list(table[key])
        left.remove(callback)
        if left:
            table[key] = left
        else:
            del table[key]

    return stop
