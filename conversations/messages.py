"""The chat itself: what was said, in the order of storing, each message once."""

from collections.abc import Mapping, Sequence
from typing import Final

from conversations.keys import facts_key, messages_key
from conversations.model import (
    CHAT_BYTES,
    GREETING_ID,
    HOUR_BYTES,
    KEEP_SECONDS,
    MAX_TEXT,
    UNUSED_SECONDS,
    Batch,
    Conversation,
    ConversationClosed,
    ConversationError,
    ConversationFull,
    ConversationMoved,
    Kind,
    Message,
    NoAccess,
    NoSuchConversation,
    RoomIntent,
    Said,
    Sender,
    Shown,
    TextTooLong,
    as_seen,
    is_visitors,
    read_conversation,
    read_message,
)
from conversations.rooms import RoomVerbs
from distribution.scripts import spoke_call
from store.keys import root
from store.scripts import Argument, LuaScript

__all__ = [
    "GREETING_ID",
    "Batch",
    "Conversation",
    "ConversationClosed",
    "ConversationError",
    "ConversationFull",
    "ConversationMoved",
    "Conversations",
    "Kind",
    "Message",
    "NoAccess",
    "NoSuchConversation",
    "RoomIntent",
    "Said",
    "Sender",
    "Shown",
    "TextTooLong",
    "as_seen",
]

_SPEAKS: Final[Mapping[Sender, str]] = {Sender.VISITOR: "visitor", Sender.AGENT: "agent", Sender.NOTE: "note"}
"""Whose words keep a talk alive. A note is not for the visitor, but its author is at work on the chat."""

_HELD_MAX: Final = 50
"""So many edits and deletes wait in one conversation; the message of an older one is not coming any more."""


class Conversations(RoomVerbs):
    """Conversations of all tenants. Every method may raise StoreDown, and then nothing is known to be stored.

    Reading gives everything, notes included: what a person may see is decided at the doors in `access.py`.
    """

    async def open(self, conversation: Conversation) -> None:
        """Begin a conversation; one with this id that is there already stays as it is.

        The store sets `started_at`; a `privacy_at` that is set means that the visitor has just accepted the text.
        """
        given = {
            "service": conversation.service,
            "user": conversation.user,
            "customer": conversation.customer,
            "email": conversation.email,
            "page": conversation.page,
            "locale": conversation.locale,
            "widget": conversation.widget,
            "earlier": conversation.earlier,
            "privacy": "1" if conversation.privacy_at else None,
        }
        await self._run(
            "open",
            conversation.tenant,
            conversation.id,
            facts={name: value for name, value in given.items() if value},
            keep=UNUSED_SECONDS,
        )

    async def get(self, tenant: str, conversation: str) -> Conversation | None:
        """The conversation as it is now, closed ones included."""
        facts = await self._store.hgetall(facts_key(tenant, conversation))
        return read_conversation(tenant, conversation, facts) if facts else None

    async def say(
        self,
        tenant: str,
        conversation: str,
        *,
        sender: Sender,
        author: str,
        author_id: str,
        text: str,
        client_id: str,
        kind: Kind = Kind.TEXT,
        refers_to_client_id: str | None = None,
        room: str = "",
    ) -> Said:
        """Store one message; when this returns it is stored, and its place in the order is fixed.

        The same `client_id` from the same side again gives the same place, `duplicate=True`, also after the end. An
        edit or delete (`refers_to_client_id`) whose message has not come waits for it: `seq` is 0 until then.
        `room`: the chat in Teams in which it was written; ConversationMoved is raised if the talk goes on in another one.
        Raises NoSuchConversation, TextTooLong, ConversationFull, and ConversationClosed from the moment that the task's talk is over.
        """
        if len(text) > MAX_TEXT:
            raise TextTooLong
        args: dict[str, Argument] = {
            "tenant": tenant,
            "conversation": conversation,
            "sender": sender,
            "kind": kind,
            "author": author,
            "author_id": author_id,
            "text": text,
            "client_id": client_id,
            "refers_to": refers_to_client_id or "",
            "room": room,
            "keep": KEEP_SECONDS,
            "held_max": _HELD_MAX,
            "hour_max": HOUR_BYTES,
            "chat_max": CHAT_BYTES,
        }
        calls: list[tuple[LuaScript, str, Mapping[str, Argument]]] = [(self._scripts["say"], root(tenant), args)]
        if sender is Sender.VISITOR:
            # The silence in their talk ends with it, in the same round trip.
            calls.append(spoke_call(tenant, conversation, _SPEAKS[sender], author_id))
        (verdict, seq, duplicate, at, *joined), *_ = await self._store.run_many(calls)
        if verdict == "no_conversation":
            raise NoSuchConversation(conversation)
        if verdict == "closed":
            raise ConversationClosed(conversation)
        if verdict == "full":
            raise ConversationFull(int(at) / 1000 or None)
        if verdict == "moved":
            raise ConversationMoved(conversation)
        if sender is not Sender.VISITOR and sender in _SPEAKS and int(joined[0]):
            # Only the answer says whether the author is in the talk.
            await self._store.run_many([spoke_call(tenant, conversation, _SPEAKS[sender], author_id)])
        return Said(seq=int(seq), duplicate=bool(int(duplicate)), at=int(at))

    async def read(self, tenant: str, conversation: str, after: int, limit: int = 200) -> list[Message]:
        """The messages behind `after`, at most `limit`, in order; notes, edits and deletes as they were stored."""
        entries = await self._store.xrange(messages_key(tenant, conversation), f"{after}-0", limit)
        return [read_message(entry_id, fields) for entry_id, fields in entries]

    async def places(self, wanted: Sequence[tuple[str, str]]) -> list[tuple[int, int] | None]:
        """For many (tenant, conversation) in one round trip: the last entry, and the last one the visitor may see."""
        found = await self._store.many([("hmget", (facts_key(*one), "last", "public")) for one in wanted])
        return [(int(last), int(public)) if last and public else None for last, public in found]

    async def backlog(self, tenant: str, conversations: Sequence[str]) -> dict[str, tuple[int, int]]:
        """Of those that have a room: how many of the visitor's messages are not in it yet, and when the first of them was
        stored (ms). Conversations in which all are there are left out.
        """
        asked = [("hmget", (facts_key(tenant, one), "chat", "last", "relayed")) for one in conversations]
        found: dict[str, tuple[int, int]] = {}
        for one, (chat, last, relayed) in zip(conversations, await self._store.many(asked), strict=True):
            if chat and last and relayed and int(last) > int(relayed):
                waiting = [message for message in await self.read(tenant, one, int(relayed)) if is_visitors(message)]
                if waiting:
                    found[one] = len(waiting), waiting[0].at
        return found

    async def begin(self, tenant: str, conversation: str, at: int) -> None:
        """Its task exists since `at`: from now on nobody creates one for it, whatever becomes of the task."""
        await self._run("note_facts", tenant, conversation, facts={"begun": str(at)})

    async def set_customer(self, tenant: str, conversation: str, *, name: str, email: str) -> None:
        """The customer said, or corrected, who they are."""
        await self._run("note_facts", tenant, conversation, facts={"customer": name, "email": email})

    async def typing(self, tenant: str, conversation: str, who: str) -> None:
        """`who` ("agent" or "visitor") is writing: a doorbell, nothing is kept."""
        await self._run("typing", tenant, conversation, who=who)

    async def close(self, tenant: str, conversation: str) -> None:
        """No more messages, for ever. Repeated it changes nothing."""
        await self._run("close", tenant, conversation, keep=KEEP_SECONDS)
