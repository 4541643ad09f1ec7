"""What agents write in a task's room goes to the customer; `//` stays among them."""

import hashlib

import structlog

from bots.incoming import Incoming
from bots.task_cards import TaskCards
from cards.wording import wording
from conversations.messages import (
    ConversationClosed,
    ConversationMoved,
    Conversations,
    Kind,
    NoSuchConversation,
    Sender,
    TextTooLong,
)
from conversations.room_words import MAX_NAME, RoomWord, left_out, take
from conversations.teams_text import Written, client_id_of
from store.text import tidied

log = structlog.get_logger(__name__)


class RoomChat:
    """Messages, edits and deletes in rooms. Each is stored before Teams gets its answer."""

    def __init__(self, conversations: Conversations, task_cards: TaskCards) -> None:
        self._conversations = conversations
        self._task_cards = task_cards

    async def message(self, incoming: Incoming) -> str:
        """Store it. Returns what is to be said in the room, empty if nothing. Raises StoreDown."""
        conversation = await self._conversation(incoming)
        if conversation is None:
            return ""
        word = _word_of(incoming)
        try:
            key = await take(self._conversations, incoming.tenant, conversation, word, room=incoming.conversation)
        except (ConversationClosed, NoSuchConversation):
            key = "room.after_end"
        except ConversationMoved:
            key = "room.moved_on"
        if key:
            # Should Graph bring it as well, the same is not said again.
            await self._conversations.set_noticed(incoming.tenant, conversation, incoming.conversation, incoming.id)
        return await self._words(incoming, key)

    async def edited(self, incoming: Incoming) -> str:
        """Store an edit, or the return of a message that was deleted. Returns what is to be said about it."""
        conversation = await self._conversation(incoming)
        word = _word_of(incoming)
        if conversation is None or word.refusal:
            return ""
        found = word.read()
        if found.too_long:
            return await self._words(incoming, "room.too_long")
        if not found.text:
            # What stood there before is not what the agent wants to say.
            key = await self._say(incoming, conversation, Kind.DELETE, found)
            return await self._words(incoming, key or "room.edit_emptied")
        key = await self._say(incoming, conversation, Kind.EDIT, found)
        return await self._words(incoming, key or left_out(found))

    async def deleted(self, incoming: Incoming) -> None:
        """Store that a message was taken back."""
        conversation = await self._conversation(incoming)
        if conversation is not None and not incoming.targeted:
            await self._say(incoming, conversation, Kind.DELETE, Written(""))

    async def _conversation(self, incoming: Incoming) -> str | None:
        """The conversation whose room this is; None for any other chat, and for what no person wrote."""
        return await self._conversations.by_room(incoming.tenant, incoming.conversation) if incoming.person else None

    async def _say(self, incoming: Incoming, conversation: str, kind: Kind, found: Written) -> str:
        """Store an edit or a delete. Returns the key of what is to be said about it."""
        original = client_id_of(incoming.id)
        try:
            said = await self._conversations.say(
                incoming.tenant,
                conversation,
                sender=found.sender,
                author=tidied(incoming.user_name, MAX_NAME),
                author_id=incoming.user,
                text=found.text,
                client_id=f"{original}:{kind}:{_version(incoming, found.text)}",
                kind=kind,
                refers_to_client_id=original,
                room=incoming.conversation,
            )
        except (ConversationClosed, NoSuchConversation):
            return ""
        except ConversationMoved:
            return "room.moved_on"
        except TextTooLong:
            return "room.too_long"
        log.info("agent_said", task=conversation, seq=said.seq, duplicate=said.duplicate, kind=kind.value)
        return await self._what_became(incoming, conversation, said.seq, found) if kind is Kind.EDIT else ""

    async def _what_became(self, incoming: Incoming, conversation: str, seq: int, found: Written) -> str:
        """An edit does not make a message of a note, and takes back a message that it makes a note."""
        entries = await self._conversations.read(incoming.tenant, conversation, seq - 1, 1) if seq else []
        if not entries or entries[0].sender is not Sender.NOTE:
            return ""
        if entries[0].was is not None:
            return "room.taken_back"
        return "" if found.note else "room.stays_note"

    async def _words(self, incoming: Incoming, key: str) -> str:
        if not key:
            return ""
        language = await self._task_cards.language(incoming.tenant, incoming.user)
        return wording(language)(key, limit=TextTooLong().limit)


def _word_of(incoming: Incoming) -> RoomWord:
    return RoomWord(
        id=incoming.id,
        user=incoming.user,
        name=incoming.user_name,
        text=incoming.text,
        html=incoming.html,
        mentions_of_bot=incoming.mentions_of_bot,
        files=incoming.files,
        targeted=incoming.targeted,
    )


def _version(incoming: Incoming, text: str) -> str:
    """The same for a repetition of an edit, and for nothing else; the id of its activity is the message's own."""
    return hashlib.sha256(f"{incoming.event} {incoming.at} {text}".encode()).hexdigest()[:16]
