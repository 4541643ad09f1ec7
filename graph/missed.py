"""What an agent wrote in the room while its bot was out of it, and Graph could not be asked: it is fetched when Graph is back.

A room is not waited for that long: it works again already, or the talk waits for another agent.
"""

import time
from typing import Final
from urllib.parse import quote, unquote

import structlog

from distribution.distributor import Distributor
from graph.client import GraphClient
from graph.early import EarlyWords
from graph.errors import GraphProblem
from graph.members import RoomMembers
from graph.shares import Share
from store.connection import Store
from store.due import RetryLater, Subject, mark_due

log = structlog.get_logger(__name__)

LOOK_AGAIN_SECONDS: Final = 10.0
GIVEN_UP_AFTER_MS: Final = 3_600_000
"""A Graph that is away for longer is not waited for: the visitor has long been answered, or has left."""


class MissedWords:
    """Handler of `missed:<tenant>:<task>:<chat>:<until>`."""

    def __init__(
        self,
        *,
        graph: GraphClient,
        store: Store,
        distributor: Distributor,
        members: RoomMembers,
        early: EarlyWords,
    ) -> None:
        self._graph = graph
        self._store = store
        self._distributor = distributor
        self._members = members
        self._early = early

    async def fetch_later(self, tenant: str, task: str, chat: str) -> None:
        """Store what was written in this chat up to now, as soon as Graph can be asked."""
        until = round(time.time() * 1000)
        await mark_due(self._store, tenant, Subject("missed", tenant, (task, quote(chat, safe=""), str(until))))

    async def handle_missed(self, subject: Subject) -> None:
        """Raises RetryLater while Graph cannot be asked, for an hour at most and not after the end of the talk."""
        tenant, (task_id, quoted, until) = subject.tenant, subject.parts
        task, chat = await self._distributor.task(tenant, task_id), unquote(quoted)
        if task is None or task.ended_at is not None:
            return
        try:
            app = await self._graph.catalogue_id(tenant, share=Share.ROOM)
            if app is not None:  # without the bot in the chat Graph shows it to nobody
                await self._members.bring_bot(tenant, chat, app)
            await self._early.carry(tenant, task_id, chat, until=int(until))
        except (GraphProblem, TimeoutError) as problem:
            passes = isinstance(problem, TimeoutError) or problem.passes
            if passes and time.time() * 1000 - int(until) < GIVEN_UP_AFTER_MS:
                raise RetryLater(LOOK_AGAIN_SECONDS, str(problem) or "slow") from problem
            log.warning("what was written meanwhile cannot be read", tenant=tenant, task=task_id, why=str(problem))
