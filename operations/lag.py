"""Says what kept the event loop from its work: while one function runs, nobody's message moves."""

import asyncio
import sys
import threading
import time
from pathlib import Path
from types import FrameType
from typing import Final

import structlog
from prometheus_client import Counter, Histogram

log = structlog.get_logger(__name__)

BEAT_SECONDS: Final = 0.05
BLOCKED_SECONDS: Final = 0.1
"""A loop that comes back later than this is worth a line in the log."""

QUIET_SECONDS: Final = 10.0
"""At most one line in this time; the next one says how many there were in between."""

FRAMES: Final = 12

LAG = Histogram(
    "usher_loop_lag_seconds",
    "How late the event loop came back to a timer of 50 ms",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
BLOCKED = Counter("usher_loop_blocked_total", "How often the event loop was blocked for more than 100 ms")

_HERE: Final = Path(__file__).resolve().parent.parent


class LagWatch:
    """A heart that beats in the event loop, and a thread that looks what the loop is doing when a beat is late.

    The stack has files, lines and names of functions only: no values, so no secrets.
    """

    def __init__(self) -> None:
        self._beat = 0.0
        self._stack = ""
        self._quiet_until = 0.0
        self._unsaid = 0
        self._stopping = threading.Event()

    async def run(self) -> None:
        """Watch the loop that this runs in until it is cancelled."""
        self._stopping = threading.Event()
        self._beat = time.monotonic()
        watcher = threading.Thread(
            target=self._watch, args=(threading.get_ident(), self._stopping), name="lag", daemon=True
        )
        watcher.start()
        try:
            while True:
                await asyncio.sleep(BEAT_SECONDS)
                now = time.monotonic()
                late = max(now - self._beat - BEAT_SECONDS, 0.0)
                LAG.observe(late)
                if late > BLOCKED_SECONDS:
                    self._say(late, now)
                self._beat, self._stack = now, ""
        finally:
            self._stopping.set()

    def _say(self, late: float, now: float) -> None:
        BLOCKED.inc()
        if now < self._quiet_until:
            self._unsaid += 1
            return
        log.warning("loop_blocked", seconds=round(late, 3), stack=self._stack, unsaid=self._unsaid)
        self._quiet_until, self._unsaid = now + QUIET_SECONDS, 0

    def _watch(self, loop_thread: int, stopping: threading.Event) -> None:
        """In a thread of its own. A function in C that never lets go of the interpreter is seen only when it returns."""
        while not stopping.wait(BEAT_SECONDS):
            if not self._stack and time.monotonic() - self._beat > BLOCKED_SECONDS:
                # The first look is the one that counts: later ones may see what was waiting behind it.
                self._stack = stack_of(sys._current_frames().get(loop_thread))  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] there is no other way


def stack_of(frame: FrameType | None) -> str:
    """The innermost functions, the innermost last: `store/line.py:120 send < …`; empty if there is no frame."""
    found: list[str] = []
    while frame is not None and len(found) < FRAMES:
        path = Path(frame.f_code.co_filename)
        place = path.relative_to(_HERE) if path.is_relative_to(_HERE) else Path(*path.parts[-2:])
        found.append(f"{place}:{frame.f_lineno} {frame.f_code.co_name}")
        frame = frame.f_back
    return " < ".join(found)
