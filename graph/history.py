"""What our bot has posted in a room, as Graph sees it: whether a message whose answer was lost has arrived."""

from collections import OrderedDict

import structlog

from graph.client import GraphClient
from graph.errors import GraphProblem
from graph.facts import Posted
from graph.pace import Pace
from graph.reading import ChatReader
from store.due import RetryLater

log = structlog.get_logger(__name__)

# Somebody waits for the message behind this. A Graph that is slower than this does not hold it back.
ANSWER_SECONDS = 3.0
# A busy Graph is asked again so often before we say that we do not know.
TRIES = 3
LONGEST_PAUSE_SECONDS = 5.0
# The clocks of Teams and of Graph are one; ours may differ from both by this much.
CLOCKS_MS = 60_000
_KEPT = 1_000


class RoomHistory:
    """Reads what the bot has posted. Calls keep the chat's pace, and give the worker's slot back while they wait."""

    def __init__(self, graph: GraphClient, pace: Pace) -> None:
        self._reader = ChatReader(graph, pace)
        self._tries: OrderedDict[str, int] = OrderedDict()

    async def read(self, tenant: str, chat: str, since_ms: int) -> list[Posted] | None:
        """What the bot has posted since `since_ms` (ms since the epoch, a minute of tolerance), oldest first.

        None: it cannot be read now (no permission, Graph slow or down), so nobody knows. Raises RetryLater for the pace.
        """
        since = since_ms - CLOCKS_MS
        try:
            pages = await self._reader.read(tenant, chat, since=since, seconds=ANSWER_SECONDS)
        except (GraphProblem, TimeoutError) as problem:
            self._ask_again(chat, problem)
            log.warning("a room's history cannot be read", tenant=tenant, chat=chat, why=str(problem) or "slow")
            self._tries.pop(chat, None)
            return None
        self._tries.pop(chat, None)
        found = [one for page in pages for one in page.posted if one.at >= since]
        return sorted(found, key=lambda one: (one.at, one.id))

    def _ask_again(self, chat: str, problem: Exception) -> None:
        """Raises RetryLater while a busy Graph is worth asking once more."""
        if not isinstance(problem, GraphProblem) or not problem.passes:
            return
        pause = problem.retry_after if problem.retry_after is not None else 0.5
        tried = self._tries.get(chat, 0) + 1
        if tried < TRIES and pause <= LONGEST_PAUSE_SECONDS:
            self._tries[chat] = tried
            while len(self._tries) > _KEPT:
                self._tries.popitem(last=False)
            raise RetryLater(pause, str(problem)) from problem
