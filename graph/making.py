"""A room comes to be: a group chat is made in Teams, or found again after its answer was lost.

`POST /chats` is not idempotent and its answer can be lost, so: intent and request are written down first, a lost answer
leads to a search among the agent's chats, and a found chat is claimed before it is used. A crash at any line leaves
neither a second room nor a task that waits for ever.
"""

import structlog

from conversations.messages import Conversation, Conversations
from conversations.topic import room_topic
from distribution.tasks import Task
from graph.client import GraphClient
from graph.company import Company, accepts_one_person, host_name, seat_of, second_person
from graph.errors import GraphProblem, ProblemKind
from graph.facts import Chat, Seat
from graph.notes import RoomNotes
from graph.pace import Pace
from graph.reasons import NO_SECOND_PERSON, RoomRefused
from store.due import RetryLater

log = structlog.get_logger(__name__)

# Graph has been seen to take ten seconds to make a chat. One that is not in the agent's list after twelve was never made.
SETTLE_SECONDS = 12.0
LOOK_AGAIN_SECONDS = 1.5
SEARCH_PAGES = 4  # 200 chats; a new one is among the first, because Graph lists by what happened last
# Microsoft's clock and ours may differ by so much; an older chat of the same name is another customer's talk.
CLOCKS_MS = 60_000


class RoomMaker:
    """`settle_seconds`: a chat that is not in the agent's list so long after it was asked for was never made."""

    def __init__(
        self,
        *,
        graph: GraphClient,
        conversations: Conversations,
        directory: Company,
        notes: RoomNotes,
        pace: Pace,
        settle_seconds: float,
    ) -> None:
        self._graph = graph
        self._conversations = conversations
        self._directory = directory
        self._notes = notes
        self._pace = pace
        self._settle_ms = settle_seconds * 1000

    async def find_or_make(self, task: Task, conversation: Conversation, agent: str) -> Chat:
        """The chat of this task, with the agent in it as far as Teams did so. Raises GraphProblem, RoomRefused, RetryLater."""
        host = await host_name(self._directory, task.tenant, service=task.service, user=task.user)
        topic = room_topic(host, conversation.customer or task.customer, task.id)
        intent = await self._conversations.intend_room(task.tenant, task.id, topic)
        note = await self._notes.read(task.tenant, task.id)
        if note.chat is not None:
            return note.chat
        if note.asked_ms_ago is not None:
            found = await self._look(task, note.agent or agent, intent.topic, intent.at)
            if found is not None:
                log.info("room found after a lost answer", tenant=task.tenant, task=task.id)
                return found
            if note.asked_ms_ago < self._settle_ms:
                raise RetryLater(LOOK_AGAIN_SECONDS, "the answer to a room's creation was lost; looking for it")
        return await self._make(task, agent, intent.topic)

    async def find_lost(self, task: Task, agent: str, asked_ms_ago: int) -> Chat | None:
        """What came of a request without an answer; None if nothing did. Raises RetryLater while something may yet come."""
        intent = await self._conversations.intend_room(task.tenant, task.id, "")
        found = await self._look(task, agent, intent.topic, intent.at)
        if found is None and asked_ms_ago < self._settle_ms:
            raise RetryLater(LOOK_AGAIN_SECONDS, "a room may still appear that nobody needs")
        return found

    async def _make(self, task: Task, agent: str, topic: str) -> Chat:
        seats = await self._seats(task, agent)
        await self._notes.asked(task.tenant, task.id, agent)
        try:
            chat = await self._graph.ask_for_room(task.tenant, lambda sdk: sdk.create_chat(topic, seats))
        except RetryLater:
            # No call could begin: nothing was asked for.
            await self._notes.refused(task.tenant, task.id)
            raise
        except GraphProblem as problem:
            if not problem.maybe_done:
                # A 503 has most likely made nothing: worth a look before the next attempt, but not the long wait.
                await self._notes.refused(task.tenant, task.id, doubtful=problem.kind is ProblemKind.UNAVAILABLE)
            raise
        self._pace.touched(chat.id)
        await self._keep(task, chat)
        return chat

    async def _seats(self, task: Task, agent: str) -> list[Seat]:
        """Who sits in the room from the beginning. Microsoft documents two people as the least for a group chat.

        Nothing is tried out and nothing is remembered: the directory says who. Raises RoomRefused.
        """
        seat = await seat_of(self._directory, task.tenant, agent)
        if await accepts_one_person(self._directory, task.tenant):
            await self._conversations.set_second(task.tenant, task.id, "")
            return [seat]
        second = await second_person(self._directory, task.tenant, task.service, agent)
        if second is None:
            raise RoomRefused(NO_SECOND_PERSON)
        # Known before they are in the room, so that no word of theirs can come first.
        await self._conversations.set_second(task.tenant, task.id, second.user)
        return [seat, second]

    async def _keep(self, task: Task, chat: Chat) -> None:
        if not await self._notes.claim(task.tenant, chat.id, task.id):
            # A task of the same name and agent, whose own answer was lost, found this chat first. It is that task's.
            await self._notes.refused(task.tenant, task.id)
            raise RetryLater(0, "another task took the room")
        await self._notes.made(task.tenant, task.id, chat)

    async def _look(self, task: Task, agent: str, topic: str, intended_at: int) -> Chat | None:
        chats = await self._graph.ask_for_room(task.tenant, lambda sdk: sdk.chats_of(agent, SEARCH_PAGES))
        for chat in chats:
            # Never a chat without a name: people have many of those, and none of them is a room.
            fits = topic != "" and chat.topic.strip() == topic.strip()
            young = chat.created_at >= intended_at - CLOCKS_MS
            if not (fits and young) or await self._conversations.by_room(task.tenant, chat.id) is not None:
                continue
            if await self._notes.claim(task.tenant, chat.id, task.id):
                await self._notes.made(task.tenant, task.id, chat)
                return chat
        return None
