"""Teams' rate limits, kept by ourselves: each conversation one call at a time, each tenant by priority.

Nobody waits in here. A call that may not go is told when to come back and keeps its place until then. All that is remembered
are numbers under names (conversation, tenant, who asked), and each question is one step, so that this state can move to
Redis, where all replicas share it.
"""

import time
from collections.abc import Callable, Mapping
from enum import IntEnum
from typing import Final, Protocol

from bots.windows import Bucket, Limits, Place, Tickets, Windows

CONVERSATION_LIMITS: Final = ((7, 1.0), (8, 2.0), (60, 30.0), (1_800, 3_600.0))
"""Calls of one bot in one conversation: at most so many in so many seconds ("Rate limiting", Teams bot docs)."""

CONVERSATION_BURSTS: Final = {30.0: 12, 3_600.0: 600}
"""How much of the longer windows may go at once. The rest is spread evenly, 1.6 and 0.33 calls a second: a conversation
that is busier than that waits 0.7 or 3 s between two calls, and what comes meanwhile goes together. Without it, it would
send 60 in 15 s and then stand still for as long."""

TENANT_LIMITS: Final = ((50, 1.0),)
"""Calls of one app in one tenant (the same page)."""

SLACK: Final = 1.05
"""Teams counts when requests arrive, we when they leave: windows are taken a little longer than they are."""

IDLE_SECONDS: Final = 3_600.0

LEASE_SECONDS: Final = 20.0
"""A call ends within the Connector's 15 s. One that is not heard of for longer was lost with its task."""

USUAL_SECONDS: Final = 0.2
"""What a call to Teams takes: when to ask again while another one is on its way."""


class Priority(IntEnum):
    """The order in which a tenant's budget is spent."""

    OFFER = 0  # offers, and answers to clicks
    MESSAGE = 1
    UPDATE = 2  # other changes of cards


HEAD_START_SECONDS: Final[Mapping[Priority, float]] = {
    Priority.OFFER: 60.0,
    Priority.MESSAGE: 0.0,
    Priority.UPDATE: -5.0,
}
"""Waiting calls are ordered by when they asked first, less this. So offers come first, and yet nothing waits without end."""

RESERVED_FOR_OFFERS: Final = 4
"""How much of a tenant's budget of each second nothing else takes: the first offers of a second wait for nothing."""


class Pacing(Protocol):
    """When something may be sent."""

    async def ask(self, tenant: str, conversation: str, who: str, priority: Priority, *, take: bool = True) -> float:
        """Returns 0.0 if `who` may make one call now; with `take` it is counted, and to be followed by `finished`. Else
        returns after how many seconds to ask again. Asking under the same name keeps the place."""
        ...

    async def leave(self, tenant: str, conversation: str, who: str) -> None:
        """`who` will not ask again: the place is given up. A caller that stays away without a word keeps it for a second."""
        ...

    async def finished(self, conversation: str, *, failed: bool) -> int:
        """The call is over. Returns how many in this conversation have failed in a row."""
        ...

    async def hold(self, conversation: str, seconds: float) -> None:
        """Let nothing go to this conversation for so long: Teams asked for a pause."""
        ...


class Lane:
    """A conversation: one call at a time, within its limits."""

    def __init__(self, now: float) -> None:
        self._tickets = Tickets()
        short, (number, seconds), (hourly, hour) = CONVERSATION_LIMITS[:2], *CONVERSATION_LIMITS[2:]
        self._limits = Limits(
            Windows(short, SLACK),
            Bucket(number, seconds * SLACK, CONVERSATION_BURSTS[seconds]),
            Bucket(hourly, hour * SLACK, CONVERSATION_BURSTS[hour]),
        )
        self._not_before = 0.0
        self._began: float | None = None
        self._went: Place | None = None  # whose call is on its way, or failed last
        self.fails = 0
        self.used_at = now

    def wait(self, who: str, rank: float, now: float) -> float:
        """Seconds until `who` may go, 0.0 if now. Strictly in order: what comes later never overtakes."""
        ahead = self._tickets.ahead(who, rank, now)
        at = max(self._not_before, self._limits.free_at(now, ahead), now + ahead * USUAL_SECONDS)
        if self._busy(now):
            # The longer it takes already, the less often it is worth asking.
            began = self._began or now
            at = max(at, began + (ahead + 1) * USUAL_SECONDS, now + max(0.02, (now - began) / 2))
        if at <= now and not ahead:
            return 0.0
        return self.keep(who, rank, at, now)

    def keep(self, who: str, rank: float, at: float, now: float) -> float:
        """Keep a place for `who`, who comes again at `at`; returns the seconds until then."""
        self._tickets.keep(who, rank, at)
        return max(at - now, 0.001)

    def leave(self, who: str) -> None:
        """Give up the place of `who`."""
        self._tickets.drop(who)
        if self._went is not None and self._went[2] == who:
            self._went = None

    def go(self, who: str, rank: float, now: float) -> None:
        """The call begins."""
        self._went = self._tickets.drop(who) or (rank, 0, who)
        self._limits.note(now)
        self._began = self.used_at = now

    def end(self, now: float, *, failed: bool) -> None:
        """The call is over. One that failed keeps its place: it goes again before what came after it."""
        self._began = None
        self.fails = self.fails + 1 if failed else 0
        if failed and self._went is not None:
            self._tickets.put_back(self._went, now)
        else:
            self._went = None

    def hold(self, until: float) -> None:
        """Nothing goes before."""
        self._not_before = max(self._not_before, until)
        if self._went is not None:
            self._tickets.put_back(self._went, until)

    def is_idle(self, now: float) -> bool:
        """Whether nobody needs to remember it."""
        return not self._busy(now) and now - self.used_at > IDLE_SECONDS

    def _busy(self, now: float) -> bool:
        return self._began is not None and now - self._began < LEASE_SECONDS


class Budget:
    """A tenant: who waits is served by priority, then in order of coming."""

    def __init__(self) -> None:
        self._tickets = Tickets()
        self._windows = Windows(TENANT_LIMITS, SLACK)

    def wait(self, who: str, priority: Priority, now: float) -> float:
        """Seconds until `who` may go, 0.0 if now."""
        rank = rank_of(priority, now)
        ahead = self._tickets.ahead(who, rank, now)
        # What has waited longer than an offer's head start is as urgent as an offer.
        is_urgent = self._tickets.rank(who, rank) <= rank_of(Priority.OFFER, now)
        at = self._windows.free_at(now, ahead + (0 if is_urgent else RESERVED_FOR_OFFERS))
        if at <= now:
            return 0.0
        self._tickets.keep(who, rank, at)
        return at - now

    def leave(self, who: str) -> None:
        """Give up the place of `who`."""
        self._tickets.drop(who)

    def go(self, who: str, now: float) -> None:
        """One call of the budget is spent."""
        self._tickets.drop(who)
        self._windows.note(now)


def rank_of(priority: Priority, now: float) -> float:
    """The place in the order of those who wait: lower goes first."""
    return now - HEAD_START_SECONDS[priority]


class LocalPacing:
    """The `Pacing` of one process."""

    SWEEP_EVERY: Final = 1_000

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._lanes: dict[str, Lane] = {}
        self._budgets: dict[str, Budget] = {}

    async def ask(self, tenant: str, conversation: str, who: str, priority: Priority, *, take: bool = True) -> float:
        """See `Pacing`."""
        now = self._now()
        lane = self._lane(conversation, now)
        rank = rank_of(priority, now)
        wait = lane.wait(who, rank, now)
        if wait:
            return wait
        budget = self._budgets.setdefault(tenant, Budget())
        wait = budget.wait(who, priority, now)
        if wait:
            return lane.keep(who, rank, now + wait, now)
        if take:
            lane.go(who, rank, now)
            budget.go(who, now)
        return 0.0

    async def leave(self, tenant: str, conversation: str, who: str) -> None:
        """See `Pacing`."""
        if conversation in self._lanes:
            self._lanes[conversation].leave(who)
        if tenant in self._budgets:
            self._budgets[tenant].leave(who)

    async def finished(self, conversation: str, *, failed: bool) -> int:
        """See `Pacing`."""
        now = self._now()
        lane = self._lane(conversation, now)
        lane.end(now, failed=failed)
        return lane.fails

    async def hold(self, conversation: str, seconds: float) -> None:
        """See `Pacing`."""
        now = self._now()
        self._lane(conversation, now).hold(now + seconds)

    def _lane(self, conversation: str, now: float) -> Lane:
        lane = self._lanes.get(conversation)
        if lane is None:
            if len(self._lanes) % self.SWEEP_EVERY == self.SWEEP_EVERY - 1:
                self._lanes = {name: known for name, known in self._lanes.items() if not known.is_idle(now)}
            lane = self._lanes[conversation] = Lane(now)
        return lane
