"""How many calls to Graph are in flight at once, so that one tenant, or one kind of call, never takes all connections."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from enum import StrEnum
from typing import Final

from graph.errors import GraphProblem, ProblemKind
from store.due import RetryLater


class Share(StrEnum):
    """Who asks. Each has connections of its own."""

    ROOM = "room"  # effects: they give their worker's slot back instead of waiting here
    PEOPLE = "people"  # a person waits in front of a page or a terminal
    PRESENCE = "presence"  # the poll of everybody's presence


AT_ONCE: Final[Mapping[Share, tuple[int, int]]] = {Share.ROOM: (6, 64), Share.PEOPLE: (4, 24), Share.PRESENCE: (1, 8)}
"""Calls in flight, per tenant and in all. A room makes one call at a time, and takes about seven in its life."""

CONNECTIONS: Final = sum(most for _, most in AT_ONCE.values())
ROOM_PAUSE_SECONDS: Final = 0.5
PEOPLE_WAIT_SECONDS: Final = 5.0
"""A person is told to try again rather than kept for longer."""


class NoPlace(RetryLater):
    """As many calls of effects are in flight as there may be."""

    def __init__(self) -> None:
        super().__init__(ROOM_PAUSE_SECONDS, "as many calls to Graph are in flight as there may be")


class Shares:
    """The places of one process."""

    def __init__(self) -> None:
        self._all = {share: asyncio.Semaphore(most) for share, (_, most) in AT_ONCE.items()}
        self._tenants: dict[tuple[str, Share], asyncio.Semaphore] = {}

    @asynccontextmanager
    async def place(self, tenant: str, share: Share) -> AsyncGenerator[None]:
        """Hold a place for one call. ROOM raises NoPlace where none is free, PEOPLE GraphProblem after a wait."""
        own = self._tenants.setdefault((tenant, share), asyncio.Semaphore(AT_ONCE[share][0]))
        every = self._all[share]
        if share is Share.ROOM and (own.locked() or every.locked()):
            raise NoPlace
        try:
            async with asyncio.timeout(PEOPLE_WAIT_SECONDS if share is Share.PEOPLE else None):
                # One's own place first: a stuck tenant must not hold places of all others while it waits.
                await own.acquire()
                try:
                    await every.acquire()
                except BaseException:
                    own.release()
                    raise
        except TimeoutError as error:
            raise GraphProblem(ProblemKind.UNAVAILABLE, "wait", code="too_many_calls") from error
        try:
            yield
        finally:
            every.release()
            own.release()
