"""Tells the part that opens rooms (`graph.rooms`) that one of them may be lost."""

from typing import Protocol

from bots.incoming import Incoming
from bots.problems import Kind, SendProblem

ROOM_LOST, BOT_REMOVED, AGENT_REMOVED = "room_lost", "bot_removed", "agent_removed"


class RoomTrouble(Protocol):
    """Hears of trouble with a chat, which need not be the room of a running talk."""

    async def __call__(self, tenant: str, chat: str, why: str, /) -> None:
        """`why`: `room_lost`, `bot_removed` or `agent_removed`. Harmless when repeated, or when nothing is wrong."""
        ...


async def nobody_hears(tenant: str, chat: str, why: str, /) -> None:
    """For a bot without Graph."""
    del tenant, chat, why


def trouble_of_answer(problem: SendProblem) -> str:
    """Why the room may be lost by what Teams answered; empty if it says nothing about the room."""
    if problem.kind is Kind.CONVERSATION_GONE:
        return ROOM_LOST
    return BOT_REMOVED if problem.kind is Kind.BLOCKED else ""


def trouble_of_event(incoming: Incoming) -> str:
    """The same for an event in a room: somebody was removed from it. Who was it? The room's effect looks."""
    if incoming.kind == "installationUpdate" and incoming.action == "remove":
        return BOT_REMOVED
    if incoming.kind == "conversationUpdate" and incoming.removed:
        return BOT_REMOVED if incoming.bot in incoming.removed else AGENT_REMOVED
    return ""
