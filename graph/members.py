"""Who is in a room: agents who must be, those who have no business in it any more, and the bot.

Microsoft allows one call a second on a chat. Each method makes as many calls as it may now, notes how far it came, and
raises RetryLater; called again, it goes on there. Every step may be done twice without harm.
"""

from collections.abc import Awaitable, Callable, Collection
from json import dumps, loads
from typing import TypeVar

from graph.client import GraphClient
from graph.company import Company, seat_of
from graph.errors import GraphProblem, ProblemKind
from graph.notes import RoomNotes
from graph.pace import Pace
from graph.permissions import RSC
from graph.reasons import AGENT_LEFT_OUT, APP_NOT_IN_CATALOGUE, RoomRefused
from graph.sdk import TenantSdk
from graph.shares import Share

T = TypeVar("T")


class RoomMembers:
    """Every method raises GraphProblem and RetryLater. `task`: in whose note it is kept how far a room is."""

    def __init__(self, *, graph: GraphClient, directory: Company, pace: Pace, notes: RoomNotes) -> None:
        self._graph = graph
        self._directory = directory
        self._pace = pace
        self._notes = notes

    async def furnish(self, tenant: str, task: str, chat: str, agent: str) -> None:
        """The agent must be in the room (Teams has dropped people silently), and so must the bot. Raises RoomRefused."""
        app = await self._graph.catalogue_id(tenant, share=Share.ROOM)
        if app is None:
            raise RoomRefused(APP_NOT_IN_CATALOGUE)
        await self.let_in(tenant, task, chat, agent)
        await self.install(tenant, task, chat, app)

    async def install(self, tenant: str, task: str, chat: str, app: str) -> None:
        """Bring the bot into the room; it may be there already."""
        step = f"bot:{chat}"
        if await self._notes.has_done(tenant, task, step):
            return
        await self.bring_bot(tenant, chat, app)
        await self._notes.did(tenant, task, step)

    async def has_bot(self, tenant: str, task: str, chat: str) -> bool:
        """Whether `install` has brought it."""
        return await self._notes.has_done(tenant, task, f"bot:{chat}")

    async def bring_bot(self, tenant: str, chat: str, app: str) -> None:
        """`install` for a chat that is no task's room now: no note is kept of it."""
        try:
            consented = [permission.name for permission in RSC]
            await self.on_chat(tenant, chat, lambda sdk: sdk.install_in_chat(chat, app, consented))
        except GraphProblem as problem:
            if problem.kind is not ProblemKind.CONFLICT:
                raise

    async def is_in(self, tenant: str, task: str, chat: str, agent: str) -> bool:
        """Whether this agent is in the chat; asked once while the note lives, if they are."""
        step = f"seated:{chat}:{agent}"
        if await self._notes.has_done(tenant, task, step):
            return True
        if agent not in await self._members(tenant, chat):
            return False
        await self._notes.did(tenant, task, step)
        return True

    async def let_in(self, tenant: str, task: str, chat: str, agent: str) -> None:
        """Raises RoomRefused where Teams says yes and leaves them out."""
        seated, missing, added = (f"{step}:{chat}:{agent}" for step in ("seated", "missing", "added"))
        done = (await self._notes.read(tenant, task)).done
        if seated in done:
            return
        if missing not in done:
            if agent in await self._members(tenant, chat):
                await self._notes.did(tenant, task, seated)
                return
            await self._notes.did(tenant, task, missing)
        if added not in done:
            seat = await seat_of(self._directory, tenant, agent)
            await self.on_chat(tenant, chat, lambda sdk: sdk.add_member(chat, seat))
            await self._notes.did(tenant, task, added)
        if agent not in await self._members(tenant, chat):
            raise RoomRefused(AGENT_LEFT_OUT)
        await self._notes.did(tenant, task, seated)

    async def take_out(self, tenant: str, task: str, chat: str, users: Collection[str] | None = None) -> None:
        """These (None: everybody), as far as they are in it. Who is out of a chat has it in their list no longer."""
        step = f"out:{chat}:{'*' if users is None else ','.join(sorted(users))}"
        note = await self._notes.read(tenant, task)
        if step in note.done:
            return
        kept: dict[str, dict[str, str]] = loads(note.leaving) if note.leaving else {}
        left = kept.get(step)
        if left is None:
            members = await self._members(tenant, chat)
            left = {user: membership for user, membership in members.items() if users is None or user in users}
            await self._notes.leaving(tenant, task, dumps({step: left}))
        for user, membership in list(left.items()):
            try:
                await self.on_chat(tenant, chat, lambda sdk, one=membership: sdk.remove_member(chat, one))
            except GraphProblem as problem:
                if problem.kind is not ProblemKind.NOT_FOUND:
                    raise
            del left[user]
            await self._notes.leaving(tenant, task, dumps({step: left}))
        await self._notes.leaving(tenant, task, "")
        await self._notes.did(tenant, task, step)

    async def _members(self, tenant: str, chat: str) -> dict[str, str]:
        found = await self.on_chat(tenant, chat, lambda sdk: sdk.members(chat))
        return {member.user: member.membership for member in found}

    async def on_chat(self, tenant: str, chat: str, call: Callable[[TenantSdk], Awaitable[T]]) -> T:
        """One call on a chat, in its turn."""
        self._pace.turn(chat)
        try:
            return await self._graph.ask_for_room(tenant, call)
        finally:
            # An installation takes seconds at times, and nobody knows at which end of them Graph counts it.
            self._pace.touched(chat)
