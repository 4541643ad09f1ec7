"""What people wrote in a room before the bot could hear them.

Teams shows the agent the new chat at once, and Graph brings the bot into it a second or two later. What they write in
between comes to no bot, ever; so it is read from Graph, and is in the conversation as if the bot had brought it.
"""

from math import inf

import structlog

from conversations.messages import ConversationClosed, Conversations, NoSuchConversation
from conversations.room_words import RoomWord, take
from graph.client import GraphClient
from graph.company import Company
from graph.facts import Written
from graph.pace import Pace
from graph.reading import ChatReader

log = structlog.get_logger(__name__)

# Longer than this a page of messages is not waited for.
PAGE_SECONDS = 10.0


class EarlyWords:
    """Reads a room, and stores what is not stored. The ids are those of the bot's activities: nothing comes twice."""

    def __init__(self, *, graph: GraphClient, conversations: Conversations, directory: Company, pace: Pace) -> None:
        self._reader = ChatReader(graph, pace)
        self._conversations = conversations
        self._directory = directory

    async def carry(
        self, tenant: str, conversation: str, chat: str, *, seconds: float = PAGE_SECONDS, until: float = inf
    ) -> None:
        """Store everything that people wrote in this chat, in the order of writing. Raises GraphProblem, RetryLater, StoreDown.

        `seconds`: how long a page may take, then TimeoutError is raised. `until`: what was written later (ms) is left out.
        """
        pages = await self._reader.read(tenant, chat, seconds=seconds)
        found = sorted(
            (one for page in pages for one in page.written if one.at <= until), key=lambda one: (one.at, one.id)
        )
        try:
            for message in found:
                await self._store(tenant, conversation, message)
        except (ConversationClosed, NoSuchConversation):
            log.info("early_message_after_end", task=conversation)

    async def _store(self, tenant: str, conversation: str, message: Written) -> None:
        person = await self._directory.user(tenant, message.user) if message.user else None
        word = RoomWord(
            id=message.id,
            user=message.user,
            name=person.name if person is not None else message.name,
            text=message.text,
            html=message.html,
            mentions_of_bot=_as_mentions(message),
            files=message.files,
        )
        key = await take(self._conversations, tenant, conversation, word)
        if key:
            await self._conversations.notice(tenant, conversation, message.id, key)


def _as_mentions(message: Written) -> list[str]:
    """The mentions of our bot as activities write them."""
    return [f"<at>{name}</at>" for name in message.mentions_of_us]
