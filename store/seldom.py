"""Lines of the log that strangers can cause: one now and then, with the number of those that it stands for."""

import time
from collections import Counter
from collections.abc import Callable
from typing import Any, Final

EVERY_SECONDS: Final = 60.0


class Seldom:
    """Says the first of a kind at once, and counts the others until a minute has passed.

    `level` is the name of the logger's method. The kinds are words of ours, never of a request: there are few of them.
    """

    def __init__(self, log: Any, level: str = "warning", clock: Callable[[], float] = time.monotonic) -> None:
        self._log = log
        self._level = level
        self._clock = clock
        self._said_at: dict[str, float] = {}
        self._unsaid: Counter[str] = Counter()

    def __call__(self, event: str, kind: str = "", **fields: Any) -> None:
        """Log the event, unless it was logged for this kind within the last minute."""
        key, now = f"{event} {kind}", self._clock()
        if now - self._said_at.get(key, float("-inf")) < EVERY_SECONDS:
            self._unsaid[key] += 1
            return
        self._said_at[key] = now
        getattr(self._log, self._level)(event, **fields, unsaid=self._unsaid.pop(key, 0))
