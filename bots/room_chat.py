"""What agents write in a task's room goes to the customer; `//` stays among them."""

import hashlib

import structlog

from bots.incoming import Incoming
from bots.pictures import Pictures
from cards.wording import wording
from conversations.messages import (
    ConversationClosed,
    ConversationMoved,
    Conversations,
    Kind,
    NoSuchConversation,
    TextTooLong,
)
from conversations.teams_text import client_id_of, sender_of, written

log = structlog.get_logger(__name__)


class RoomChat:
    """Messages, edits and deletes in rooms. Each is stored before Teams gets its answer."""

    def __init__(self, conversations: Conversations, pictures: Pictures) -> None:
        self._conversations = conversations
        self._pictures = pictures

    async def message(self, incoming: Incoming) -> str:
        """Store it. Returns what is to be said in the room, empty if nothing. Raises StoreDown."""
        conversation = await self._conversation(incoming)
        found = written(incoming.text, incoming.html, incoming.mentions_of_bot, files=incoming.files)
        if conversation is None or not (found.text or found.lost):
            return ""
        key = await self._say(incoming, conversation, Kind.TEXT, found.text) if found.text else ""
        if not key and found.lost:
            key = "room.not_carried" if found.text else "room.nothing_carried"
        return await self._words(incoming, key) if key else ""

    async def edited(self, incoming: Incoming) -> str:
        """Store an edit, or the return of a message that was deleted. Returns what is to be said about it."""
        conversation = await self._conversation(incoming)
        found = written(incoming.text, incoming.html, incoming.mentions_of_bot)
        if conversation is None or not found.text:
            return ""
        key = await self._say(incoming, conversation, Kind.EDIT, found.text)
        return await self._words(incoming, key) if key else ""

    async def deleted(self, incoming: Incoming) -> None:
        """Store that a message was taken back."""
        conversation = await self._conversation(incoming)
        if conversation is not None:
            await self._say(incoming, conversation, Kind.DELETE, "")

    async def _conversation(self, incoming: Incoming) -> str | None:
        """The conversation whose room this is; None for any other chat, and for what no person wrote."""
        return await self._conversations.by_room(incoming.tenant, incoming.conversation) if incoming.user else None

    async def _say(self, incoming: Incoming, conversation: str, kind: Kind, text: str) -> str:
        """Returns the key of what is to be said about it."""
        original = client_id_of(incoming.id)
        try:
            said = await self._conversations.say(
                incoming.tenant,
                conversation,
                sender=sender_of(text),
                author=incoming.user_name,
                author_id=incoming.user,
                text=text,
                client_id=original if kind is Kind.TEXT else f"{original}:{kind}:{_version(incoming, text)}",
                kind=kind,
                refers_to_client_id=None if kind is Kind.TEXT else original,
                room=incoming.conversation,
            )
        except (ConversationClosed, NoSuchConversation):
            return "room.after_end" if kind is Kind.TEXT else ""
        except ConversationMoved:
            return "room.moved_on"
        except TextTooLong:
            return "room.too_long"
        log.info("agent_said", task=conversation, seq=said.seq, duplicate=said.duplicate, kind=kind.value)
        return ""

    async def _words(self, incoming: Incoming, key: str) -> str:
        language = await self._pictures.language(incoming.tenant, incoming.user)
        return wording(language)(key, limit=TextTooLong().limit)


def _version(incoming: Incoming, text: str) -> str:
    """The same for a repetition of an edit, and for nothing else; the id of its activity is the message's own."""
    return hashlib.sha256(f"{incoming.event} {incoming.at} {text}".encode()).hexdigest()[:16]
