"""How long a room may refuse what is sent to it. Every retry has a bound, and its end is told like that of a lost room."""

import time
from typing import Final

import structlog

from bots.outbox import retry_seconds
from bots.problems import PATH, SendProblem
from bots.trouble import ROOM_LOST, RoomTrouble, trouble_of_answer
from conversations.messages import Conversation, Conversations
from distribution.distributor import Distributor
from distribution.tasks import Task
from store.due import RetryLater

log = structlog.get_logger(__name__)

LONGEST_PAUSE_SECONDS: Final = 30.0
LEFT_PAUSE_SECONDS: Final = 5.0
LEFT_PATIENCE_MS: Final = 60_000
MOST_REFUSALS: Final = 8
"""Refusals in a row, with pauses of 1, 2, 4, … 30 s between them: two minutes. A room that was put right takes messages by then."""

MOST_FAULTS: Final = 24
"""The same for faults of Teams (429, 5xx, time-outs) in this room while others are reached: ten minutes."""


class Refusals:
    """Counts what a room refuses in a row, and ends the trying."""

    def __init__(self, conversations: Conversations, distributor: Distributor, trouble: RoomTrouble) -> None:
        self._conversations = conversations
        self._distributor = distributor
        self._trouble = trouble

    async def refused(self, task: Task, conversation: Conversation, problem: SendProblem) -> None:
        """Raises RetryLater while it is worth trying. Else a running talk waits for another agent and a new room; after its
        end nothing more is said in this one.
        """
        refusals = conversation.refusals + 1
        log.warning("room_refuses", task=task.id, status=problem.status, code=problem.code, refusals=refusals)
        await self._conversations.set_refusals(task.tenant, task.id, conversation.chat_id, refusals)
        why, passing = trouble_of_answer(problem), problem.kind in PATH
        if task.ended_at is not None and (why or refusals >= MOST_REFUSALS):
            log.warning("room_given_up", task=task.id, status=problem.status, code=problem.code)
            return
        if task.ended_at is None and refusals >= (MOST_FAULTS if passing else MOST_REFUSALS):
            answer = await self._distributor.room_lost(task.tenant, task.id, why or ROOM_LOST)
            if answer.task is None or answer.task.broken:
                return  # the agent who takes it over gets another room, which is marked then
        elif why:
            await self._trouble(task.tenant, conversation.chat_id, why)
        pause = max(retry_seconds(problem) or 0.0, min(LONGEST_PAUSE_SECONDS, 2.0 ** min(refusals - 1, 10)))
        # The handler that mends the room marks it: what is not posted yet goes on at once.
        raise RetryLater(pause, str(problem), hold=not why) from problem

    async def leaves(self, task: Task, slot: str, chat: str, problem: SendProblem) -> None:
        """For what nobody depends on any more (a room that was left, an old card). Raises RetryLater in the first minute."""
        since = await self._conversations.try_shown(task.tenant, task.id, f"refused:{slot}", chat)
        if retry_seconds(problem) is None or (since and time.time() * 1000 - since > LEFT_PATIENCE_MS):
            log.warning("old_one_left", task=task.id, slot=slot, status=problem.status, code=problem.code)
            return
        pause = max(retry_seconds(problem) or 0.0, LEFT_PAUSE_SECONDS)
        raise RetryLater(pause, str(problem), hold=False) from problem

    async def taken(self, task: Task, conversation: Conversation) -> None:
        """The room has taken everything."""
        if conversation.refusals:
            await self._conversations.set_refusals(task.tenant, task.id, conversation.chat_id, 0)
