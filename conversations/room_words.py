"""A message from a task's room on its way to the visitor. The bot brings it, or Graph, where no bot was in the room yet.

Both doors take the same function, so that the same message means the same, and what is not sent is said in the same words.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import structlog

from conversations.messages import Conversations, TextTooLong
from conversations.teams_text import Written, client_id_of, written
from conversations.topic import clean_name
from store.text import tidied

log = structlog.get_logger(__name__)

MAX_NAME: Final = 120
"""Characters of a name that the customer reads. Entra's names have up to 256."""


@dataclass(frozen=True, slots=True)
class RoomWord:
    """A message as it stands in the room. `user` is empty where Teams does not say who it is, and so may be `name`."""

    id: str
    user: str
    name: str
    text: str
    html: str | Sequence[str]
    mentions_of_bot: Sequence[str] = ()
    files: bool = False
    targeted: bool = False  # shown to the bot only

    @property
    def refusal(self) -> str:
        """The key of why nothing of it may reach the customer; empty if it may."""
        if self.targeted:
            return "room.targeted"
        return "" if self.user or clean_name(self.name) else "room.nobody"

    def read(self) -> Written:
        return written(self.text, self.html, self.mentions_of_bot, files=self.files)


async def take(conversations: Conversations, tenant: str, conversation: str, word: RoomWord, *, room: str = "") -> str:
    """Store a message. Returns the key of what is to be said about it in the room, empty if nothing.

    `room`: the chat in which it was written. Raises what `Conversations.say` raises, except TextTooLong.
    """
    if word.refusal:
        return word.refusal
    found = word.read()
    if found.text:
        try:
            said = await conversations.say(
                tenant,
                conversation,
                sender=found.sender,
                author=tidied(word.name, MAX_NAME),
                author_id=word.user,
                text=found.text,
                client_id=client_id_of(word.id),
                room=room,
            )
        except TextTooLong:
            return "room.too_long"
        log.info(
            "agent_said", task=conversation, seq=said.seq, duplicate=said.duplicate, kind="text", by_bot=bool(room)
        )
    return left_out(found)


def left_out(found: Written) -> str:
    """The key of what is to be said about something that is not sent, or not whole."""
    if found.too_long:
        return "room.too_long"
    if found.doubtful:
        return "room.doubtful"
    if not found.text:
        return "room.nothing_carried"
    return "room.not_carried" if found.lost and not found.note else ""
