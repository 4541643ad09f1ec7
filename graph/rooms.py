"""The room effect: brings Teams to what the task is now. An accepted task gets its room; one that closed meanwhile loses it.

What the agent wrote in the room before its bot was there is carried over twice. First before the room is bound: until
then nothing from the bot is taken, so those words come before all others. Once more when the room is open: for what was
written between that reading and the binding, and for what could not be read then.

`POST /chats` is not idempotent and its answer can be lost, so: intent and request are written down first, a lost answer
leads to a search among the agent's chats, and a found chat is claimed before it is used. A crash at any line leaves
neither a second room nor a task that waits for ever.

Where Teams does not let the agent in to whom a talk is handed on, a second room is made in the same way (`Note.moves`).
The talk moves there once he has it; should he not get it, that room is given back.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog

from conversations.messages import Conversation, Conversations
from conversations.topic import room_topic
from distribution.distributor import Distributor
from distribution.tasks import Task, TaskState
from graph.client import GraphClient
from graph.company import Company, host_name, seat_of, second_owner
from graph.early import EarlyWords
from graph.errors import GraphProblem, ProblemKind
from graph.facts import Chat, Seat
from graph.notes import Note, RoomNotes
from graph.pace import Pace
from graph.permissions import READ_ROOM, RSC
from graph.reasons import AGENT_LEFT_OUT, APP_NOT_IN_CATALOGUE, NO_SUCH_USER, ONE_PERSON_REFUSED, Reason, reason_of
from graph.sdk import TenantSdk
from store.connection import Store
from store.due import RetryLater, Subject

T = TypeVar("T")

log = structlog.get_logger(__name__)

# Graph has been seen to take ten seconds to make a chat. One that is not in the agent's list after twelve was never made.
SETTLE_SECONDS = 12.0
LOOK_AGAIN_SECONDS = 1.5
NOT_FOUND_TIMES = 5  # looks again at a chat that Microsoft has just made, and does not know
SEARCH_PAGES = 4  # 200 chats; a new one is among the first, because Graph lists by what happened last
# Microsoft's clock and ours may differ by so much; an older chat of the same name is another customer's talk.
CLOCKS_MS = 60_000
EARLY_SECONDS = (
    5.0  # so long a room waits for the first reading of what was written in it; the second one waits for nobody
)
# A consent that was given in a chat may not be known everywhere in Microsoft at once. A refusal after this stands.
CONSENT_SECONDS = 30.0
LONGEST_WAIT_SECONDS = 60.0
LONGEST_ASKED_SECONDS = 300.0  # more than Graph's Retry-After has been seen to ask


class RoomRefused(Exception):
    """There will be no room, for this reason."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.text)
        self.reason = reason


async def create_group_chat(
    sdk: TenantSdk, topic: str, agent: Seat, second: Callable[[], Awaitable[Seat | None]], *, alone: bool = True
) -> Chat:
    """Make the room: the one function that knows who sits in it besides the agent.

    Microsoft documents no least number of people for an app-only group chat, and nobody has tried it on every tenant. So
    the agent is alone first; where Teams refuses that with 400, `second` (the service's owner, else an admin) joins him.
    A standing room per agent would avoid the second person, but would mix customers in one history and lose the room's
    name; the owner is answerable for the service's talks anyway. `alone=False` skips the attempt that is known to fail.
    Raises GraphProblem, RoomRefused.
    """
    if alone:
        try:
            return await sdk.create_chat(topic, [agent])
        except GraphProblem as problem:
            if problem.kind is not ProblemKind.BAD_REQUEST:
                raise
    other = await second()
    if other is None:
        raise RoomRefused(ONE_PERSON_REFUSED)
    return await sdk.create_chat(topic, [agent, other])


class Rooms:
    """Handler of `room:<tenant>:<task>`."""

    def __init__(
        self,
        *,
        graph: GraphClient,
        store: Store,
        conversations: Conversations,
        distributor: Distributor,
        directory: Company,
        pace: Pace | None = None,
        settle_seconds: float = SETTLE_SECONDS,
        consent_seconds: float = CONSENT_SECONDS,
    ) -> None:
        self._graph = graph
        self._conversations = conversations
        self._distributor = distributor
        self._directory = directory
        self._notes = RoomNotes(store)
        self._pace = pace or Pace()
        self._early = EarlyWords(graph=graph, conversations=conversations, directory=directory, pace=self._pace)
        self._settle_ms = settle_seconds * 1000
        self._consent_ms = consent_seconds * 1000
        # Tenants whose Teams has refused a room of one since this process started.
        self._never_alone: set[str] = set()

    async def handle_room(self, subject: Subject) -> None:
        """Raises RetryLater while Graph cannot be used; everything else is settled when this returns."""
        tenant, task_id = subject.tenant, subject.parts[0]
        task = await self._distributor.task(tenant, task_id)
        if task is None:
            return
        if task.state is TaskState.CONNECTING and task.agent is not None:
            await self._open(task, task.agent)
        elif task.active_at is not None:
            await self._finish(task)
        elif task.state is TaskState.CLOSED:
            await self._tidy(task)

    async def doubt(self, tenant: str, task: str) -> None:
        """After a failover: there may be a room that is not noted any more, and words in a room that were lost here.

        A room that is bound is read once more when its effect runs; one that is not is looked for before it is made.
        """
        conversation = await self._conversations.get(tenant, task)
        if conversation is None:
            return
        note = await self._notes.read(tenant, task)
        if conversation.chat_id and note.moves != conversation.chat_id:
            await self._notes.made(tenant, task, Chat(conversation.chat_id, "", conversation.chat_url, 0))
        elif note.chat is None and note.asked_ms_ago is None:
            await self._notes.refused(tenant, task, doubtful=True)

    async def _open(self, task: Task, agent: str) -> None:
        conversation = await self._conversations.get(task.tenant, task.id)
        if conversation is None:
            await self._distributor.opening_failed(task.tenant, task.id, "no_conversation")
            return
        if not conversation.chat_id:
            chat = await self._make_room(task, conversation, agent)
            if chat is None:
                return
            await self._carry_first(task, chat)
            if not await self._conversations.bind_room(task.tenant, task.id, chat.id, chat.url):
                # Another worker, who thought that we were dead, was quicker: his room stands, ours goes. Or the visitor
                # left while it was being made, and nobody needs it.
                await self._give_back(task, Note(None, chat, agent))
        elif (task.holder is not None or task.handed_on) and not await self._bring_in(task, conversation, agent):
            return
        answer = await self._distributor.opened(task.tenant, task.id)
        if answer.task is not None and answer.task.agent == agent:
            await self._finish(answer.task)
        elif conversation.chat_id:
            # It was taken back meanwhile, or ended.
            await self._give_up_move(task, conversation)
            await self._take_out(task, conversation.chat_id, {agent})

    async def _make_room(self, task: Task, conversation: Conversation, agent: str) -> Chat | None:
        """A chat with the agent and the bot in it; None if there will be none, and the distributor knows."""
        try:
            chat = await self._find_or_make(task, conversation, agent)
            await self._furnish(task, chat, agent)
        except GraphProblem as problem:
            await self._after_problem(task, problem)
        except RoomRefused as refused:
            await self._fail(task, refused.reason)
        else:
            return chat
        return None

    async def _bring_in(self, task: Task, conversation: Conversation, agent: str) -> bool:
        """The room is there: the talk was handed on, or its agent was lost. The new one comes into it, or, where Teams does
        not let him in, a second room is made. False when neither can be done.
        """
        note = await self._notes.read(task.tenant, task.id)
        if note.moves == conversation.chat_id and note.agent not in {"", agent}:
            await self._give_up_move(task, conversation)  # it was made for somebody else, who does not get it
            note = Note(None, None, "")
        if note.moves != conversation.chat_id:
            try:
                await self._let_in(task, conversation.chat_id, agent)
            except GraphProblem as problem:
                if not problem.refuses_members:
                    return await self._stay_out(task, problem)
            except RoomRefused as refused:
                log.info("an agent was not let in", tenant=task.tenant, task=task.id, why=refused.reason.word)
            else:
                return True
            await self._conversations.drop_intent(task.tenant, task.id)
            await self._notes.begin_move(task.tenant, task.id, conversation.chat_id)
        return await self._make_room(task, conversation, agent) is not None

    async def _stay_out(self, task: Task, problem: GraphProblem) -> bool:
        if problem.passes:
            await self._wait(task, problem)
        reason = await reason_of(self._graph, task.tenant, problem)
        log.warning("an agent does not come into a room", tenant=task.tenant, task=task.id, why=reason.word)
        await self._distributor.opening_failed(task.tenant, task.id, reason.word)
        return False

    async def _move(self, task: Task, conversation: Conversation, note: Note) -> None:
        """The agent for whom the second room was made has the talk: it goes on there."""
        if note.chat is not None and task.state is TaskState.ACTIVE and task.agent == note.agent:
            await self._carry_first(task, note.chat)
            if await self._conversations.move_room(
                task.tenant,
                task.id,
                before=note.moves,
                chat_id=note.chat.id,
                chat_url=note.chat.url,
                agent=note.agent,
            ):
                log.info("a talk goes on in another room", tenant=task.tenant, task=task.id)
                return
        await self._give_up_move(task, conversation)

    async def _give_up_move(self, task: Task, conversation: Conversation) -> None:
        note = await self._notes.read(task.tenant, task.id)
        if note.moves and note.moves == conversation.chat_id:
            await self._undo(task, note)

    async def _take_out(self, task: Task, chat: str, users: set[str]) -> None:
        """These have no business in the room any more. Whoever joined by himself stays."""
        try:
            members = await self._members(task.tenant, chat)
            for user in users & set(members):
                await self._on_chat(task.tenant, chat, lambda sdk, one=members[user]: sdk.remove_member(chat, one))
        except GraphProblem as problem:
            if problem.passes:
                await self._wait(task, problem)
            log.warning("an agent stays in a room", tenant=task.tenant, task=task.id, why=str(problem))

    async def _carry_first(self, task: Task, chat: Chat) -> None:
        """Bring over what the agent wrote so far. A room does not stay closed because this is not possible."""
        try:
            async with asyncio.timeout(EARLY_SECONDS):
                await self._early.carry(task.tenant, task.id, chat.id)
        except (GraphProblem, TimeoutError) as problem:
            log.warning("a new room cannot be read yet", tenant=task.tenant, task=task.id, why=str(problem) or "slow")

    async def _finish(self, task: Task) -> None:
        """The room is open. What is left is what was written while it opened; after that its note is not needed."""
        conversation = await self._conversations.get(task.tenant, task.id)
        note = await self._notes.read(task.tenant, task.id)
        if conversation is not None and note.moves and note.moves == conversation.chat_id:
            await self._move(task, conversation, note)
            conversation = await self._conversations.get(task.tenant, task.id)
            note = await self._notes.read(task.tenant, task.id)
        if task.handed_on and task.state is TaskState.ACTIVE and conversation is not None and conversation.chat_id:
            gone = set(task.handed_on) - {task.agent or "", task.holder or ""}
            await self._take_out(task, conversation.chat_id, gone)
        if note.chat is not None and task.state in {TaskState.CONNECTING, TaskState.ACTIVE}:
            try:
                await self._early.carry(task.tenant, task.id, note.chat.id)
            except GraphProblem as problem:
                await self._finish_later(task, problem)
        await self._notes.drop(task.tenant, task.id)

    async def _finish_later(self, task: Task, problem: GraphProblem) -> None:
        if problem.passes:
            await self._wait(task, problem)
        if task.active_at is None or time.time() * 1000 - task.active_at < self._consent_ms:
            raise RetryLater(LOOK_AGAIN_SECONDS, str(problem))
        # Nothing is said to anybody: most rooms have no early words, and in those nothing is missing.
        log.error(
            "a new room cannot be read",
            tenant=task.tenant,
            task=task.id,
            permission=READ_ROOM.name,
            why=str(problem),
        )

    async def _find_or_make(self, task: Task, conversation: Conversation, agent: str) -> Chat:
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

    async def _make(self, task: Task, agent: str, topic: str) -> Chat:
        seat = await seat_of(self._directory, task.tenant, agent)
        alone = task.tenant not in self._never_alone
        await self._notes.asked(task.tenant, task.id, agent)
        try:
            chat = await self._graph.ask(
                task.tenant,
                lambda sdk: create_group_chat(sdk, topic, seat, lambda: self._second(task, agent), alone=alone),
            )
        except RoomRefused:
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

    async def _second(self, task: Task, agent: str) -> Seat | None:
        self._never_alone.add(task.tenant)
        return await second_owner(self._directory, task.tenant, task.service, agent)

    async def _keep(self, task: Task, chat: Chat) -> None:
        if not await self._notes.claim(task.tenant, chat.id, task.id):
            # A task of the same name and agent, whose own answer was lost, found this chat first. It is his.
            await self._notes.refused(task.tenant, task.id)
            raise RetryLater(0, "another task took the room")
        await self._notes.made(task.tenant, task.id, chat)

    async def _look(self, task: Task, agent: str, topic: str, intended_at: int) -> Chat | None:
        chats = await self._graph.ask(task.tenant, lambda sdk: sdk.chats_of(agent, SEARCH_PAGES))
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

    async def _furnish(self, task: Task, chat: Chat, agent: str) -> None:
        """The agent must be in the room (Teams has dropped people silently), and so must the bot."""
        app = await self._graph.catalogue_id(task.tenant)
        if app is None:
            raise RoomRefused(APP_NOT_IN_CATALOGUE)
        await self._let_in(task, chat.id, agent)
        try:
            consented = [permission.name for permission in RSC]
            await self._on_chat(task.tenant, chat.id, lambda sdk: sdk.install_in_chat(chat.id, app, consented))
        except GraphProblem as problem:
            if problem.kind is not ProblemKind.CONFLICT:
                raise

    async def _let_in(self, task: Task, chat: str, agent: str) -> None:
        if agent in await self._members(task.tenant, chat):
            return
        seat = await seat_of(self._directory, task.tenant, agent)
        await self._on_chat(task.tenant, chat, lambda sdk: sdk.add_member(chat, seat))
        if agent not in await self._members(task.tenant, chat):
            raise RoomRefused(AGENT_LEFT_OUT)

    async def _members(self, tenant: str, chat: str) -> dict[str, str]:
        found = await self._on_chat(tenant, chat, lambda sdk: sdk.members(chat))
        return {member.user: member.membership for member in found}

    async def _on_chat(self, tenant: str, chat: str, call: Callable[[TenantSdk], Awaitable[T]]) -> T:
        await self._pace.turn(chat)
        try:
            return await self._graph.ask(tenant, call)
        finally:
            # An installation takes seconds at times, and nobody knows at which end of them Graph counts it.
            self._pace.touched(chat)

    async def _after_problem(self, task: Task, problem: GraphProblem) -> None:
        note = await self._notes.read(task.tenant, task.id)
        if problem.kind is ProblemKind.NOT_FOUND and note.chat is not None:
            await self._wait_for_new_chat(task, problem, lost_before=note.lost)
        if problem.passes:
            await self._wait(task, problem)
        if problem.kind is ProblemKind.NOT_FOUND and problem.operation in {"create_chat", "chats_of"}:
            await self._fail(task, NO_SUCH_USER)
        else:
            await self._fail(task, await reason_of(self._graph, task.tenant, problem))

    async def _wait_for_new_chat(self, task: Task, problem: GraphProblem, *, lost_before: bool) -> None:
        """A chat just made is not known everywhere in Microsoft at once; one that stays unknown was deleted.

        It is made anew once; then, and where it is the app that stays unknown, this returns: it is no use waiting.
        """
        if await self._notes.waits(task.tenant, task.id, f"{problem.operation}-not_found") > NOT_FOUND_TIMES:
            if problem.operation == "install_in_chat":
                self._graph.forget_catalogue(task.tenant)  # uploaded anew, the app has another id there
                return
            if lost_before:
                return
            await self._notes.lost(task.tenant, task.id)
        raise RetryLater(LOOK_AGAIN_SECONDS, str(problem))

    async def _wait(self, task: Task, problem: GraphProblem) -> None:
        fails = await self._notes.waits(task.tenant, task.id, f"{problem.operation}-{problem.kind}")
        pause = min(LONGEST_WAIT_SECONDS, 2.0 ** min(fails - 1, 10))
        if problem.retry_after is not None:
            pause = min(LONGEST_ASKED_SECONDS, max(pause, problem.retry_after))
        raise RetryLater(pause, str(problem)) from problem

    async def _fail(self, task: Task, reason: Reason) -> None:
        log.warning("a room cannot be opened", tenant=task.tenant, task=task.id, why=reason.word)
        await self._give_back(task, await self._notes.read(task.tenant, task.id))
        await self._distributor.opening_failed(task.tenant, task.id, reason.word)

    async def _tidy(self, task: Task) -> None:
        """The task closed before the talk began: what was made for it is emptied. A bound room is told by the relay."""
        conversation = await self._conversations.get(task.tenant, task.id)
        note = await self._notes.read(task.tenant, task.id)
        if conversation is None or conversation.chat_id or (note.chat is None and note.asked_ms_ago is None):
            await self._notes.drop(task.tenant, task.id)
        else:
            await self._undo(task, note)

    async def _undo(self, task: Task, note: Note) -> None:
        """Give back the room of this note, whose making may be half-way."""
        try:
            if note.chat is None and note.asked_ms_ago is not None:
                intent = await self._conversations.intend_room(task.tenant, task.id, "")
                found = await self._look(task, note.agent, intent.topic, intent.at)
                if found is None and (note.asked_ms_ago or 0) < self._settle_ms:
                    raise RetryLater(LOOK_AGAIN_SECONDS, "a room may still appear that nobody needs")
                note = Note(None, found, note.agent)
            await self._give_back(task, note)
        except GraphProblem as problem:
            if problem.passes:
                await self._wait(task, problem)
            log.warning("a room cannot be tidied", tenant=task.tenant, task=task.id, why=str(problem))
            await self._notes.drop(task.tenant, task.id)

    async def _give_back(self, task: Task, note: Note) -> None:
        """Take everybody out of a room that nobody needs (it leaves their chat lists), and forget it."""
        if note.chat is not None:
            chat = note.chat.id
            try:
                for membership in (await self._members(task.tenant, chat)).values():
                    await self._on_chat(task.tenant, chat, lambda sdk, one=membership: sdk.remove_member(chat, one))
            except GraphProblem as problem:
                if problem.passes:
                    await self._wait(task, problem)
                # Teams may refuse to remove the last person, or the permission is the one that is missing.
                log.warning("a room nobody needs stays", tenant=task.tenant, task=task.id, why=str(problem))
        await self._conversations.drop_intent(task.tenant, task.id)
        await self._notes.drop(task.tenant, task.id)
