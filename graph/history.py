"""What our bot has posted in a room, as Graph sees it: whether a message whose answer was lost has arrived."""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, field

import structlog

from graph.client import GraphClient
from graph.errors import GraphProblem
from graph.facts import MessagePage, Posted
from graph.pace import Pace
from store.due import RetryLater

log = structlog.get_logger(__name__)

# Somebody waits for the message behind this. A Graph that is slower than this does not hold it back.
ANSWER_SECONDS = 3.0
# A busy Graph is asked again so often before we say that we do not know.
TRIES = 3
LONGEST_PAUSE_SECONDS = 5.0
PAGES = 4  # 200 messages since the lost answer, far above what Teams lets a bot send meanwhile
# The clocks of Teams and of Graph are one; ours may differ from both by this much.
CLOCKS_MS = 60_000
_KEPT = 1_000


class RoomHistory:
    """Reads what the bot has posted. Calls keep the chat's pace, and give the worker's slot back while they wait."""

    def __init__(self, graph: GraphClient, pace: Pace) -> None:
        self._graph = graph
        self._pace = pace
        self._readings: OrderedDict[str, _Reading] = OrderedDict()

    async def read(self, tenant: str, chat: str, since_ms: int) -> list[Posted] | None:
        """What the bot has posted since `since_ms` (ms since the epoch, a minute of tolerance), oldest first.

        None: it cannot be read now (no permission, Graph slow or down), so nobody knows. Raises RetryLater for the pace.
        """
        since = since_ms - CLOCKS_MS
        reading = self._reading(chat)
        while True:
            self._pace.turn(chat)
            try:
                async with asyncio.timeout(ANSWER_SECONDS):
                    page = await self._graph.ask(tenant, lambda sdk: sdk.messages_of(chat, reading.more))
            except (GraphProblem, TimeoutError) as problem:
                self._ask_again(reading, problem)
                log.warning("a room's history cannot be read", tenant=tenant, chat=chat, why=str(problem) or "slow")
                self._readings.pop(chat, None)
                return None
            finally:
                self._pace.touched(chat)
            reading.pages.append(page)
            reading.more = page.more if page.oldest_at >= since else ""
            if not reading.more or len(reading.pages) >= PAGES:
                break
        self._readings.pop(chat, None)
        found = [one for page in reading.pages for one in page.posted if one.at >= since]
        return sorted(found, key=lambda one: (one.at, one.id))

    def _reading(self, chat: str) -> "_Reading":
        reading = self._readings.setdefault(chat, _Reading())
        self._readings.move_to_end(chat)
        while len(self._readings) > _KEPT:
            self._readings.popitem(last=False)
        return reading

    @staticmethod
    def _ask_again(reading: "_Reading", problem: Exception) -> None:
        """Raises RetryLater while a busy Graph is worth asking once more."""
        if not isinstance(problem, GraphProblem) or not problem.passes:
            return
        pause = problem.retry_after if problem.retry_after is not None else 0.5
        reading.tries += 1
        if reading.tries < TRIES and pause <= LONGEST_PAUSE_SECONDS:
            raise RetryLater(pause, str(problem)) from problem


@dataclass(slots=True)
class _Reading:
    """How far a chat has been read, while its reader waits for its turn."""

    pages: list[MessagePage] = field(default_factory=list[MessagePage])
    more: str = ""
    tries: int = 0
