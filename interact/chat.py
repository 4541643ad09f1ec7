"""One visitor's chat as its socket uses it: what the visitor sends, what they may know, and its state."""

import math
from dataclasses import replace
from typing import Any, Final

import structlog

from conversations.access import Claims, access_conversation_as_visitor
from conversations.messages import (
    Conversation,
    ConversationClosed,
    ConversationFull,
    Conversations,
    Message,
    NoSuchConversation,
    Said,
    Sender,
)
from conversations.model import LATE_MS, is_visitors
from directory.directory import Directory
from distribution.distributor import Distributor
from distribution.tasks import Task, TaskState
from distribution.verdicts import Verdict
from interact.frames import BadFrame, Say, message_frame
from interact.status import ENDED, state_of, status_frame
from interact.widgets import Widget

log = structlog.get_logger(__name__)

LOOKED_AT: Final = 50
"""Entries behind what is in the room in which the visitor's first one is looked for."""

CHATS_BACK: Final = 3
"""The number of chats a widget keeps; agents of earlier chats are forgotten."""


class VisitorChat:
    """Everything here is for the one conversation that the visitor's claims open. Methods raise StoreDown."""

    __slots__ = (
        "_agent",
        "_claims",
        "_conversations",
        "_directory",
        "_distributor",
        "conversation",
        "key",
        "task",
        "widget",
    )  # ten thousand of these are kept

    def __init__(
        self,
        claims: Claims,
        conversation: Conversation,
        widget: Widget,
        *,
        conversations: Conversations,
        distributor: Distributor,
        directory: Directory,
    ) -> None:
        self.key = (claims.tenant, claims.conversation)
        self.conversation = conversation
        self.widget = widget
        self.task: Task | None = None
        self._claims = claims
        self._conversations = conversations
        self._distributor = distributor
        self._directory = directory
        self._agent: tuple[str, str | None] | None = None  # (user, name) of the last lookup

    async def refresh(self) -> None:
        """Read the conversation and its task as they are now. Raises NoAccess when the conversation is gone."""
        found = await access_conversation_as_visitor(self._conversations, self._claims)
        if found.begun_at is None:  # it may have begun while this was being read
            found = replace(found, begun_at=self.conversation.begun_at)
        self.conversation = found
        if self.conversation.begun_at is not None:
            self.task = await self._distributor.task(*self.key)
        if self.task is not None and self.task.state is TaskState.CLOSED and self.conversation.closed_at is None:
            await self._conversations.close(*self.key)

    @property
    def ended(self) -> bool:
        """The chat is over for the visitor."""
        return state_of(self.conversation, self.task) == ENDED

    async def status(self) -> dict[str, Any]:
        """Where the chat stands, as last read."""
        task = self.task
        waiting = task is not None and task.state is TaskState.QUEUED and task.holder is None
        return status_frame(
            self.conversation,
            task,
            service=self.widget.name,
            agent=await self._agent_of(task, task.talker) if task is not None else None,
            position=await self._distributor.position(*self.key) if waiting else None,
        )

    async def _agent_of(self, task: Task, agent: str | None) -> str | None:
        """The agent's name as the service shows it: the service's own, one for all, or the real one."""
        if agent is None:
            return None
        if self.widget.agent_name is not None:
            return self.widget.agent_name
        if self._agent is None or self._agent[0] != agent:
            user = await self._directory.user(task.tenant, agent)
            self._agent = (agent, user.name if user is not None else None)
        return self._agent[1]

    async def read(self, after: int, limit: int) -> list[Message]:
        """Entries behind `after`, notes included (they count as seen, and are not shown)."""
        return await self._conversations.read(*self.key, after, limit)

    def shown(self, message: Message) -> dict[str, Any] | None:
        """The message as a frame, None if it is not for the visitor."""
        return message_frame(message, agent_name=self.widget.agent_name)

    async def say(self, frame: Say) -> Said:
        """Stored when it returns, and its task exists. Saying the same again is harmless. Raises BadFrame."""
        try:
            said = await self._conversations.say(
                *self.key,
                sender=Sender.VISITOR,
                author=self.conversation.customer,
                author_id="",
                text=frame.text,
                client_id=frame.id,
            )
        except (ConversationClosed, NoSuchConversation):
            raise BadFrame("ended", None, "This chat has ended.", frame.id) from None
        except ConversationFull as full:
            text = "This chat holds no more text. Please start a new one."
            if full.after_seconds is not None:
                minutes = math.ceil(full.after_seconds / 60)
                text = f"This is too much text for one hour. Please send it again in {minutes} min."
            raise BadFrame("too_much", "text", text, frame.id) from None
        await self.make_sure_of_task(frame.id)
        return said

    async def make_sure_of_task(self, message_id: str | None = None) -> None:
        """The first message creates the task, once: whichever tab, resend or resume comes to it first. Raises BadFrame."""
        if self.conversation.begun_at is not None:
            return
        conversation = self.conversation
        answer = await self._distributor.create(
            *self.key,
            service=conversation.service,
            user=conversation.user,
            customer=conversation.customer,
            preferred=await self._last_agent(),
        )
        if not answer.ok or answer.task is None:
            log.warning("task_refused", conversation=conversation.id, verdict=answer.verdict.value, why=answer.why)
            await self._conversations.close(*self.key)
            raise BadFrame("refused", None, "This chat is not available at the moment.", message_id)
        await self._conversations.begin(*self.key, answer.task.created_at)
        self.task = answer.task
        self.conversation = replace(conversation, begun_at=answer.task.created_at)

    async def _last_agent(self) -> tuple[str, ...]:
        """The visitor's previous agent, where the service prefers that agent."""
        tenant, earlier = self.conversation.tenant, self.conversation.earlier
        if not earlier or self.conversation.service is None:
            return ()
        service = await self._directory.service(tenant, self.conversation.service)
        if service is None or not service.last_agent:
            return ()
        for _ in range(CHATS_BACK):  # nobody may have come to the latest one
            task = await self._distributor.task(tenant, earlier)
            if task is not None and task.agent is not None:
                return (task.agent,)
            before = await self._conversations.get(tenant, earlier)
            if before is None or not before.earlier:
                break
            earlier = before.earlier
        return ()

    async def leave(self) -> None:
        """The visitor ends the chat. Repeated it changes nothing."""
        # The task is asked, not what this socket knows of it: another tab may just have created it.
        answer = await self._distributor.visitor_left(*self.key)
        if answer.verdict is Verdict.NO_SUCH_TASK:
            await self._conversations.close(*self.key)
            # Another tab's first word may have made one in between; one that is made from here on ends on arrival.
            await self._distributor.visitor_left(*self.key)

    async def delivery(self, now: int) -> tuple[dict[str, Any], int | None]:
        """What of the visitor's words has not reached the room, as a frame; and when one more may count as late (ms)."""
        conversation = self.conversation
        late_from, next_at = None, None
        relayed = conversation.relayed_seq
        if conversation.chat_id and relayed is not None and relayed < conversation.last_seq and not self.ended:
            waiting = await self._conversations.read(*self.key, relayed, LOOKED_AT)
            first = next((message for message in waiting if is_visitors(message)), None)
            if first is not None and now - first.at >= LATE_MS:
                late_from = first.seq
            elif first is not None:
                next_at = first.at + LATE_MS
        return {"type": "delivery", "late_from": late_from, "failed": list(conversation.failed)}, next_at

    async def typing(self) -> None:
        """The visitor is writing."""
        await self._conversations.typing(*self.key, "visitor")

    async def here(self, connection: str) -> None:
        """This connection lives; also brings the task as it is now."""
        if self.task is not None and not self.ended:
            answer = await self._distributor.visitor_here(*self.key, connection)
            self.task = answer.task or self.task

    async def away(self, connection: str) -> None:
        """This connection was closed by the visitor."""
        if self.task is not None and not self.ended:
            await self._distributor.visitor_away(*self.key, connection)
