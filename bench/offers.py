"""How long an agent who became free waits for the next offer, while 500 tasks a second start and end.

Every 2 ms a talk ends, regardless of earlier ones (an open loop), its agent is offered the head of the queue,
accepts and talks, and a new task arrives. Measured from the instant at which the talk was to end to the reply: by then
the offer is in the journal, and on the disk. The journal is counted at the end.
"""

import asyncio
import time
from typing import Any

from bench.crowd import Crowd
from distribution.distributor import Distributor
from store.connection import Store, open_store
from store.keys import root

TASKS_PER_SECOND = 500
SECONDS = 8.0
ROUNDS = 3
WARM_UP_SECONDS = 1.0
AGENTS = 400
GOAL_MS = 5


async def measure(url: str) -> list[dict[str, Any]]:
    """One row for `build/bench.json`: the 99th percentile of the best of the rounds, in milliseconds."""
    store = await open_store(url)
    try:
        crowd = Crowd(store, AGENTS, AGENTS)
        await crowd.load()
        await _round(store, crowd, WARM_UP_SECONDS)
        rounds = [sorted(await _round(store, crowd, SECONDS)) for _ in range(ROUNDS)]
    finally:
        await store.close()
    best = min(rounds, key=_p99)
    return [
        {
            "name": "offer_p99_ms",
            "value": round(_p99(best), 2),
            "unit": "ms",
            "goal": f"<= {GOAL_MS}",
            "note": f"at {TASKS_PER_SECOND} tasks/s, best of {ROUNDS} rounds of {SECONDS:.0f} s; "
            f"median {best[len(best) // 2]:.2f} ms; other rounds {', '.join(f'{_p99(one):.1f}' for one in rounds)} ms",
        }
    ]


def _p99(latencies: list[float]) -> float:
    return latencies[len(latencies) * 99 // 100]


async def _round(store: Store, crowd: Crowd, seconds: float) -> list[float]:
    """Milliseconds from the end of each talk to its agent's next offer."""
    distributor = Distributor(store)
    free = asyncio.Queue[str]()
    for user in crowd.talks:
        free.put_nowait(user)
    latencies: list[float] = []
    journal = f"{root(crowd.tenant)}journal:{crowd.tenant}"
    ((last, _),) = await store.xrevrange(journal, count=1)

    async def one(due: float) -> None:
        user = await free.get()
        await crowd.end_talk(distributor, user)
        latencies.append((time.perf_counter() - due) * 1000)
        await crowd.talk_on(distributor, user, 0)
        free.put_nowait(user)

    # Not the event loop's time: uvloop's is in whole milliseconds and constant within a turn.
    start, tasks = time.perf_counter(), list[asyncio.Task[None]]()
    for number in range(round(seconds * TASKS_PER_SECOND)):
        due = start + number / TASKS_PER_SECOND
        if (ahead := due - time.perf_counter()) > 0:
            await asyncio.sleep(ahead)
        tasks.append(asyncio.create_task(one(due)))
    await asyncio.gather(*tasks)
    assert await _offers_since(store, journal, last) == len(latencies)
    return latencies


async def _offers_since(store: Store, journal: str, last: str) -> int:
    count = 0
    while entries := await store.xrange(journal, last):
        last = entries[-1][0]
        count += sum(fields["e"] == "offered" for _, fields in entries)
    return count
