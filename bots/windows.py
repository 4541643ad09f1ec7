"""The arithmetic of limits: when one more may go, and in which order waiting calls go. It knows no clock."""

import heapq
import itertools
import math
from bisect import bisect_left, insort
from collections import deque
from collections.abc import Sequence
from typing import Final

GRACE_SECONDS: Final = 1.0
"""A place is kept for this long after the time at which its owner was to come. Who does not need it any more does not
say so, and meanwhile the place costs the others one call."""


class Windows:
    """At most `number` may go in any `seconds`, for each pair of `limits`."""

    def __init__(self, limits: Sequence[tuple[int, float]], slack: float = 1.0) -> None:
        self._limits = tuple((number, seconds * slack) for number, seconds in limits)
        self._times: deque[float] = deque(maxlen=max(number for number, _ in limits))

    def free_at(self, now: float, ahead: int = 0) -> float:
        """The earliest instant, `now` or later, at which one more may go after `ahead` others, who go as soon as they may."""
        return max(now, *(self._free_at(now, ahead, number, seconds) for number, seconds in self._limits))

    def _free_at(self, now: float, ahead: int, number: int, seconds: float) -> float:
        rounds, place = divmod(ahead, number)
        went = len(self._times) - number + place  # the one whose end of window makes this place free
        first = max(now, self._times[went] + seconds) if went >= 0 else now
        return first + rounds * seconds

    def note(self, now: float) -> None:
        """One went."""
        self._times.append(now)


class Bucket:
    """At most `number` in any `seconds`: `burst` of them at once, the others evenly spread."""

    def __init__(self, number: int, seconds: float, burst: int) -> None:
        self._step = seconds / (number - burst)
        self._ahead = (burst - 1) * self._step
        self._empty_at = -math.inf  # when all of the burst is there again

    def free_at(self, now: float, ahead: int = 0) -> float:
        """As for `Windows`."""
        return max(now, max(self._empty_at, now) + ahead * self._step - self._ahead)

    def note(self, now: float) -> None:
        """One went."""
        self._empty_at = max(self._empty_at, now) + self._step


class Limits:
    """Several that hold together."""

    def __init__(self, *limits: Windows | Bucket) -> None:
        self._limits = limits

    def free_at(self, now: float, ahead: int = 0) -> float:
        """As for `Windows`."""
        return max(limit.free_at(now, ahead) for limit in self._limits)

    def note(self, now: float) -> None:
        """One went."""
        for limit in self._limits:
            limit.note(now)


Place = tuple[float, int, str]
"""Rank, number, and whose it is."""


class Tickets:
    """The places of those who were told to come again, by rank and then by when they first asked."""

    def __init__(self) -> None:
        self._order: list[Place] = []
        self._place: dict[str, Place] = {}
        self._come_at: dict[str, float] = {}
        self._ends: list[tuple[float, str]] = []
        self._numbers = itertools.count(1)

    def ahead(self, who: str, rank: float, now: float) -> int:
        """How many come before `who`, who would have this rank without a place."""
        self._forget(now)
        return bisect_left(self._order, self._place.get(who) or (rank, math.inf, who))

    def rank(self, who: str, rank: float) -> float:
        """That of the place that `who` has, or else `rank`."""
        return self._place[who][0] if who in self._place else rank

    def keep(self, who: str, rank: float, come_at: float) -> None:
        """Keep the place that `who` has, or give one, until a moment after `come_at`."""
        self.put_back(self._place.get(who) or (rank, next(self._numbers), who), come_at)

    def put_back(self, place: Place, come_at: float) -> None:
        """Keep a place that its owner had."""
        who = place[2]
        if who not in self._place:
            self._place[who] = place
            insort(self._order, place)
        self._come_at[who] = come_at
        heapq.heappush(self._ends, (come_at + GRACE_SECONDS, who))

    def drop(self, who: str) -> Place | None:
        """`who` went, or will not come. Returns the place."""
        place = self._place.pop(who, None)
        if place is not None:
            del self._order[bisect_left(self._order, place)]
            del self._come_at[who]
        return place

    def _forget(self, now: float) -> None:
        while self._ends and self._ends[0][0] < now:
            _, who = heapq.heappop(self._ends)
            if self._come_at.get(who, now) + GRACE_SECONDS < now:
                self.drop(who)
