"""The speed of whole task lives relative to bare EVALSHA calls.

A life with a service's default rules is five calls: create and queue (which offers), confirm, accept, opened, terminate
(which closes, frees the agent and looks for their next task). The bare call does nothing. All sides use the same client, 32 in
flight, and arguments of the same size; their rounds are interleaved and the median of five ratios counts. For comparison: a
script that writes one key, and so waits for the disk like every call of a life, and the bare call by redis-py's own client,
with 32 connections.
"""

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable
from statistics import median
from typing import Any

from redis.asyncio import Redis

from distribution.agents import AgentRules, Presence
from distribution.distributor import Distributor
from distribution.scripts import distribution_scripts
from distribution.service_rules import ServiceRules
from distribution.tasks import TaskState, Via
from store.commands import Word
from store.connection import Store, open_store
from store.ids import new_id
from store.keys import root

NAME = "task_lives_vs_evalsha"
NAME_DURABLE = "task_lives_vs_durable_evalsha"
NAME_REDIS_PY = "task_lives_vs_redis_py_evalsha"
GOAL = 0.10
IN_FLIGHT = 32
AGENTS = 48
ROUNDS = 5
ROUND_SECONDS = 1.0
SERVICE = "sales"


async def measure(url: str) -> list[dict[str, Any]]:
    """Rows for `build/bench.json`: lives per second divided by EVALSHA calls per second, bare and otherwise."""
    store, redis_py = await open_store(url), _redis_py(url)
    try:
        tenant = str(uuid.uuid4())
        distributor = Distributor(store)
        await staff(distributor, tenant)
        sides = {
            "bare": await _call(store, tenant, "return 1"),
            "writing": await _call(store, tenant, "redis.call('SET', KEYS[1] .. 'bench', ARGV[2]) return 1"),
            "redis-py": await _call_of(redis_py, tenant),
            "lives": a_life(distributor, tenant),
        }
        for side in sides.values():
            await rate(side, ROUND_SECONDS / 4)
        rounds = [{name: await rate(side, ROUND_SECONDS) for name, side in sides.items()} for _ in range(ROUNDS)]
    finally:
        await redis_py.aclose()
        await store.close()
    lives = f"{median(one['lives'] for one in rounds):.0f} lives/s"
    shared = f"{IN_FLIGHT} in flight, median of {ROUNDS} rounds"
    return [
        {
            "name": name,
            "value": round(median(one["lives"] / one[side] for one in rounds), 4),
            "unit": "ratio",
            "goal": goal,
            "note": f"{lives}, {median(one[side] for one in rounds):.0f} EVALSHA/s {what}, {shared}",
        }
        for name, side, goal, what in (
            (NAME, "bare", f">= {GOAL:.2f}", "of a script that does nothing"),
            (NAME_DURABLE, "writing", "-", "of a script that writes one key"),
            (NAME_REDIS_PY, "redis-py", "-", "of a script that does nothing, by redis-py's own client"),
        )
    ]


async def staff(distributor: Distributor, tenant: str) -> None:
    await distributor.set_tenant(tenant, im_enabled=True)
    await distributor.set_service(tenant, SERVICE, ServiceRules(name="Sales", concurrent=500))
    users = [str(uuid.uuid4()) for _ in range(AGENTS)]
    for user in users:
        await distributor.set_agent(
            tenant, user, AgentRules(licensed=True, direct_licensed=True, services={SERVICE: True})
        )
        await distributor.set_registered(tenant, user, registered=True)
    await distributor.set_presence(tenant, dict.fromkeys(users, Presence.AVAILABLE))


def _words_of_accept(tenant: str) -> Callable[[], list[Word]]:
    accept, task, user = distribution_scripts()["accept"], new_id(), str(uuid.uuid4())
    return lambda: accept.encode(
        {
            "tenant": tenant,
            "task": task,
            "offer": "1",
            "user": user,
            "via": Via.CARD,
            "allowed": " offered ",
            "at": 0,
        }
    )


async def _call(store: Store, tenant: str, source: str) -> Callable[[], Awaitable[None]]:
    """EVALSHA of this script, with what `accept` is called with, by the same client."""
    where, words = root(tenant), _words_of_accept(tenant)
    (sha,) = await store.network.talk([("SCRIPT", "LOAD", source)], [where])

    async def call() -> None:
        answers = await store.network.talk([("EVALSHA", sha, 1, where, *words())], [where])
        assert answers == [1]

    return call


def _redis_py(url: str) -> Redis:
    # As the library's users have it, but that calls in flight wait for no connection.
    return Redis.from_url(url, max_connections=IN_FLIGHT)  # pyright: ignore[reportUnknownMemberType]  # untyped **kwargs


async def _call_of(redis_py: Redis, tenant: str) -> Callable[[], Awaitable[None]]:
    """The bare call by this client."""
    where, words = root(tenant), _words_of_accept(tenant)
    sha = await redis_py.script_load("return 1")

    async def call() -> None:
        assert await redis_py.evalsha(sha, 1, where, *words()) == 1

    return call


def a_life(distributor: Distributor, tenant: str) -> Callable[[], Awaitable[None]]:
    async def live() -> None:
        task = new_id()
        offered = (await distributor.create(tenant, task, service=SERVICE, customer="Ann", workflow=False)).task
        assert offered
        assert offered.offer
        user, offer = offered.invited[0], offered.offer
        await distributor.confirm_delivery(tenant, task, offer, user, Via.CARD)
        await distributor.accept(tenant, task, offer, user, Via.CARD)
        await distributor.opened(tenant, task)
        closed = (await distributor.terminate(tenant, task, by="agent", actor=user, via=Via.CARD)).task
        assert closed
        assert closed.state is TaskState.CLOSED

    return live


async def rate(call: Callable[[], Awaitable[None]], seconds: float) -> float:
    """Calls per second, with `IN_FLIGHT` of them running at any time."""
    done = 0
    start = time.perf_counter()

    async def worker() -> None:
        nonlocal done
        while time.perf_counter() - start < seconds:
            await call()
            done += 1

    await asyncio.gather(*(worker() for _ in range(IN_FLIGHT)))
    return done / (time.perf_counter() - start)
