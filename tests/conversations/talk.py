"""Saying things briefly, as the visitor, an agent or the system would."""

from conversations.messages import Conversations, Kind, Said, Sender

ANNA = "9d2b8a9e-1c0f-4b61-8d55-0f0f5a1c2b3d"


class Talk:
    """One conversation, and short words for everybody in it."""

    def __init__(self, conversations: Conversations, tenant: str, conversation: str) -> None:
        self.conversations = conversations
        self.tenant = tenant
        self.id = conversation

    async def visitor(self, text: str, client_id: str = "") -> Said:
        return await self.say(Sender.VISITOR, text, client_id or f"v-{text}")

    async def agent(self, text: str, client_id: str = "") -> Said:
        return await self.say(Sender.AGENT, text, client_id or f"teams:{text}")

    async def note(self, text: str, client_id: str = "") -> Said:
        return await self.say(Sender.NOTE, text, client_id or f"teams:{text}")

    async def system(self, text: str, client_id: str = "") -> Said:
        return await self.say(Sender.SYSTEM, text, client_id or f"system:{text}")

    async def edit(self, of: str, text: str, *, sender: Sender = Sender.AGENT, client_id: str = "") -> Said:
        return await self.say(sender, text, client_id or f"{of}:edit:{text}", Kind.EDIT, of)

    async def delete(self, of: str, *, sender: Sender = Sender.AGENT) -> Said:
        return await self.say(sender, "", f"{of}:delete", Kind.DELETE, of)

    async def say(
        self, sender: Sender, text: str, client_id: str, kind: Kind = Kind.TEXT, refers: str | None = None
    ) -> Said:
        return await self.conversations.say(
            self.tenant,
            self.id,
            sender=sender,
            author="Anna Meier" if sender in {Sender.AGENT, Sender.NOTE} else "",
            author_id=ANNA if sender in {Sender.AGENT, Sender.NOTE} else "",
            text=text,
            client_id=client_id,
            kind=kind,
            refers_to_client_id=refers,
        )

    async def told(self) -> list[str]:
        """The transcript as `sender kind text`, shortened, `→n` where it changes an earlier entry."""
        return [
            f"{m.sender} {m.kind} {m.text}".strip() + (f" →{m.refers_to}" if m.refers_to else "")
            for m in await self.conversations.read(self.tenant, self.id, 0)
        ]
