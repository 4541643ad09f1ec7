"""Which server keeps which shard, and how a command finds it: one server here, several in `sentinels.py` and `cluster.py`.

Only what has surely not run is sent again: a connection that was never made, and the answers that say so (MOVED,
READONLY, CLUSTERDOWN, TRYAGAIN). A connection that breaks after sending means that nobody knows, and is `StoreDown`.
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

# Everything the product keeps begins with one of these, and whoever keeps one keeps all keys under it.
HOMES = (*keys.roots(), keys.ALL)

# Each sentinel, and each node of a cluster, is asked so often who keeps what; at once when something does not fit.
LOOK_SECONDS = 1.0
LOOK_AGAIN_SECONDS = 0.05
# A server beside others is not waited for as long as the only one.
CONNECT_SECONDS = 1.0
# A replica that does not copy for so long is away.
WAIT_SECONDS = 1.0

_NOT_RUN = (
    StoreUnsent,
    redis_errors.MovedError,
    redis_errors.ReadOnlyError,
    redis_errors.ClusterDownError,
    redis_errors.TryAgainError,
)


def home_of(key: str) -> str:
    """The root that `key` (or a channel) begins with. Raises StoreError for a name that has none."""
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
        # Set, and replaced by a new one, whenever a shard has another home.
        self.news = asyncio.Event()

    async def start(self) -> None:  # noqa: B027  # one server has nothing to learn
        """Learn who keeps what. Raises StoreDown."""

    @abstractmethod
    async def talk(self, commands: Sequence[Sequence[Word]], names: Sequence[str]) -> list[Any]:
        """Send each command to the home of its name; one write to each server. Returns their answers, and for those
        without one the error (of redis-py, or StoreDown) as a value. Raises nothing but StoreError, for a name without
        a home or for what cannot be sent."""

    @abstractmethod
    def homes(self) -> Mapping[Pool, Sequence[str]]:
        """Each server that has a part, with the roots that it keeps, as far as that is known."""

    def together(self, roots: Sequence[str]) -> Sequence[Sequence[int]]:
        """Which of these, by their places in the list, lie on the same server."""
        if not roots:
            return []
        server_of = {root: pool for pool, kept in self.homes().items() for root in kept}
        groups: dict[Pool | None, list[int]] = {}
        for index, root in enumerate(roots):
            groups.setdefault(server_of.get(root), []).append(index)
        return list(groups.values())

    def look(self) -> None:  # noqa: B027  # likewise
        """Something does not fit: find out soon who keeps what."""

    @abstractmethod
    async def close(self) -> None:
        """End every connection. Calls after it find the store down."""

    def tell(self) -> None:
        """A shard has another home: wake whoever waits for that."""
        self.news.set()
        self.news = asyncio.Event()


async def talk_to(pool: Pool, commands: Sequence[Sequence[Word]], *, alone: bool = False) -> list[Any]:
    """What one server says; a server that cannot be reached gives each command the same StoreDown."""
    try:
        return await (pool.talk_alone if alone else pool.talk)(commands)
    except StoreDown as error:
        return [error] * len(commands)


async def talk_safely(pool: Pool, commands: Sequence[Sequence[Word]], replicas: int) -> Sequence[Any]:
    """As `talk_to`, but what was written counts only once so many replicas have it. WAIT looks at this connection's last
    write; after commands that wrote nothing it returns at once."""
    if not replicas:
        return await talk_to(pool, commands)
    *said, copied = await talk_to(pool, [*commands, ("WAIT", replicas, round(WAIT_SECONDS * 1000))], alone=True)
    if isinstance(copied, int) and copied < replicas:
        return [StoreDown(f"{copied} replicas have it, and {replicas} must")] * len(commands)
    return said


class OneServer(Network):
    """A single server keeps everything."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._pool = Pool(url)

    async def talk(self, commands: Sequence[Sequence[Word]], names: Sequence[str]) -> list[Any]:  # noqa: ARG002  # all the same here
        return await talk_to(self._pool, commands)

    def homes(self) -> Mapping[Pool, Sequence[str]]:
        return {self._pool: HOMES}

    async def close(self) -> None:
        await self._pool.close()


class Several(Network):
    """Servers that take over from each other. Some of them (`witnesses`) are asked all the time who keeps what."""

    def __init__(self, witnesses: Sequence[Place], replicas: int) -> None:
        super().__init__()
        self.waits_for = replicas  # so many must have what was written, before it counts
        self._pools: dict[Place, Pool] = {}
        self._where: dict[str, Place] = {}
        self._ears: dict[Place, asyncio.Task[None]] = {}
        self._ask_now = asyncio.Event()
        self._heard = asyncio.Event()
        self._down_since: dict[Place, float] = {}
        self._seeds = tuple(witnesses)
        self._why = "nobody says where the data is"
        self._closed = False
        self._leaving: set[asyncio.Task[None]] = set()

    # --- what the two kinds know for themselves ----------------------------------------------------------------------

    @abstractmethod
    def make_pool(self, place: Place) -> Pool:
        """Connections to a server that holds data."""

    @abstractmethod
    def make_ear(self, place: Place) -> Pool:
        """Connections to a witness."""

    @abstractmethod
    async def ask_witness(self, place: Place, pool: Pool) -> None:
        """Ask one witness, and draw the consequences. Raises StoreDown, StoreError."""

    @abstractmethod
    def forget_witness(self, place: Place) -> None:
        """It cannot be reached: what it said last counts no longer."""

    # --- who keeps what ----------------------------------------------------------------------------------------------

    async def start(self) -> None:
        self.listen_to(self._seeds)
        end = time.monotonic() + CONNECT_PATIENCE_SECONDS
        while len(self._where) < len(HOMES):
            if time.monotonic() > end:
                raise StoreUnsent(self._why)
            await self._look_again()

    def listen_to(self, places: Sequence[Place]) -> None:
        """Let these be the witnesses, besides those that the address names."""
        wanted = {*places, *self._seeds}
        for place in wanted - set(self._ears):
            self._ears[place] = asyncio.create_task(self._listen(place), name=f"who keeps what: {place}")
        for place in set(self._ears) - wanted:
            self._ears.pop(place).cancel()
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
        """Let every witness be asked now; return when one has answered, but not at once."""
        self.look()
        self._heard.clear()
        await asyncio.sleep(LOOK_AGAIN_SECONDS)
        await is_set_within(self._heard, LOOK_AGAIN_SECONDS)

    def settle(self, where: Mapping[str, Place], *, took_over: frozenset[Place] = frozenset()) -> None:
        """From now on each root is there. `took_over`: places whose data another server has now, for good."""
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
        """A server says that this one root has moved there."""
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
            # The second attempt is made in any case: after a look, which also slows down whoever calls in a circle.
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
        """Believe a server that says who keeps this root instead of it."""
        if isinstance(answer, redis_errors.MovedError):
            place = self._where.get(root)
            host, _, port = str(answer).rpartition(" ")[2].rpartition(":")
            # A node that does not know its own name says none: then it is the host that was asked.
            self.move(root, (host or (place[0] if place else ""), int(port)))

    def _is_worth_it(self, answer: Exception, root: str, began: float) -> bool:
        """Whether to send it again: for a moment only, and no more for a server that has been away for longer."""
        place = self._where.get(root)
        since = self._down_since.get(place, began) if place and isinstance(answer, StoreUnsent) else began
        return time.monotonic() - min(began, since) < CONNECT_PATIENCE_SECONDS

    async def close(self) -> None:
        ears = list(self._ears.values())
        for ear in ears:
            ear.cancel()
        await asyncio.gather(*ears, *self._leaving, return_exceptions=True)
        self._closed = True
        for pool in self._pools.values():
            await pool.close()
