"""Microsoft's rate limits, counted as sliding windows."""

import math
from collections import defaultdict, deque
from collections.abc import Callable, Mapping, Sequence
from time import monotonic

from sandbox.problems import Problem, refuse

Windows = Sequence[tuple[int, float]]  # (calls, in seconds)

# For one bot in one conversation (rate limiting in Teams, docs). Updates and deletes count as sends here (strict reading).
CONVERSATION_SENDS: Windows = ((7, 1), (8, 2), (60, 30), (1800, 3600))
CONVERSATION_READS: Windows = ((14, 1), (16, 2), (120, 30), (3600, 3600))
CONVERSATION_CREATIONS: Windows = ((7, 1), (8, 2), (60, 30), (1800, 3600))
CONNECTOR_TENANT: Windows = ((50, 1),)
# For one app in one tenant (Graph throttling limits, Teams, docs).
GRAPH_CHAT: Windows = ((1, 1),)
GRAPH_CHAT_MEMBERS: Windows = ((4, 60),)
GRAPH_OTHER: Windows = ((30, 1),)


class Limits:
    """Counts calls; refuses those above the limit, with the time to retry after."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self.clock = clock
        self._calls: Mapping[tuple[str, str], deque[float]] = defaultdict(deque)

    def count(self, refusal: str, key: str, windows: Windows) -> None:
        """Count a call of this key. Raises the refusal if a window is full; a refused call does not count."""
        calls, at = self._calls[refusal, key], self.clock()
        longest = windows[-1][1]
        while calls and calls[0] <= at - longest:
            calls.popleft()
        for most, seconds in windows:
            if len(calls) >= most and calls[-most] > at - seconds:
                raise _too_many(refusal, most, seconds, calls[-most] + seconds - at)
        calls.append(at)


def _too_many(refusal: str, count: int, seconds: float, wait: float) -> Problem:
    return refuse(refusal, headers={"Retry-After": str(max(1, math.ceil(wait)))}, count=count, seconds=int(seconds))
