"""Teams' rate limits, kept by ourselves: each conversation in order, each tenant by priority."""

import asyncio
import heapq
import itertools
import time
from collections import deque
from collections.abc import Callable
from enum import IntEnum
from typing import Final

CONVERSATION_LIMITS: Final = ((7, 1.0), (8, 2.0), (60, 30.0), (1_800, 3_600.0))
"""Sends of one bot in one conversation: at most so many in so many seconds ("Rate limiting", Teams bot docs)."""

TENANT_LIMITS: Final = ((50, 1.0),)
"""Requests of one app in one tenant (the same page)."""

SLACK: Final = 1.05
"""Teams counts when requests arrive, we when they leave: windows are taken a little longer than they are."""

IDLE_SECONDS: Final = 3_600.0


class Priority(IntEnum):
    """The order in which a tenant's budget is spent."""

    OFFER = 0  # offers, and answers to clicks
    MESSAGE = 1
    UPDATE = 2  # other changes of cards


class Windows:
    """When the next one may go, if at most `number` may go in `seconds`, for each pair of `limits`."""

    def __init__(self, limits: tuple[tuple[int, float], ...]) -> None:
        self._limits = limits
        self._times: deque[float] = deque(maxlen=max(number for number, _ in limits))
        self.not_before = 0.0

    def free_at(self) -> float:
        """The earliest instant at which one more may go."""
        times = self._times
        waits = (times[-number] + seconds * SLACK for number, seconds in self._limits if len(times) >= number)
        return max(self.not_before, max(waits, default=0.0))

    def note(self, now: float) -> None:
        """One went."""
        self._times.append(now)


class Budget:
    """A tenant's budget: who waits is served by priority, then in order of coming."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._windows = Windows(TENANT_LIMITS)
        self._waiting: list[tuple[Priority, int, asyncio.Future[None]]] = []
        self._number = itertools.count()
        self._timer: asyncio.TimerHandle | None = None
        self._now = now

    async def take(self, priority: Priority) -> None:
        """Return when one request of this priority may go."""
        now = self._now()
        if not self._waiting and self._windows.free_at() <= now:
            self._windows.note(now)
            return
        turn = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (priority, next(self._number), turn))
        self._arm(now)
        await turn

    def _arm(self, now: float) -> None:
        if self._timer is None:
            delay = max(0.0, self._windows.free_at() - now)
            self._timer = asyncio.get_running_loop().call_later(delay, self._serve)

    def _serve(self) -> None:
        self._timer = None
        now = self._now()
        while self._waiting and self._windows.free_at() <= now:
            _, _, turn = heapq.heappop(self._waiting)
            if not turn.done():
                self._windows.note(now)
                turn.set_result(None)
        if self._waiting:
            self._arm(now)


class Lane:
    """A conversation's queue: one at a time, in order of coming, within its limits."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        """Who holds it is the only one that sends to this conversation."""
        self._windows = Windows(CONVERSATION_LIMITS)
        self.used_at = time.monotonic()

    @property
    def idle(self) -> bool:
        """Whether nobody needs to remember it."""
        return not self.lock.locked() and time.monotonic() - self.used_at > IDLE_SECONDS

    async def wait(self) -> None:
        """Return when one more may go, and count it."""
        delay = self._windows.free_at() - time.monotonic()
        if delay > 0:
            await asyncio.sleep(delay)
        self.used_at = time.monotonic()
        self._windows.note(self.used_at)

    def hold(self, seconds: float) -> None:
        """Teams asked for a pause."""
        self._windows.not_before = time.monotonic() + seconds
