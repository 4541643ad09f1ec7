"""The one way out to Teams: in order within a conversation, within Teams' limits, with retries and their jitter."""

import random
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Final

import structlog

from bots.connector import Connector, Json, Place, encode
from bots.pacing import Budget, Lane, Priority
from bots.problems import RETRIED, Kind, Reply, SendProblem, may_move, problem_of

log = structlog.get_logger(__name__)

TRIES: Final = 5
FIRST_PAUSE_SECONDS: Final = 0.4
LONGEST_PAUSE_SECONDS: Final = 8.0
"""What Teams asks for beyond this is left to the caller: its effect is tried again, and nobody waits here meanwhile."""

UNAUTHORIZED_PAUSE_SECONDS: Final = 30.0
"""Somebody has to put the credentials right; nothing is lost meanwhile."""

SWEEP_EVERY: Final = 1_000


Moved = Callable[[Place], Awaitable[None]]
"""Told when Teams says that a conversation is served at another address, which the place names."""


class Outbox:
    """Sends, updates and deletes activities. Activities are plain JSON."""

    def __init__(self, connector: Connector, moved: Moved | None = None) -> None:
        self._connector = connector
        self._moved = moved
        self._lanes: dict[str, Lane] = {}
        self._budgets: dict[str, Budget] = {}

    async def send(self, place: Place, activity: Json, priority: Priority, *, once: bool = False) -> str:
        """A new activity; returns its id, empty if Teams gave none. Raises SendProblem.

        `once`: after a doubtful answer it is not sent again; the caller can look whether it has arrived.
        """
        reply = await self._deliver("POST", place, "", activity, priority, once=once)
        return str(reply.body.get("id") or "")

    async def update(self, place: Place, activity_id: str, activity: Json, priority: Priority) -> None:
        """Another content for an activity of ours. Raises SendProblem."""
        await self._deliver("PUT", place, activity_id, {**activity, "id": activity_id}, priority)

    async def delete(self, place: Place, activity_id: str, priority: Priority) -> None:
        """Take an activity of ours back. Raises SendProblem."""
        await self._deliver("DELETE", place, activity_id, None, priority)

    async def _deliver(
        self,
        method: str,
        place: Place,
        activity_id: str,
        activity: Json | None,
        priority: Priority,
        *,
        once: bool = False,
    ) -> Reply:
        body = None if activity is None else encode(activity)
        lane = self._lane(place.conversation)
        async with lane.lock:
            for left in reversed(range(TRIES)):
                await lane.wait()
                await self._budget(place.tenant).take(priority)
                try:
                    return await self._try(method, place.activities(activity_id), body)
                except SendProblem as problem:
                    if problem.kind is Kind.MOVED and left and may_move(place.service_url, problem.address):
                        place = await self._follow(place, problem.address)
                        continue
                    if once and problem.doubtful:
                        raise
                    pause = _pause(problem, TRIES - 1 - left)
                    if pause is not None:
                        lane.hold(pause)
                    if pause is None or not left or pause > LONGEST_PAUSE_SECONDS:
                        raise
                    log.info(
                        "send_again", kind=problem.kind.name, status=problem.status, code=problem.code, seconds=pause
                    )
        raise AssertionError("the last try raises or returns")

    async def _follow(self, place: Place, address: str) -> Place:
        log.info("conversation_moved", address=address)
        place = replace(place, service_url=address)
        if self._moved is not None:
            await self._moved(place)
        return place

    async def _try(self, method: str, url: str, body: bytes | None) -> Reply:
        reply = await self._connector.call(method, url, body)
        problem = problem_of(reply)
        if problem is not None:
            raise problem
        return reply

    def _lane(self, conversation: str) -> Lane:
        lane = self._lanes.get(conversation)
        if lane is None:
            if len(self._lanes) % SWEEP_EVERY == SWEEP_EVERY - 1:
                self._lanes = {name: known for name, known in self._lanes.items() if not known.idle}
            lane = self._lanes[conversation] = Lane()
        return lane

    def _budget(self, tenant: str) -> Budget:
        return self._budgets.setdefault(tenant, Budget())


def _pause(problem: SendProblem, tried: int) -> float | None:
    """Seconds until the next try: what Teams asked for, or an exponential step; both with jitter. None: no next try."""
    if problem.kind not in RETRIED:
        return None
    step = min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2**tried)
    if problem.retry_after is not None:
        return problem.retry_after + random.uniform(0.0, 0.25 * step)  # noqa: S311  # spreads retries, guards nothing
    return step * random.uniform(0.5, 1.0)  # noqa: S311  # likewise


def retry_seconds(problem: SendProblem) -> float | None:
    """After which time the whole effect may be tried again; None if that would not help."""
    if problem.kind is Kind.UNAUTHORIZED:
        return UNAUTHORIZED_PAUSE_SECONDS
    if problem.kind not in RETRIED:
        return None
    return max(problem.retry_after or 0.0, LONGEST_PAUSE_SECONDS)
