"""A conversation's room in Teams: the intent, the binding, what is sent into it, and what is shown there."""

from collections.abc import Sequence
from json import dumps, loads
from typing import Final

from conversations.keys import chat_key, sent_key, shown_key
from conversations.model import KEEP_SECONDS, LATE_MS, NOTICE, Batch, NoSuchConversation, RoomIntent, Shown, read_entry
from conversations.scripts import Scripts
from store.due import Subject, mark_due

MAX_BATCH_MESSAGES: Final = 20
MAX_BATCH_BYTES: Final = 20_000
"""One activity with so much text stays, with its markup and as UTF-16, below the 80 KB that Teams surely takes."""


class RoomVerbs(Scripts):
    """The Teams side of conversations."""

    async def intend_room(self, tenant: str, conversation: str, topic: str) -> RoomIntent:
        """Written before Graph is asked for a room. An earlier intent stands and is returned, with its chat if there is one.

        Raises NoSuchConversation.
        """
        reply: list[str] = await self._run("intend_room", tenant, conversation, topic=topic)
        if not reply:
            raise NoSuchConversation(conversation)
        return RoomIntent(topic=reply[0], at=int(reply[1]), chat_id=reply[2], chat_url=reply[3])

    async def set_second(self, tenant: str, conversation: str, user: str) -> None:
        """Who sits in the room beside the agent without having joined the talk: their words are notes. "" = nobody."""
        await self._run("note_facts", tenant, conversation, facts={"second": user})

    async def drop_intent(self, tenant: str, conversation: str) -> None:
        """The room that was intended will never exist: the next intent begins from nothing."""
        await self._run("note_facts", tenant, conversation, facts={"topic": "", "topic_at": ""})

    async def notice(self, tenant: str, conversation: str, message: str, key: str) -> None:
        """Something is to be said in the room about a message in it (`Conversation.notices`), once. `key`: its words."""
        if await self.shown(tenant, conversation, f"{NOTICE}{message}") is None:
            await self._run("note_facts", tenant, conversation, facts={f"{NOTICE}{message}": key})
            await mark_due(self._store, tenant, Subject("relay", tenant, (conversation,)))

    async def set_noticed(self, tenant: str, conversation: str, chat_id: str, message: str) -> None:
        """What is to be said in the room about this message was said."""
        await self.set_shown(tenant, conversation, f"{NOTICE}{message}", chat_id, "", "")
        await self._run("note_facts", tenant, conversation, facts={f"{NOTICE}{message}": ""})

    async def set_refusals(self, tenant: str, conversation: str, chat_id: str, count: int) -> None:
        """How often in a row this room has refused what was sent to it."""
        noted = f"{count} {chat_id}" if count else ""
        await self._run("note_facts", tenant, conversation, facts={"refusals": noted})

    async def bind_room(self, tenant: str, conversation: str, chat_id: str, chat_url: str) -> bool:
        """The room is there. The first binding stands: False says that another chat is the room, or that the task is over
        already; tidy this one then.

        Everything said up to now belongs on the opening card (`Conversation.opening_seq`); the rest comes in batches.
        Raises NoSuchConversation.
        """
        verdict: str = await self._run(
            "bind_room", tenant, conversation, chat_id=chat_id, chat_url=chat_url, keep=KEEP_SECONDS
        )
        if verdict == "no_conversation":
            raise NoSuchConversation(conversation)
        return verdict == "bound"

    async def move_room(
        self, tenant: str, conversation: str, *, before: str, chat_id: str, chat_url: str, agent: str
    ) -> bool:
        """The talk goes on in another chat, as that of `agent`; the room `before` is left (`Conversation.left`).

        What was said up to now belongs on the opening card there. False: it has ended, or moved on meanwhile.
        """
        verdict: str = await self._run(
            "move_room",
            tenant,
            conversation,
            before=before,
            chat_id=chat_id,
            chat_url=chat_url,
            agent=agent,
            keep=KEEP_SECONDS,
        )
        return verdict == "bound"

    async def by_room(self, tenant: str, chat_id: str) -> str | None:
        """The conversation whose room this chat is or was, also after its end."""
        return await self._store.get(chat_key(tenant, chat_id))

    async def next_batch(
        self,
        tenant: str,
        conversation: str,
        *,
        chat_id: str = "",
        max_messages: int = MAX_BATCH_MESSAGES,
        max_bytes: int = MAX_BATCH_BYTES,
    ) -> Batch | None:
        """What goes to the room next: the visitor's and the system's messages, in order. None if all is there, there is no room,
        or `chat_id` is not the room any more.

        The range is stored before this returns: until `batch_sent`, the same batch comes again. One message that is
        larger than `max_bytes` (of UTF-8) is a batch of its own.
        """
        reply = await self._run(
            "next_batch", tenant, conversation, chat_id=chat_id, max_messages=max_messages, max_bytes=max_bytes
        )
        if not reply:
            return None
        first, last, at, now, doubtful, refused, *entries = reply
        messages = tuple(read_entry(entry) for entry in entries)
        return Batch(
            int(first),
            int(last),
            messages,
            at=int(at),
            late=bool(messages) and int(now) - messages[0].at >= LATE_MS,
            doubtful=bool(int(doubtful)),
            refused=int(refused),
        )

    async def batch_unsent(
        self, tenant: str, conversation: str, batch: Batch, *, sure: bool, refused: bool = False, alone: bool = False
    ) -> None:
        """It was handed out and did not arrive. `sure`: Teams does not have it, so that the next hand-out is not doubtful;
        `refused`: Teams did not want it; `alone`: its first message goes by itself next.
        """
        await self._run(
            "batch_unsent",
            tenant,
            conversation,
            first=batch.first,
            last=batch.last,
            clean=int(sure),
            refused=int(refused),
            alone_to=batch.messages[0].seq if alone else 0,
        )

    async def known_activities(self, tenant: str, conversation: str, chat_id: str) -> set[str]:
        """The ids of all activities that are noted as sent in this conversation's rooms, or shown in this one of them."""
        names = (sent_key(tenant, conversation), shown_key(tenant, conversation))
        sent, shown = await self._store.many([("hgetall", (name,)) for name in names])
        pictures = [Shown(*loads(picture)) for picture in shown.values()]
        return {*sent.values(), *(made.activity_id for made in pictures if made.conversation_ref == chat_id)}

    async def batch_sent(
        self,
        tenant: str,
        conversation: str,
        batch: Batch,
        activity_id: str,
        *,
        failed: Sequence[int] = (),
        late: bool = False,
    ) -> None:
        """Teams has it; repeated, or for a batch that is not on its way, it changes nothing. `failed`: the messages that it
        refused for good; `late`: the visitor may have been told that it is not there yet.
        """
        await self._run(
            "batch_sent",
            tenant,
            conversation,
            first=batch.first,
            last=batch.last,
            activity=activity_id,
            failed=" ".join(map(str, failed)),
            late=int(late),
            keep=KEEP_SECONDS,
        )

    async def shown(self, tenant: str, conversation: str, slot: str) -> Shown | None:
        """What stands in Teams in this slot (`card:<user>`, `opening`), None if nothing was noted."""
        picture = await self._store.hget(shown_key(tenant, conversation), slot)
        return Shown(*loads(picture)) if picture else None

    async def set_shown(  # noqa: PLR0917  # where, which slot, and the three facts that are noted together
        self, tenant: str, conversation: str, slot: str, conversation_ref: str, activity_id: str, digest: str
    ) -> None:
        """Note what was shown, after Teams took it."""
        picture = dumps([conversation_ref, activity_id, digest])
        await self._run("set_shown", tenant, conversation, slot=slot, picture=picture, keep=KEEP_SECONDS)

    async def try_shown(self, tenant: str, conversation: str, slot: str, conversation_ref: str) -> int:
        """Note that something is about to be sent for this slot, until `set_shown` or `forget_try`.

        Returns 0, or the instant (ms) of an earlier try of which nobody knows whether Teams took it.
        """
        return int(
            await self._run(
                "try_shown", tenant, conversation, slot=slot, conversation_ref=conversation_ref, keep=KEEP_SECONDS
            )
        )

    async def forget_try(self, tenant: str, conversation: str, slot: str) -> None:
        """Teams surely does not have what was sent for this slot."""
        await self._run("set_shown", tenant, conversation, slot=f"trying:{slot}", picture="", keep=KEEP_SECONDS)

    async def doubt_shown(self, tenant: str, conversation: str) -> None:
        """Teams may show something newer than what is noted: every picture is painted again, in the same activity."""
        await self._run("doubt_shown", tenant, conversation)
