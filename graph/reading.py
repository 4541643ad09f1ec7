"""Reads a chat's messages page by page. Each page is a call on the chat and keeps its pace, without holding a worker's slot."""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, field

from graph.client import GraphClient
from graph.facts import MessagePage
from graph.pace import Pace
from store.due import RetryLater

PAGES = 4  # 200 entries
_KEPT = 1_000


@dataclass(slots=True)
class _Reading:
    pages: list[MessagePage] = field(default_factory=list[MessagePage])
    more: str = ""


class ChatReader:
    """What was read of a chat is kept while its reader waits for the next page; a crash in between costs a new reading."""

    def __init__(self, graph: GraphClient, pace: Pace) -> None:
        self._graph = graph
        self._pace = pace
        self._readings: OrderedDict[str, _Reading] = OrderedDict()

    async def read(self, tenant: str, chat: str, *, since: int = 0, seconds: float) -> list[MessagePage]:
        """The pages that reach back to `since` (ms), newest first, at most 4 × 50 entries.

        Raises RetryLater for the pace (call again then; it goes on where it was), GraphProblem, and TimeoutError when a
        page takes longer than `seconds`.
        """
        reading = self._reading(chat)
        try:
            while True:
                self._pace.turn(chat)
                try:
                    async with asyncio.timeout(seconds):
                        page = await self._graph.ask_for_room(tenant, lambda sdk: sdk.messages_of(chat, reading.more))
                finally:
                    self._pace.touched(chat)
                reading.pages.append(page)
                reading.more = page.more if page.oldest_at >= since else ""
                if not reading.more or len(reading.pages) >= PAGES:
                    break
        except Exception as problem:
            if not isinstance(problem, RetryLater):
                self._readings.pop(chat, None)
            raise
        self._readings.pop(chat, None)
        return reading.pages

    def _reading(self, chat: str) -> _Reading:
        reading = self._readings.setdefault(chat, _Reading())
        self._readings.move_to_end(chat)
        while len(self._readings) > _KEPT:
            self._readings.popitem(last=False)
        return reading
