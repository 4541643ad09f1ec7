"""Who is in a room: agents who must be, those who have no business in it any more, and the bot."""

from collections.abc import Awaitable, Callable, Collection
from typing import TypeVar

from graph.client import GraphClient
from graph.company import Company, seat_of
from graph.errors import GraphProblem, ProblemKind
from graph.pace import Pace
from graph.permissions import RSC
from graph.reasons import AGENT_LEFT_OUT, APP_NOT_IN_CATALOGUE, RoomRefused
from graph.sdk import TenantSdk

T = TypeVar("T")


class RoomMembers:
    """Every method raises GraphProblem. Calls on a chat keep its pace."""

    def __init__(self, *, graph: GraphClient, directory: Company, pace: Pace) -> None:
        self._graph = graph
        self._directory = directory
        self._pace = pace

    async def furnish(self, tenant: str, chat: str, agent: str) -> None:
        """The agent must be in the room (Teams has dropped people silently), and so must the bot. Raises RoomRefused."""
        app = await self._graph.catalogue_id(tenant)
        if app is None:
            raise RoomRefused(APP_NOT_IN_CATALOGUE)
        await self.let_in(tenant, chat, agent)
        try:
            consented = [permission.name for permission in RSC]
            await self._on_chat(tenant, chat, lambda sdk: sdk.install_in_chat(chat, app, consented))
        except GraphProblem as problem:
            if problem.kind is not ProblemKind.CONFLICT:
                raise

    async def let_in(self, tenant: str, chat: str, agent: str) -> None:
        """Raises RoomRefused where Teams says yes and leaves him out."""
        if agent in await self._members(tenant, chat):
            return
        seat = await seat_of(self._directory, tenant, agent)
        await self._on_chat(tenant, chat, lambda sdk: sdk.add_member(chat, seat))
        if agent not in await self._members(tenant, chat):
            raise RoomRefused(AGENT_LEFT_OUT)

    async def take_out(self, tenant: str, chat: str, users: Collection[str] | None = None) -> None:
        """These (None: everybody), as far as they are in it. Who is out of a chat has it in his list no longer."""
        members = await self._members(tenant, chat)
        for user, membership in members.items():
            if users is None or user in users:
                await self._on_chat(tenant, chat, lambda sdk, one=membership: sdk.remove_member(chat, one))

    async def _members(self, tenant: str, chat: str) -> dict[str, str]:
        found = await self._on_chat(tenant, chat, lambda sdk: sdk.members(chat))
        return {member.user: member.membership for member in found}

    async def _on_chat(self, tenant: str, chat: str, call: Callable[[TenantSdk], Awaitable[T]]) -> T:
        await self._pace.wait_turn(chat)
        try:
            return await self._graph.ask(tenant, call)
        finally:
            # An installation takes seconds at times, and nobody knows at which end of them Graph counts it.
            self._pace.touched(chat)
