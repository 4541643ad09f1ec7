"""A service's workflow: what happens between a visitor's first message and the queue.

An effect, not a transaction: it looks at what is, does the next step, and may be stopped anywhere. Running it twice
is running it once, for its messages have fixed ids and the distributor answers a repeat with "unchanged".
"""

from collections.abc import Mapping
from typing import Final

import structlog

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

UNAVAILABLE: Final = {
    "en": "Thank you for your message. This chat is not available at the moment.",
    "de": "Danke für Ihre Nachricht. Dieser Chat ist im Moment nicht verfügbar.",
    "fr": "Merci de votre message. Ce chat n’est pas disponible pour le moment.",
    "it": "Grazie per il Suo messaggio. Questa chat non è disponibile al momento.",
}

TURNED_AWAY_ID: Final = "arrival:turned-away"

TURNED_AWAY: Final[Mapping[Outcome | None, Mapping[str, str]]] = {
    Outcome.OUTSIDE_HOURS: {
        "en": "Thank you for your message. We are closed at the moment. Please come back during our opening hours.",
        "de": "Danke für Ihre Nachricht. Im Moment ist geschlossen. Bitte kommen Sie während der Öffnungszeiten wieder.",
        "fr": "Merci de votre message. Nous sommes fermés pour le moment. Revenez pendant nos heures d’ouverture.",
        "it": "Grazie per il Suo messaggio. Al momento siamo chiusi. La preghiamo di tornare negli orari di apertura.",
    },
    Outcome.QUEUE_LIMIT: {
        "en": "Thank you for your message. Too many people are waiting at the moment. Please try again a little later.",
        "de": "Danke für Ihre Nachricht. Im Moment warten zu viele. Bitte versuchen Sie es etwas später noch einmal.",
        "fr": "Merci de votre message. Trop de personnes attendent en ce moment. Réessayez un peu plus tard.",
        "it": "Grazie per il Suo messaggio. In questo momento troppe persone sono in attesa. La preghiamo di riprovare più tardi.",
    },
}
"""What a visitor is told whose chat ends where it would begin to wait."""


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
        if turned_away:  # whoever found that out may have died before he could say it
            await self._say_turned_away(conversation, task)
            return
        if conversation is None:
            await self._distributor.cancel(tenant, task_id, actor="system", why="no_conversation")
            return
        if conversation.closed_at is not None:  # in one tab he wrote his first word, and left in another
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
        await self._say(conversation, _in_his_language(UNAVAILABLE, conversation), UNAVAILABLE_ID)
        await self._distributor.cancel(conversation.tenant, conversation.id, actor="system", why=why)
        log.info("turned_away", task=conversation.id, why=why)

    async def _say_turned_away(self, conversation: Conversation | None, task: Task) -> None:
        texts = TURNED_AWAY.get(task.outcome)
        if conversation is not None and texts is not None:
            text = await self._own_text(task) or _in_his_language(texts, conversation)
            await self._say(conversation, text, TURNED_AWAY_ID)

    async def _own_text(self, task: Task) -> str:
        """The owner's words for somebody who is turned away, "" when he has none."""
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


def _in_his_language(texts: Mapping[str, str], conversation: Conversation) -> str:
    language = conversation.locale.partition("-")[0].lower()
    return texts.get(language, texts["en"])
