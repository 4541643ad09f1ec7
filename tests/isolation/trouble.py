"""Scenes of trouble in one place, and what everybody else notices of it.

Each scene starts chats on a stage (the real app, its embedded server and the sandbox, each a process), lets one thing
go wrong, and returns figures. Tests look at what must hold; `python -m tests.isolation.measure` prints the figures.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import re
import time
from collections.abc import AsyncGenerator, Mapping, Sequence

from distribution.agents import Reason
from tests.isolation.load import Talk, Teams, begin, chat, copies, percentile, ringing
from tests.story.stage import TENANT, Company, Stage
from tests.support import wait_until

Figures = Mapping[str, float]


def names(word: str, number: int) -> list[str]:
    return [f"{word}{index:02}" for index in range(number)]


def spread(delays: Mapping[str, float], sent: int) -> dict[str, float]:
    """How many of `sent` messages arrived, and after how many milliseconds."""
    found = list(delays.values())
    return {
        "sent": sent,
        "arrived": len(found),
        "p50_ms": round(1000 * percentile(found, 0.5)) if found else float("nan"),
        "p99_ms": round(1000 * percentile(found, 0.99)) if found else float("nan"),
    }


async def arrived_while(stage: Stage, talks: Sequence[Talk], seconds: float) -> dict[str, float]:
    """The delays of the messages sent so far; waits at most `seconds` for those that are missing."""
    teams = Teams(stage)
    with contextlib.suppress(AssertionError):
        await teams.all_arrive(talks, seconds)
    return await teams.delays(talks)


async def blamed(stage: Stage, company: Company) -> int:
    """How many agents of `company` count as unreachable."""
    found = [await stage.distributor.agent(TENANT, agent.user) for agent in company.agents]
    return sum(
        1 for agent in found if agent is not None and Reason.UNREACHABLE in agent.reasons.get(company.service, ())
    )


async def graph_stuck(
    stage: Stage, *, seconds: float = 29, accepts: int = 40, talks: int = 6, messages: int = 20, arrivals: int = 4
) -> Figures:
    """Graph takes `seconds` for each call while `accepts` agents accept; chats run, and visitors come."""
    busy = await stage.company(*names("Stuck", accepts), concurrent=accepts, offer_seconds=120)
    well = await stage.company(*names("Well", talks), concurrent=100)
    fresh = await stage.company(*names("Fresh", arrivals), concurrent=100)
    running = await begin(stage, well, names("Runner", talks))
    waiting = [await stage.visitor(busy.widget, name) for name in names("Waiter", accepts)]
    await asyncio.gather(*(visitor.say("Hello") for visitor in waiting))
    rung = await ringing(stage, busy, waiting)
    await stage.fault("^/v1.0/", method="POST", times=100_000, delay_ms=round(seconds * 1000))
    await stage.fault("^/v1.0/", method="GET", times=100_000, delay_ms=round(seconds * 1000))
    try:
        clicks = asyncio.gather(*(agent.click(card, "accept") for agent, card in rung.values()))
        await clicks
        chatting = asyncio.create_task(chat(running, messages=messages, every_seconds=1.0))
        begun = time.time()
        visitors = [await stage.visitor(fresh.widget, name) for name in names("Newcomer", arrivals)]
        await asyncio.gather(*(visitor.say("Hello") for visitor in visitors))
        offers: list[float] = []
        greeted = 0
        with contextlib.suppress(AssertionError):
            await ringing(stage, fresh, visitors)
            offers.append(time.time() - begun)
        greeted = sum(1 for visitor in visitors if visitor.heard("system"))
        await chatting
        delays = await arrived_while(stage, running, 5)
        connecting = [await stage.distributor.task(TENANT, visitor.task) for visitor in waiting]
        return {
            **spread(delays, sum(len(talk.sent) for talk in running)),
            "greeted": greeted,
            "arrivals": arrivals,
            "all_offered_after_ms": round(1000 * offers[0]) if offers else float("nan"),
            "unreachable": await blamed(stage, busy) + await blamed(stage, well) + await blamed(stage, fresh),
            "still_connecting": sum(1 for task in connecting if task is not None and task.state == "connecting"),
        }
    finally:
        await stage.control("DELETE", "/faults")
        await leave(waiting)
        await leave([talk.visitor for talk in running])


async def rooms_throttled(
    stage: Stage, *, throttled: int = 36, talks: int = 6, messages: int = 15, retry_after: float = 5
) -> Figures:
    """Teams answers 429 in `throttled` rooms, whose visitors go on writing; others chat."""
    slow = await stage.company(*names("Slow", throttled), concurrent=throttled)
    well = await stage.company(*names("Well", talks), concurrent=100)
    held = await begin(stage, slow, names("Held", throttled))
    running = await begin(stage, well, names("Runner", talks))
    rooms = "|".join(re.escape(talk.room["id"]) for talk in held)
    # The path stands quoted in the record, and plain where the fault is looked up.
    await stage.fault(f"(?:{rooms})", times=100_000, status=429, code="TooManyRequests", retry_after=retry_after)
    try:
        await asyncio.gather(
            chat(held, messages=messages, every_seconds=1.0), chat(running, messages=messages, every_seconds=1.0)
        )
        delays = await arrived_while(stage, running, 5)
        stuck = await Teams(stage).delays(held)
        return {
            **spread(delays, sum(len(talk.sent) for talk in running)),
            "arrived_in_throttled_rooms": len(stuck),
        }
    finally:
        await stage.control("DELETE", "/faults")
        await leave([talk.visitor for talk in (*held, *running)])


async def connector_down(stage: Stage, *, seconds: float = 25, agents: int = 4, hangs: bool = False) -> Figures:
    """Teams answers 503 (`hangs`: nothing) for `seconds` while visitors come; how soon after its return are they offered,
    and who is blamed?"""
    company = await stage.company(*names("Idle", agents), concurrent=100, queue_seconds=300)
    if hangs:
        await stage.fault("/v3/", times=100_000, delay_ms=600_000)
    else:
        await stage.fault("/v3/", times=100_000, status=503)
    visitors = [await stage.visitor(company.widget, name) for name in names("Early", agents)]
    try:
        await asyncio.gather(*(visitor.say("Hello") for visitor in visitors))
        await asyncio.sleep(seconds)  # the length of the fault
        unreachable = await blamed(stage, company)
        await stage.control("DELETE", "/faults")
        back = time.time()
        after = float("nan")
        with contextlib.suppress(AssertionError):
            await ringing(stage, company, visitors)
            after = time.time() - back
        return {"unreachable": unreachable, "agents": agents, "offered_after_return_ms": round(1000 * after, 0)}
    finally:
        await stage.control("DELETE", "/faults")
        await leave(visitors)


@contextlib.asynccontextmanager
async def failing(
    stage: Stage, share: float, *, every_seconds: float = 0.1, dice: random.Random
) -> AsyncGenerator[None]:
    """About `share` of the sends fail: refused for the moment, or carried out with their answer lost."""

    async def order() -> None:
        while True:
            kind = {"status": 502} if dice.random() < 0.5 else {"drop": "after"}
            if dice.random() < share * 2:
                await stage.fault("/v3/conversations/.*/activities$", **kind)  # type: ignore[arg-type]
            await asyncio.sleep(every_seconds)  # the rate of the faults

    ordering = asyncio.create_task(order())
    try:
        yield
    finally:
        ordering.cancel()
        await stage.control("DELETE", "/faults")


async def answers_lost(stage: Stage, *, talks: int = 8, messages: int = 40, share: float = 0.2) -> Figures:
    """A share of all sends to Teams fails or loses its answer: what is missing in the rooms, and what stands there twice?"""
    company = await stage.company(*names("Lossy", talks), concurrent=100)
    running = await begin(stage, company, names("Doubter", talks))
    async with failing(stage, share, dice=random.Random(7)):
        await chat(running, messages=messages, every_seconds=0.7)
    try:
        with contextlib.suppress(AssertionError):
            await wait_until(lambda: _all_there(running), 90, "every message stands in its room", step=0.5)
        counts = await copies(running)
        return {
            "sent": len(counts),
            "missing": sum(1 for count in counts.values() if count == 0),
            "twice": sum(1 for count in counts.values() if count > 1),
        }
    finally:
        await leave([talk.visitor for talk in running])


async def _all_there(talks: Sequence[Talk]) -> bool:
    return all(count > 0 for count in (await copies(talks)).values())


async def leave(visitors: Sequence[object]) -> None:
    """They end their chats, so that the next scene begins with nothing running."""
    for visitor in visitors:
        with contextlib.suppress(Exception):  # one whose socket is gone has left
            await visitor.leave()  # type: ignore[attr-defined]
