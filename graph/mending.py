"""The room of a running talk broke: its bot or its agent is out of it, or it is gone. It is mended, or the talk moves on.

Whatever was heard (an answer of the Connector, an event of Teams) is only a reason to look: Graph says what is true.
"""

import structlog

from conversations.messages import Conversation
from distribution.distributor import Distributor
from distribution.tasks import Task
from graph.client import GraphClient
from graph.early import EarlyWords
from graph.errors import GraphProblem, ProblemKind
from graph.members import RoomMembers
from graph.notes import Note, RoomNotes
from graph.shares import Share
from store.connection import Store
from store.due import RetryLater, Subject, mark_due

log = structlog.get_logger(__name__)

ROOM_LOST, BOT_REMOVED, AGENT_REMOVED = "room_lost", "bot_removed", "agent_removed"
# Both sides are told by then: mended, or waiting for another agent.
PATIENCE_MS = 5_000
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
    ) -> None:
        self._graph = graph
        self._store = store
        self._distributor = distributor
        self._members = members
        self._early = early
        self._notes = notes

    async def mend(self, task: Task, conversation: Conversation, note: Note) -> bool:
        """True: the room is as it should be, and what was written meanwhile is stored. False: the task waits again."""
        try:
            why = await self._why_lost(task, conversation, note)
        except GraphProblem as problem:
            if problem.kind is ProblemKind.NOT_FOUND and problem.operation != "install_in_chat":
                why = ROOM_LOST
            elif problem.passes and note.broken_ms_ago < PATIENCE_MS:
                raise RetryLater(LOOK_AGAIN_SECONDS, str(problem)) from problem
            else:
                why = note.broken
        if why:
            log.warning("a room is lost", tenant=task.tenant, task=task.id, why=why)
            await self._distributor.room_lost(task.tenant, task.id, why)
            await self._notes.drop(task.tenant, task.id)
            return False
        log.info("a room was mended", tenant=task.tenant, task=task.id, was=note.broken)
        await self._notes.drop(task.tenant, task.id)
        await mark_due(self._store, task.tenant, Subject("relay", task.tenant, (task.id,)))
        return True

    async def _why_lost(self, task: Task, conversation: Conversation, note: Note) -> str:
        """Nothing when agent and bot are in the room, and it was read. Raises GraphProblem, RetryLater."""
        chat, agent = conversation.chat_id, task.agent or ""
        app = await self._graph.catalogue_id(task.tenant, share=Share.ROOM)
        if app is None:
            return note.broken
        if note.broken == AGENT_REMOVED and await self._graph.is_gone(task.tenant, agent, share=Share.ROOM):
            # Teams keeps them among the members, and nobody reads what the visitor writes.
            return AGENT_REMOVED
        if not await self._members.is_in(task.tenant, task.id, chat, agent):
            return AGENT_REMOVED
        await self._members.install(task.tenant, task.id, chat, app)
        try:
            await self._early.carry(task.tenant, task.id, chat)
        except TimeoutError:
            log.warning("what was written meanwhile cannot be read", tenant=task.tenant, task=task.id)
        return ""
