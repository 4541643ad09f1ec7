"""Microsoft allows one call a second on one chat (learn.microsoft.com/graph/throttling-limits, Teams).

Nobody waits here: a call is granted, or the caller hears how long to wait, and gives its worker's slot back meanwhile.
"""

import time
from collections.abc import Callable

from store.due import RetryLater

SECONDS = 1.1  # a second, and a tenth for the network's unevenness
_KEPT = 10_000  # chats; older ones have long had their second


class Pace:
    """Spaces the calls on each chat. In this process's memory: one worker at a time holds a chat's room."""

    def __init__(self, seconds: float = SECONDS, now: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._now = now
        self._free_at: dict[str, float] = {}

    def take(self, chat: str) -> float:
        """0 when a call on this chat may begin now, which is counted; else the seconds until one may be asked for again."""
        now = self._now()
        wait = self._free_at.get(chat, now) - now
        if wait > 0:
            return wait
        self.touched(chat)
        return 0.0

    def turn(self, chat: str) -> None:
        """`take` for a handler of the due set. Raises RetryLater when it must wait."""
        wait = self.take(chat)
        if wait > 0:
            raise RetryLater(wait, "Graph takes one call a second on a chat")

    def touched(self, chat: str) -> None:
        """A call on this chat has just been made, or its answer has just come."""
        self._free_at.pop(chat, None)
        self._free_at[chat] = self._now() + self._seconds
        while len(self._free_at) > _KEPT:
            del self._free_at[next(iter(self._free_at))]
