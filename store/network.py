"""Which server keeps which shard, and how commands are routed: a single server here, several in `sentinels.py` and
`cluster.py`.

A command is sent again only if it certainly did not run: the connection was never made, or the answer says so (MOVED,
READONLY, CLUSTERDOWN, TRYAGAIN). If a connection breaks after sending, the result is unknown: `StoreDown`.
"""

import asyncio
import itertools
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

import structlog
from redis import exceptions as redis_errors

from store import keys
from store.address import Place
from store.commands import Word
from store.waiting import is_set_within
from store.wire import CONNECT_PATIENCE_SECONDS, Pool, StoreDown, StoreError, StoreUnsent

log = structlog.get_logger(__name__)

# Every key begins with one of these; the server that keeps one keeps all keys under it.
HOMES = (*keys.roots(), keys.ALL)

# Each sentinel and cluster node is asked at this interval which server keeps which shard; at once after a routing
# error.
LOOK_SECONDS = 1.0
LOOK_AGAIN_SECONDS = 0.05
# Shorter than for a single server, because the others are waiting too.
CONNECT_SECONDS = 1.0
# A replica that has not copied for this long counts as down.
WAIT_SECONDS = 1.0

_NOT_RUN = (
    StoreUnsent,
    redis_errors.MovedError,
    redis_errors.ReadOnlyError,
    redis_errors.ClusterDownError,
    redis_errors.TryAgainError,
)


def home_of(key: str) -> str:
    """The root that `key` (or a channel) begins with. Raises StoreError for a name without one."""
    end = key.find("}:")
    if end < 0:
        raise StoreError(f"`{key}` does not begin with a shard")
    return key[: end + 2]


def named(place: Place) -> str:
    """`host:port`, for people."""
    return f"{place[0]}:{place[1]}"


class Network(ABC):
    """Every server that holds a part of the data."""

    def __init__(self) -> None:
        # Set, and replaced by a new event, whenever a shard has moved.
        self.news = asyncio.Event()

    async def start(self) -> None:  # noqa: B027  # a single server has nothing to learn
        """Learn which server keeps which shard. Raises StoreDown."""

    @abstractmethod
    async def talk(self, commands: Sequence[Sequence[Word]], names: Sequence[str]) -> list[Any]:
        """Send each command to the server of its name, with one write to each server. Returns their answers; where
        there is none,
        the error (of redis-py, or StoreDown) as a value. Raises only StoreError: for a name without a root, or for a
        command
        that cannot be encoded."""

    @abstractmethod
    def homes(self) -> Mapping[Pool, Sequence[str]]:
        """Each server that keeps shards, with their roots, as far as known."""

    def together(self, roots: Sequence[str]) -> Sequence[Sequence[int]]:
        """Groups these, as indexes in the list, by server."""
        if not roots:
            return []
        server_of = {root: pool for pool, kept in self.homes().items() for root in kept}
        groups: dict[Pool | None, list[int]] = {}
        for index, root in enumerate(roots):
            groups.setdefault(server_of.get(root), []).append(index)
        return list(groups.values())

    def look(self) -> None:  # noqa: B027  # as above
        """After a routing error: learn soon which server keeps which shard."""

    @abstractmethod
    async def close(self) -> None:
        """Close every connection. Later calls raise StoreDown."""

    def tell(self) -> None:
        """A shard has moved: wake all waiters."""
        self.news.set()
        self.news = asyncio.Event()


async def talk_to(pool: Pool, commands: Sequence[Sequence[Word]], *, alone: bool = False) -> list[Any]:
    """The answers of one server; if it cannot be reached, the same StoreDown for each command."""
    try:
        return await (pool.talk_alone if alone else pool.talk)(commands)
    except StoreDown as error:
        return [error] * len(commands)


async def talk_safely(pool: Pool, commands: Sequence[Sequence[Word]], replicas: int) -> Sequence[Any]:
    """As `talk_to`, but writes count only when `replicas` replicas have them. WAIT checks this connection's last write;
    after
    commands that wrote nothing it returns at once."""
    if not replicas:
        return await talk_to(pool, commands)
    *said, copied = await talk_to(pool, [*commands, ("WAIT", replicas, round(WAIT_SECONDS * 1000))], alone=True)
    if isinstance(copied, int) and copied < replicas:
        return [StoreDown(f"{copied} replicas have it, and {replicas} must")] * len(commands)
    return said


class OneServer(Network):
    """A single server keeps all shards."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._pool = Pool(url)

    async def talk(self, commands: Sequence[Sequence[Word]], names: Sequence[str]) -> list[Any]:  # noqa: ARG002  # the name does not matter here
        return await talk_to(self._pool, commands)

    def homes(self) -> Mapping[Pool, Sequence[str]]:
        return {self._pool: HOMES}

    async def close(self) -> None:
        await self._pool.close()


class Several(Network):
    """Servers that take over from each other. Some of them (`witnesses`) are asked regularly which server keeps which
    shard."""

    def __init__(self, witnesses: Sequence[Place], replicas: int) -> None:
        super().__init__()
        self.waits_for = replicas  # how many replicas must have a write before it counts
        self._pools: dict[Place, Pool] = {}
        self._where: dict[str, Place] = {}
        self._listening: dict[Place, asyncio.Task[None]] = {}
        self._ask_now = asyncio.Event()
        self._heard = asyncio.Event()
        self._down_since: dict[Place, float] = {}
        self._seeds = tuple(witnesses)
        self._why = "no server says where the data is"
        self._closed = False
        self._leaving: set[asyncio.Task[None]] = set()

    # --- differs between sentinels and a cluster
    # -----------------------------------------------------------------------

    @abstractmethod
    def make_pool(self, place: Place) -> Pool:
        """Connections to a server that holds data."""

    @abstractmethod
    def make_ear(self, place: Place) -> Pool:
        """Connections to a witness."""

    @abstractmethod
    async def ask_witness(self, place: Place, pool: Pool) -> None:
        """Ask one witness and apply its answer. Raises StoreDown, StoreError."""

    @abstractmethod
    def forget_witness(self, place: Place) -> None:
        """The witness cannot be reached: discard its last answer."""

    # --- which server keeps which shard -------------------------------------------------------------------------------

    async def start(self) -> None:
        self.listen_to(self._seeds)
        end = time.monotonic() + CONNECT_PATIENCE_SECONDS
        while len(self._where) < len(HOMES):
            if time.monotonic() > end:
                raise StoreUnsent(self._why)
            await self._look_again()

    def listen_to(self, places: Sequence[Place]) -> None:
        """Use these witnesses, besides those in the address."""
        wanted = {*places, *self._seeds}
        for place in wanted - set(self._listening):
            self._listening[place] = asyncio.create_task(self._listen(place), name=f"who keeps what: {place}")
        for place in set(self._listening) - wanted:
            self._listening.pop(place).cancel()
            self.forget_witness(place)

    async def _listen(self, place: Place) -> None:
        pool = self.make_ear(place)
        try:
            while True:
                try:
                    await self.ask_witness(place, pool)
                except (StoreDown, StoreError) as error:
                    self._why = f"{named(place)}: {error}"
                    self.forget_witness(place)
                self._heard.set()
                await is_set_within(self._ask_now, LOOK_SECONDS)
        finally:
            await pool.close()

    def look(self) -> None:
        self._ask_now.set()
        self._ask_now = asyncio.Event()

    async def _look_again(self) -> None:
        """Ask every witness soon; return when one has answered, but not at once."""
        self.look()
        self._heard.clear()
        await asyncio.sleep(LOOK_AGAIN_SECONDS)
        await is_set_within(self._heard, LOOK_AGAIN_SECONDS)

    def settle(self, where: Mapping[str, Place], *, took_over: frozenset[Place] = frozenset()) -> None:
        """Set the server of each root. `took_over`: servers that another server has permanently replaced."""
        if where == self._where:
            return
        moved = [root for root, place in where.items() if self._where.get(root) != place]
        if self._where:
            log.warning("store_moved", shards=moved, to=sorted({named(where[root]) for root in moved}))
        self._where = dict(where)
        for place in set(self._pools) - set(where.values()):
            self._down_since.pop(place, None)
            pool = self._pools.pop(place)
            leaving = asyncio.create_task(pool.cut() if place in took_over else pool.close())
            self._leaving.add(leaving)
            leaving.add_done_callback(self._leaving.discard)
        self.tell()

    def move(self, name: str, place: Place) -> None:
        """A server reports that this root has moved there."""
        self.settle({**self._where, home_of(name): place})

    def homes(self) -> Mapping[Pool, Sequence[str]]:
        found: dict[Pool, list[str]] = {}
        for root, place in self._where.items():
            found.setdefault(self._pool(place), []).append(root)
        return found

    def _pool(self, place: Place) -> Pool:
        pool = self._pools.get(place)
        if pool is None:
            pool = self._pools[place] = self.make_pool(place)
        return pool

    # --- talking -----------------------------------------------------------------------------------------------------

    async def talk(self, commands: Sequence[Sequence[Word]], names: Sequence[str]) -> list[Any]:
        roots = [home_of(name) for name in names]
        answers: list[Any] = [None] * len(commands)
        left = list(range(len(commands)))
        began = time.monotonic()
        for attempt in itertools.count():
            by_place: dict[Place | None, list[int]] = {}
            for index in left:
                by_place.setdefault(self._where.get(roots[index]), []).append(index)
            await asyncio.gather(*(self._talk_at(place, which, commands, answers) for place, which in by_place.items()))
            left = [index for index in left if isinstance(answers[index], _NOT_RUN)]
            for index in left:
                self._follow(roots[index], answers[index])
            # The second attempt is always made: after a look, which also slows down callers that loop.
            left = [index for index in left if not attempt or self._is_worth_it(answers[index], roots[index], began)]
            if not left or self._closed:
                break
            await self._look_again()
        return answers

    async def _talk_at(
        self, place: Place | None, which: Sequence[int], commands: Sequence[Sequence[Word]], answers: list[Any]
    ) -> None:
        if place is None:
            said: Sequence[Any] = [StoreUnsent(self._why)] * len(which)
        else:
            said = await talk_safely(self._pool(place), [commands[index] for index in which], self.waits_for)
            if isinstance(said[0], StoreUnsent):
                self._down_since.setdefault(place, time.monotonic())
            else:
                self._down_since.pop(place, None)
        for index, answer in zip(which, said, strict=True):
            answers[index] = answer

    def _follow(self, root: str, answer: Exception) -> None:
        """Accept the redirection of a server that says which other server keeps this root."""
        if isinstance(answer, redis_errors.MovedError):
            place = self._where.get(root)
            host, _, port = str(answer).rpartition(" ")[2].rpartition(":")
            # A node that does not know its own name sends an empty one: then it is the host that was asked.
            self.move(root, (host or (place[0] if place else ""), int(port)))

    def _is_worth_it(self, answer: Exception, root: str, began: float) -> bool:
        """Whether to send it again: only for a short time, and no more to a server that has been down for longer."""
        place = self._where.get(root)
        since = self._down_since.get(place, began) if place and isinstance(answer, StoreUnsent) else began
        return time.monotonic() - min(began, since) < CONNECT_PATIENCE_SECONDS

    async def close(self) -> None:
        listening = list(self._listening.values())
        for task in listening:
            task.cancel()
        await asyncio.gather(*listening, *self._leaving, return_exceptions=True)
        self._closed = True
        for pool in self._pools.values():
            await pool.close()
