"""The room of a running talk broke: its bot or its agent is out of it, or it is gone. It is mended, or the talk moves on.

Whatever was heard (an answer of the Connector, an event of Teams) is only a reason to look: Graph says what is true.
"""

import asyncio

import structlog

from conversations.messages import Conversation
from distribution.distributor import Distributor
from distribution.tasks import Task
from graph.client import GraphClient
from graph.early import EarlyWords
from graph.errors import GraphProblem, ProblemKind
from graph.members import RoomMembers
from graph.missed import MissedWords
from graph.notes import Note, RoomNotes
from graph.shares import NoPlace, Share
from store.connection import Store
from store.due import RetryLater, Subject, mark_due

log = structlog.get_logger(__name__)

ROOM_LOST, BOT_REMOVED, AGENT_REMOVED = "room_lost", "bot_removed", "agent_removed"
# Then both sides are told, within 5 s in all: the room is mended, or the talk waits for another agent.
PATIENCE_MS = 4_000
# A mending that has come far is not cut off for a call that Graph answers at its usual speed.
LEAST_SECONDS = 1.5
LOOK_AGAIN_SECONDS = 1.0


class RoomMender:
    """One call on the room in each run, and RetryLater in between, like everything that is done to a room."""

    def __init__(
        self,
        *,
        graph: GraphClient,
        store: Store,
        distributor: Distributor,
        members: RoomMembers,
        early: EarlyWords,
        notes: RoomNotes,
        missed: MissedWords,
    ) -> None:
        self._graph = graph
        self._store = store
        self._distributor = distributor
        self._members = members
        self._early = early
        self._notes = notes
        self._missed = missed

    async def mend(self, task: Task, conversation: Conversation, note: Note) -> bool:
        """True: the room is as it should be; what was written meanwhile is stored, or will be. False: the task waits again."""
        missed = False
        try:
            async with asyncio.timeout(max(LEAST_SECONDS, (PATIENCE_MS - note.broken_ms_ago) / 1000)):
                why, missed = await self._why_lost(task, conversation, note)
        except NoPlace:
            if note.broken_ms_ago < PATIENCE_MS:
                raise
            why, missed = note.broken, True
        except TimeoutError:
            # Graph hangs. The bot may be back in the room, and only what was written meanwhile is not read.
            back = await self._members.has_bot(task.tenant, task.id, conversation.chat_id)
            why, missed = "" if back else note.broken, True
        except GraphProblem as problem:
            if problem.kind is ProblemKind.NOT_FOUND and problem.operation != "install_in_chat":
                why = ROOM_LOST
            elif problem.passes and note.broken_ms_ago < PATIENCE_MS:
                raise RetryLater(LOOK_AGAIN_SECONDS, str(problem)) from problem
            else:
                why, missed = note.broken, problem.passes
        if missed:
            await self._missed.fetch_later(task.tenant, task.id, conversation.chat_id)
        if why:
            log.warning("a room is lost", tenant=task.tenant, task=task.id, why=why)
            await self._distributor.room_lost(task.tenant, task.id, why)
            await self._notes.drop(task.tenant, task.id)
            return False
        log.info("a room was mended", tenant=task.tenant, task=task.id, was=note.broken)
        await self._notes.drop(task.tenant, task.id)
        await mark_due(self._store, task.tenant, Subject("relay", task.tenant, (task.id,)))
        return True

    async def _why_lost(self, task: Task, conversation: Conversation, note: Note) -> tuple[str, bool]:
        """Nothing when agent and bot are in the room; whether it is still to be read. Raises GraphProblem, RetryLater."""
        chat, agent = conversation.chat_id, task.agent or ""
        app = await self._graph.catalogue_id(task.tenant, share=Share.ROOM)
        if app is None:
            return note.broken, False
        if note.broken == AGENT_REMOVED and await self._graph.is_gone(task.tenant, agent, share=Share.ROOM):
            # Teams keeps them among the members, and nobody reads what the visitor writes.
            return AGENT_REMOVED, False
        if not await self._members.is_in(task.tenant, task.id, chat, agent):
            return AGENT_REMOVED, False
        await self._members.install(task.tenant, task.id, chat, app)
        try:
            await self._early.carry(task.tenant, task.id, chat)
        except GraphProblem as problem:
            if not problem.passes:
                raise
            return "", True
        return "", False
