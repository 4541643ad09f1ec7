"""A service's workflow: what happens between a visitor's first message and the queue.

An effect, not a transaction: it looks at what is, does the next step, and may be stopped anywhere. Running it twice
is running it once, for its messages have fixed ids and the distributor answers a repeat with "unchanged".
"""

from typing import Final

import structlog

from cards.wording import Wording, wording
from conversations.messages import (
    GREETING_ID,
    Conversation,
    ConversationClosed,
    Conversations,
    NoSuchConversation,
    Sender,
)
from directory.directory import Directory
from distribution.distributor import Distributor
from distribution.tasks import Outcome, Task, TaskState
from store.due import Subject

log = structlog.get_logger(__name__)

UNAVAILABLE_ID: Final = "arrival:unavailable"

TURNED_AWAY_ID: Final = "arrival:turned-away"

TURNED_AWAY: Final = frozenset({Outcome.OUTSIDE_HOURS, Outcome.QUEUE_LIMIT})
"""A task that ends with one of these before it waits: its visitor is told why (`arrival.<outcome>`)."""


class Arrival:
    """Brings arriving tasks to the queue, or says why it cannot."""

    def __init__(self, distributor: Distributor, conversations: Conversations, directory: Directory) -> None:
        self._distributor = distributor
        self._conversations = conversations
        self._directory = directory

    async def handle_arrival(self, subject: Subject) -> None:
        """The handler of `arrival:<tenant>:<task>`."""
        tenant, task_id = subject.tenant, subject.parts[0]
        task = await self._distributor.task(tenant, task_id)
        turned_away = task is not None and task.outcome in TURNED_AWAY
        if task is None or not (turned_away or task.state is TaskState.ARRIVING):
            return
        conversation = await self._conversations.get(tenant, task_id)
        if turned_away:  # the process that turned it away may have died before its message
            await self._say_turned_away(conversation, task)
            return
        if conversation is None:
            await self._distributor.cancel(tenant, task_id, actor="system", why="no_conversation")
            return
        if conversation.closed_at is not None:  # the visitor wrote the first message in one tab, and left in another
            await self._distributor.visitor_left(tenant, task_id)
            return
        missing = await self._directory.missing_for(tenant, service=task.service, user=task.user)
        if missing:
            await self._turn_away(conversation, why=missing[0].code)
            return
        await self._say(conversation, await self._greeting(conversation), GREETING_ID)
        answer = await self._distributor.queue(tenant, task_id)
        if answer.task is not None:
            await self._say_turned_away(conversation, answer.task)
        log.info("arrived", task=task_id, verdict=answer.verdict.value, state=answer.task and answer.task.state.value)

    async def _turn_away(self, conversation: Conversation, *, why: str) -> None:
        await self._say(conversation, _words(conversation)("arrival.unavailable"), UNAVAILABLE_ID)
        await self._distributor.cancel(conversation.tenant, conversation.id, actor="system", why=why)
        log.info("turned_away", task=conversation.id, why=why)

    async def _say_turned_away(self, conversation: Conversation | None, task: Task) -> None:
        if conversation is not None and task.outcome in TURNED_AWAY:
            text = await self._own_text(task) or _words(conversation)(f"arrival.{task.outcome}")
            await self._say(conversation, text, TURNED_AWAY_ID)

    async def _own_text(self, task: Task) -> str:
        """The owner's text for visitors who are turned away, "" if there is none."""
        settings = await self._directory.settings(task.tenant, task.service)
        if settings is None:
            return ""
        return settings.closed_text if task.outcome is Outcome.OUTSIDE_HOURS else settings.full_text

    async def _greeting(self, conversation: Conversation) -> str:
        tenant = conversation.tenant
        if conversation.service is not None:
            owner = await self._directory.service(tenant, conversation.service)
        else:
            owner = await self._directory.user(tenant, conversation.user or "")
        return owner.widget.greeting if owner is not None and owner.widget is not None else ""

    async def _say(self, conversation: Conversation, text: str, client_id: str) -> None:
        if not text:
            return
        try:
            await self._conversations.say(
                conversation.tenant,
                conversation.id,
                sender=Sender.SYSTEM,
                author="",
                author_id="",
                text=text,
                client_id=client_id,
            )
        except (ConversationClosed, NoSuchConversation):
            log.info("visitor_left_meanwhile", task=conversation.id)


def _words(conversation: Conversation) -> Wording:
    """The texts in the visitor's language."""
    return wording(conversation.locale)
