"""Change signals for open Teams pages: a page that gets one fetches the state again."""

import asyncio
from collections import defaultdict
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sandbox.clock import now


@dataclass(frozen=True, slots=True)
class Ring:
    """One server-sent event."""

    event: str
    data: dict[str, Any] = field(default_factory=dict[str, Any])


class Bells:
    """Queues of open pages, by person."""

    def __init__(self) -> None:
        self._open: dict[str, set[asyncio.Queue[Ring | None]]] = defaultdict(set)
        self.revision = now()  # greater than any revision of an earlier run

    def changed(self, people: Iterable[str], chat: str | None) -> None:
        self.revision += 1
        self.ring(people, Ring("change", {"revision": self.revision, "chat": chat}))

    def everybody_changed(self) -> None:
        self.changed(list(self._open), None)

    def ring(self, people: Iterable[str], ring: Ring) -> None:
        for person in people:
            for queue in self._open.get(person, ()):
                queue.put_nowait(ring)

    @contextmanager
    def listening(self, person: str) -> Generator[asyncio.Queue[Ring | None]]:
        """Yield a queue that receives events while the page is open; None means that the sandbox stops."""
        queue: asyncio.Queue[Ring | None] = asyncio.Queue()
        self._open[person].add(queue)
        try:
            yield queue
        finally:
            self._open[person].discard(queue)

    def open_pages(self, person: str) -> int:
        return len(self._open.get(person, ()))

    def close(self) -> None:
        for queues in self._open.values():
            for queue in queues:
                queue.put_nowait(None)
