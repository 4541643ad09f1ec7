"""Log lines that strangers can cause: at most one per minute and kind, with a count of the suppressed ones."""

import time
from collections import Counter
from collections.abc import Callable
from typing import Any, Final

EVERY_SECONDS: Final = 60.0


class Seldom:
    """Logs the first of a kind at once, and counts the others until a minute has passed.

    `level` is the name of the logger's method. Kinds are Usher's own words, never text from a request: there are few.
    """

    def __init__(self, log: Any, level: str = "warning", clock: Callable[[], float] = time.monotonic) -> None:
        self._log = log
        self._level = level
        self._clock = clock
        self._said_at: dict[str, float] = {}
        self._unsaid: Counter[str] = Counter()

    def __call__(self, event: str, kind: str = "", **fields: Any) -> None:
        """Log the event, unless this kind was logged within the last minute."""
        key, now = f"{event} {kind}", self._clock()
        if now - self._said_at.get(key, float("-inf")) < EVERY_SECONDS:
            self._unsaid[key] += 1
            return
        self._said_at[key] = now
        getattr(self._log, self._level)(event, **fields, unsaid=self._unsaid.pop(key, 0))
