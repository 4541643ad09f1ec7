"""The room effect: brings Teams to what the task is now. An accepted task gets its room; one that closed meanwhile loses it.

What the agent wrote in the room before its bot was there is carried over twice. First before the room is bound: until
then nothing from the bot is taken, so those words come before all others. Once more when the room is open: for what was
written between that reading and the binding, and for what could not be read then.

Where Teams does not let in the agent who takes over a transferred talk, a second room is made in the same way (`Note.moves`).
The talk moves there once that agent has it; otherwise that room is given back.
"""

import time

import structlog

from conversations.messages import Conversation, Conversations
from distribution.agents import Presence
from distribution.distributor import Distributor
from distribution.tasks import Task, TaskState
from distribution.user_session import OfferResult
from graph.client import GraphClient
from graph.company import Company
from graph.early import EarlyWords
from graph.errors import GraphProblem, ProblemKind
from graph.facts import Chat
from graph.making import LOOK_AGAIN_SECONDS, SETTLE_SECONDS, RoomMaker
from graph.members import RoomMembers
from graph.mending import AGENT_REMOVED, RoomMender
from graph.missed import MissedWords
from graph.notes import Note, RoomNotes
from graph.pace import Pace
from graph.permissions import READ_ROOM
from graph.reasons import GRAPH_UNAVAILABLE, NO_SUCH_SECOND_PERSON, NO_SUCH_USER, RoomRefused, reason_of
from graph.shares import Share
from store.connection import Store
from store.due import RetryLater, Subject, mark_due

log = structlog.get_logger(__name__)

NOT_FOUND_TIMES = 5  # looks again at a chat that Microsoft has just made, and does not know
# So long a room waits for the first reading of what was written in it; the second one waits for nobody.
EARLY_SECONDS = 5.0
# A consent that was given in a chat may not be known everywhere in Microsoft at once. A refusal after this stands.
CONSENT_SECONDS = 30.0
LONGEST_WAIT_SECONDS = 60.0
# Attempts in a row that a busy or silent Graph may cost, six minutes with the pauses between them; then it is done without.
MOST_WAITS = 11
# A busy or silent Graph opens the room in this time, or it counts as an attempt that failed: nobody waits longer for one agent.
OPENING_PATIENCE_SECONDS = 120.0
LONGEST_ASKED_SECONDS = 300.0  # more than Graph's Retry-After has been seen to ask


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
        self._directory = directory
        self._conversations = conversations
        self._distributor = distributor
        self._notes = RoomNotes(store)
        pace = pace or Pace()
        self._early = EarlyWords(graph=graph, conversations=conversations, directory=directory, pace=pace)
        self._members = RoomMembers(graph=graph, directory=directory, pace=pace, notes=self._notes)
        self._maker = RoomMaker(
            graph=graph,
            conversations=conversations,
            directory=directory,
            notes=self._notes,
            pace=pace,
            settle_seconds=settle_seconds,
        )
        self.missed = MissedWords(
            graph=graph, store=store, distributor=distributor, members=self._members, early=self._early
        )
        self._mender = RoomMender(
            graph=graph,
            store=store,
            distributor=distributor,
            members=self._members,
            early=self._early,
            notes=self._notes,
            missed=self.missed,
        )
        self._store = store
        self._consent_ms = consent_seconds * 1000

    async def broke(self, tenant: str, chat: str, why: str) -> None:
        """Something was heard by which this room may be lost: its effect looks, and mends it or gives the talk to somebody
        else. `why`: `room_lost`, `bot_removed` or `agent_removed`. A chat that is no talk's room now is passed over.
        """
        task = await self._conversations.by_room(tenant, chat)
        conversation = await self._conversations.get(tenant, task) if task is not None else None
        if task is None or conversation is None or conversation.chat_id != chat:
            return
        known = await self._distributor.task(tenant, task)
        if known is None or known.state is not TaskState.ACTIVE:
            return
        await self._notes.breaks(tenant, task, why)
        await mark_due(self._store, tenant, Subject("room", tenant, (task,)))

    async def user_gone(self, tenant: str, user: str) -> None:
        """An agent does not exist in Entra any more: the rooms of the talks that they have are looked at."""
        agent = await self._distributor.agent(tenant, user)
        for task in agent.tasks if agent is not None else ():
            known = await self._distributor.task(tenant, task)
            if known is not None and known.state is TaskState.ACTIVE and known.agent == user:
                await self._notes.breaks(tenant, task, AGENT_REMOVED)
                await mark_due(self._store, tenant, Subject("room", tenant, (task,)))

    async def handle_room(self, subject: Subject) -> None:
        """Raises RetryLater while Graph cannot be used, and for the pace that it asks for; then it goes on where it was."""
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
        failing = (await self._notes.read(task.tenant, task.id)).failing
        if failing:
            await self._fail(task, failing)
            return
        if conversation.second == agent:
            # The talk was transferred to the second person: what they write is for the visitor now.
            await self._conversations.set_second(task.tenant, task.id, "")
        if not conversation.chat_id:
            chat = await self._make_room(task, conversation, agent)
            if chat is None:
                return
            await self._carry_first(task, chat)
            if not await self._conversations.bind_room(task.tenant, task.id, chat.id, chat.url):
                # Another worker, which took this one for dead, was quicker: its room stays, ours goes. Or the visitor
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
            chat = await self._maker.find_or_make(task, conversation, agent)
            await self._members.furnish(task.tenant, task.id, chat.id, agent)
        except GraphProblem as problem:
            await self._after_problem(task, problem)
        except RoomRefused as refused:
            await self._fail(task, refused.reason.word)
        else:
            return chat
        return None

    async def _bring_in(self, task: Task, conversation: Conversation, agent: str) -> bool:
        """The room is there: the talk was handed on, or its agent was lost. The new one comes into it, or, where Teams does
        not let them in, a second room is made. False when neither can be done.
        """
        note = await self._notes.read(task.tenant, task.id)
        if note.moves == conversation.chat_id and note.agent not in {"", agent}:
            await self._give_up_move(task, conversation)  # it was made for somebody else, who does not get it
            note = Note(None, None, "")
        if note.moves != conversation.chat_id and task.broken:
            await self._begin_move(task, conversation)
        elif note.moves != conversation.chat_id:
            try:
                await self._members.let_in(task.tenant, task.id, conversation.chat_id, agent)
            except GraphProblem as problem:
                if not problem.refuses_members:
                    return await self._stay_out(task, problem)
            except RoomRefused as refused:
                log.info("an agent was not let in", tenant=task.tenant, task=task.id, why=refused.reason.word)
            else:
                return True
            await self._begin_move(task, conversation)
        return await self._make_room(task, conversation, agent) is not None

    async def _begin_move(self, task: Task, conversation: Conversation) -> None:
        await self._conversations.drop_intent(task.tenant, task.id)
        await self._notes.begin_move(task.tenant, task.id, conversation.chat_id)

    async def _stay_out(self, task: Task, problem: GraphProblem) -> bool:
        if problem.passes and not _is_late(task):
            await self._wait(task, problem)
        reason = await reason_of(self._graph, task.tenant, problem)
        log.warning("an agent does not come into a room", tenant=task.tenant, task=task.id, why=reason.word)
        await self._notes.forget_steps(task.tenant, task.id)
        await self._distributor.opening_failed(task.tenant, task.id, reason.word)
        return False

    async def _move(self, task: Task, conversation: Conversation, note: Note) -> None:
        """The agent of the second room has the talk: it goes on there."""
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

    async def _without_business(self, task: Task) -> set[str]:
        """Who had the talk and has it no longer, unless those who handed it on stay. Who has the chat now decides who reads it;
        an agent who has lost it never stays, because they transferred it to nobody."""
        gone = [part for part in task.sessions if part.left_talk and part.user not in {task.agent, task.holder}]
        settings = await self._directory.settings(task.tenant, task.service)
        if settings is not None and settings.stays_after_transfer:
            return {part.user for part in gone if part.result is not OfferResult.ACCEPTED}
        return {part.user for part in gone}

    async def _take_out(self, task: Task, chat: str, users: set[str]) -> None:
        """Take these out of the room. People who joined by themselves stay."""
        try:
            await self._members.take_out(task.tenant, task.id, chat, users)
        except GraphProblem as problem:
            if problem.passes:
                await self._wait(task, problem)
            log.warning("an agent stays in a room", tenant=task.tenant, task=task.id, why=str(problem))

    async def _carry_first(self, task: Task, chat: Chat) -> None:
        """Bring over what the agent wrote so far. A room does not stay closed because this is not possible."""
        step = f"read:{chat.id}"
        if await self._notes.has_done(task.tenant, task.id, step):
            return
        try:
            await self._early.carry(task.tenant, task.id, chat.id, seconds=EARLY_SECONDS)
        except (GraphProblem, TimeoutError) as problem:
            log.warning("a new room cannot be read yet", tenant=task.tenant, task=task.id, why=str(problem) or "slow")
        await self._notes.did(task.tenant, task.id, step)

    async def _finish(self, task: Task) -> None:
        """The room is open. What is left is what was written while it opened; after that its note is not needed."""
        conversation = await self._conversations.get(task.tenant, task.id)
        note = await self._notes.read(task.tenant, task.id)
        if conversation is not None and note.moves and note.moves == conversation.chat_id:
            await self._move(task, conversation, note)
            conversation = await self._conversations.get(task.tenant, task.id)
            note = await self._notes.read(task.tenant, task.id)
        if note.broken and task.state is TaskState.ACTIVE and conversation is not None and conversation.chat_id:
            await self._mender.mend(task, conversation, note)
            return
        if task.handed_on and task.state is TaskState.ACTIVE and conversation is not None and conversation.chat_id:
            await self._take_out(task, conversation.chat_id, await self._without_business(task))
        if note.chat is not None and task.state in {TaskState.CONNECTING, TaskState.ACTIVE}:
            try:
                await self._early.carry(task.tenant, task.id, note.chat.id)
            except TimeoutError:
                await self._finish_later(task, GraphProblem(ProblemKind.UNAVAILABLE, "messages_of", code="timeout"))
            except GraphProblem as problem:
                await self._finish_later(task, problem)
        await self._notes.drop(task.tenant, task.id)

    async def _finish_later(self, task: Task, problem: GraphProblem) -> None:
        if problem.passes:
            await self._wait(task, problem)
        elif task.active_at is None or time.time() * 1000 - task.active_at < self._consent_ms:
            raise RetryLater(LOOK_AGAIN_SECONDS, str(problem))
        # Nothing is said to anybody: most rooms have no early words, and in those nothing is missing.
        log.error(
            "a new room cannot be read",
            tenant=task.tenant,
            task=task.id,
            permission=READ_ROOM.name,
            why=str(problem),
        )

    async def _after_problem(self, task: Task, problem: GraphProblem) -> None:
        note = await self._notes.read(task.tenant, task.id)
        if await self._out_of_patience(task, problem):
            return
        if problem.kind is ProblemKind.NOT_FOUND and note.chat is not None:
            await self._wait_for_new_chat(task, problem, lost_before=note.lost)
        if problem.passes:
            await self._wait(task, problem)
        if problem.kind is ProblemKind.NOT_FOUND and problem.operation in {"create_chat", "chats_of", "add_member"}:
            await self._fail(task, await self._who_is_missing(task, problem))
        else:
            await self._fail(task, (await reason_of(self._graph, task.tenant, problem)).word)

    async def _who_is_missing(self, task: Task, problem: GraphProblem) -> str:
        """Graph does not know somebody who was to sit in the room. An agent who does not exist is offered nothing more."""
        agent = task.agent or ""
        try:
            agent_gone = await self._graph.is_gone(task.tenant, agent, share=Share.ROOM)
        except GraphProblem as doubt:
            log.warning("nobody knows who is missing", tenant=task.tenant, task=task.id, why=str(doubt))
            return NO_SUCH_USER.word
        if agent_gone:
            await self._distributor.set_presence(task.tenant, {agent: Presence.DELETED})
            return NO_SUCH_USER.word
        conversation = await self._conversations.get(task.tenant, task.id)
        if problem.operation == "create_chat" and conversation is not None and conversation.second:
            return NO_SUCH_SECOND_PERSON.word
        return NO_SUCH_USER.word

    async def _wait_for_new_chat(self, task: Task, problem: GraphProblem, *, lost_before: bool) -> None:
        """A chat just made is not known everywhere in Microsoft at once; one that stays unknown was deleted.

        It is made once more; then, and where it is the app that stays unknown, this returns: it is no use waiting.
        """
        if await self._notes.waits(task.tenant, task.id, f"{problem.operation}-not_found") > NOT_FOUND_TIMES:
            if problem.operation == "install_in_chat":
                self._graph.forget_catalogue(task.tenant)  # uploaded again, the app has another id there
                return
            if lost_before:
                return
            await self._notes.lost(task.tenant, task.id)
        raise RetryLater(LOOK_AGAIN_SECONDS, str(problem))

    async def _wait(self, task: Task, problem: GraphProblem) -> None:
        """Raises RetryLater. Returns when Graph was waited for long enough."""
        fails = await self._notes.waits(task.tenant, task.id, f"{problem.operation}-{problem.kind}")
        if fails > MOST_WAITS:
            log.error("graph was waited for in vain", tenant=task.tenant, task=task.id, why=str(problem))
            return
        pause = min(LONGEST_WAIT_SECONDS, 2.0 ** min(fails - 1, 10))
        if problem.retry_after is not None:
            pause = min(LONGEST_ASKED_SECONDS, max(pause, problem.retry_after))
        if task.state is TaskState.CONNECTING and task.accepted_at is not None:
            pause = min(pause, max(0.5, OPENING_PATIENCE_SECONDS - _seconds_since(task.accepted_at)))
        raise RetryLater(pause, str(problem)) from problem

    async def _out_of_patience(self, task: Task, problem: GraphProblem) -> bool:
        """A room that a busy or silent Graph does not open counts as one attempt that failed. True: it was told."""
        if not problem.passes or not _is_late(task):
            return False
        log.warning("a room was not opened in time", tenant=task.tenant, task=task.id, why=str(problem))
        await self._notes.fails(task.tenant, task.id, GRAPH_UNAVAILABLE.word)
        await self._fail(task, GRAPH_UNAVAILABLE.word)
        return True

    async def _fail(self, task: Task, word: str) -> None:
        """There will be no room, for this reason. What was made is given back first, which may take several runs."""
        log.warning("a room cannot be opened", tenant=task.tenant, task=task.id, why=word)
        await self._notes.fails(task.tenant, task.id, word)
        await self._give_back(task, await self._notes.read(task.tenant, task.id))
        await self._distributor.opening_failed(task.tenant, task.id, word)

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
                note = Note(None, await self._maker.find_lost(task, note.agent, note.asked_ms_ago), note.agent)
            await self._give_back(task, note)
        except GraphProblem as problem:
            if problem.passes:
                await self._wait(task, problem)
            log.warning("a room cannot be tidied", tenant=task.tenant, task=task.id, why=str(problem))
            await self._notes.drop(task.tenant, task.id)

    async def _give_back(self, task: Task, note: Note) -> None:
        """Take everybody out of a room that nobody needs (it leaves their chat lists), and forget it."""
        if note.chat is not None:
            try:
                await self._members.take_out(task.tenant, task.id, note.chat.id)
            except GraphProblem as problem:
                # While people wait for this, a Graph that does not answer is not waited for.
                if problem.passes and note.failing != GRAPH_UNAVAILABLE.word:
                    await self._wait(task, problem)
                # Teams may refuse to remove the last person, or the permission is the one that is missing.
                log.warning("a room nobody needs stays", tenant=task.tenant, task=task.id, why=str(problem))
        await self._conversations.drop_intent(task.tenant, task.id)
        await self._notes.drop(task.tenant, task.id)


def _seconds_since(at: int) -> float:
    return time.time() - at / 1000


def _is_late(task: Task) -> bool:
    return task.accepted_at is not None and _seconds_since(task.accepted_at) >= OPENING_PATIENCE_SECONDS
