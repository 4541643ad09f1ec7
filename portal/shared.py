"""What many pages show alike is read once for all of them, until a bell rings or a few seconds have passed."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Entry(Generic[T]):
    reading: asyncio.Task[T]
    until: float


class Shared(Generic[T]):
    """Readings by (tenant, part). A reading that failed is not kept."""

    def __init__(self, read: Callable[[str, str], Awaitable[T]], *, keep_seconds: float) -> None:
        self._read = read
        self._keep_seconds = keep_seconds
        self._entries: dict[tuple[str, str], _Entry[T]] = {}

    async def get(self, tenant: str, part: str) -> T:
        key, now = (tenant, part), time.monotonic()
        entry = self._entries.get(key)
        if entry is None or entry.until <= now:
            self._drop_old(now)
            entry = _Entry(asyncio.ensure_future(self._reading(tenant, part)), now + self._keep_seconds)
            self._entries[key] = entry
        try:
            # A page that goes away must not take the reading from the others.
            return await asyncio.shield(entry.reading)
        except Exception:
            if self._entries.get(key) is entry:
                del self._entries[key]
            raise

    def forget(self, tenant: str, part: str) -> None:
        self._entries.pop((tenant, part), None)

    def forget_all(self) -> None:
        self._entries.clear()

    async def _reading(self, tenant: str, part: str) -> T:
        return await self._read(tenant, part)

    def _drop_old(self, now: float) -> None:
        for key in [key for key, entry in self._entries.items() if entry.until <= now]:
            del self._entries[key]
