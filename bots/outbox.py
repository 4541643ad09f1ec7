"""The one way out to Teams: one call at a time in a conversation, within Teams' limits, and again when that helps.

Handlers of due subjects never wait in here: what may not go yet raises `RetryLater`, and keeps its place until then. Who
has nobody to come back (a turn that answers Teams) uses the patient outbox, which waits a bounded time.
"""

import asyncio
import itertools
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Final

import structlog

from bots.connector import Connector, Json, Place, encode
from bots.pacing import LocalPacing, Pacing, Priority
from bots.problems import RETRIED, Kind, Reply, SendProblem, may_move, problem_of
from store.due import RetryLater, subject_in_hand

log = structlog.get_logger(__name__)

FIRST_PAUSE_SECONDS: Final = 0.4
LONGEST_PAUSE_SECONDS: Final = 2.0
"""Of the growing pauses of a conversation in which calls fail: so soon after Teams is back it goes on. Teams may ask for
longer ones."""

SHORT_SECONDS: Final = 0.05
"""A wait that costs less than giving a subject back and claiming it again."""

TURN_SECONDS: Final = 8.0
"""The patience of a turn: Teams sends an activity again that is not answered within 15 s."""

UNAUTHORIZED_PAUSE_SECONDS: Final = 30.0
"""Somebody has to put the credentials right; nothing is lost meanwhile."""

MOST_MOVES: Final = 3
"""How often in a row a conversation is followed to another address."""

_calls = itertools.count(1)

Moved = Callable[[Place], Awaitable[None]]
"""Told when Teams says that a conversation is served at another address, which the place names."""


class Outbox:
    """Sends, updates and deletes activities. Activities are plain JSON.

    `patience`: how many seconds a call waits for its turn, and tries again, before it raises. With 0 it raises
    `RetryLater` when it may not go yet, and `SendProblem` when Teams did not take it (see `retry_seconds`); with more,
    `SendProblem` in both cases.
    """

    def __init__(
        self,
        connector: Connector,
        moved: Moved | None = None,
        *,
        pacing: Pacing | None = None,
        patience: float = 0.0,
    ) -> None:
        self._connector = connector
        self._moved = moved
        self._pacing = pacing or LocalPacing()
        self._patience = patience

    def patient(self, seconds: float = TURN_SECONDS) -> "Outbox":
        """The same outbox, for callers that have to wait."""
        return Outbox(self._connector, self._moved, pacing=self._pacing, patience=seconds)

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

    async def ready(self, place: Place, priority: Priority) -> None:
        """Return if a call could go now; nothing is counted. Raises as `send` does: callers ask before they decide what to
        send can let what comes meanwhile go together."""
        await self._turn(place, _who(), priority, take=False)

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
        who, ends, moves = _who(), time.monotonic() + self._patience, 0
        while True:
            await self._turn(place, who, priority)
            reply = await self._attempt(place, method, place.activities(activity_id), body)
            if isinstance(reply, Reply):
                return reply
            if reply.kind is Kind.MOVED and moves < MOST_MOVES and may_move(place.service_url, reply.address):
                place, moves = await self._follow(place, reply.address), moves + 1
                continue
            if reply.pause is None or (once and reply.doubtful) or time.monotonic() + reply.pause > ends:
                if not self._comes_back:
                    await self._pacing.leave(place.tenant, place.conversation, who)
                raise reply
            log.info("send_again", kind=reply.kind.name, status=reply.status, code=reply.code, seconds=reply.pause)

    async def _follow(self, place: Place, address: str) -> Place:
        log.info("conversation_moved", address=address)
        place = replace(place, service_url=address)
        if self._moved is not None:
            await self._moved(place)
        return place

    @property
    def _comes_back(self) -> bool:
        """Whether a caller that is told to wait asks again under the same name."""
        return not self._patience and subject_in_hand() != ""

    async def _attempt(self, place: Place, method: str, url: str, body: bytes | None) -> Reply | SendProblem:
        problem: SendProblem | None = None
        try:
            reply = await self._connector.call(method, url, body)
            problem = problem_of(reply)
        except SendProblem as raised:
            problem = raised
            return problem
        else:
            return problem or reply
        finally:
            failed = problem is not None and problem.kind in RETRIED
            fails = await self._pacing.finished(place.conversation, failed=failed)
            if problem is not None and (pause := _pause(problem, fails)) is not None:
                problem.pause = pause
                await self._pacing.hold(place.conversation, pause)

    async def _turn(self, place: Place, who: str, priority: Priority, *, take: bool = True) -> None:
        """Return when a call may go, which is counted if it is to `take` the turn."""
        ends = time.monotonic() + (self._patience or SHORT_SECONDS)
        while wait := await self._pacing.ask(place.tenant, place.conversation, who, priority, take=take):
            if time.monotonic() + wait > ends:
                if not self._comes_back:
                    await self._pacing.leave(place.tenant, place.conversation, who)
                if not self._patience:
                    raise RetryLater(wait, "Teams' limits")
                raise SendProblem(Kind.THROTTLED, 0, "no turn in time", wait)
            await asyncio.sleep(wait)


def _who() -> str:
    """Under which name to ask: a caller that comes again under the same one has kept its place."""
    return subject_in_hand() or f"call {next(_calls)}"


def _pause(problem: SendProblem, fails: int) -> float | None:
    """Seconds until the next try after so many failures in a row: what Teams asked for, or an exponential step; both with
    jitter. None: no next try."""
    if problem.kind not in RETRIED:
        return None
    step = min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2 ** min(fails - 1, 10))
    if problem.retry_after is not None:
        return problem.retry_after + random.uniform(0.0, 0.25 * step)  # noqa: S311  # spreads retries, guards nothing
    return step * random.uniform(0.5, 1.0)  # noqa: S311  # spreads retries, guards nothing


def retry_seconds(problem: SendProblem) -> float | None:
    """After which time the whole effect may be tried again; None if that would not help."""
    if problem.kind is Kind.UNAUTHORIZED:
        return UNAUTHORIZED_PAUSE_SECONDS
    if problem.kind not in RETRIED:
        return None
    return problem.pause if problem.pause is not None else max(problem.retry_after or 0.0, LONGEST_PAUSE_SECONDS)
