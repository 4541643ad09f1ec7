"""Whether a call costs more with more agents, services and tasks, and how much memory each object takes.

A *cycle* is: a busy agent's talk ends, they take the head of the queue, a new task arrives (four calls). Its cost is what
the server spends in scripts (INFO commandstats), so that neither network nor disk hides it. The longest call is measured
in processor time of the server, with one call at a time: wall time would include other processes.
"""

import asyncio
import os
from pathlib import Path
from statistics import mean, median
from time import perf_counter
from typing import Any

from bench.crowd import Crowd
from conversations.messages import Conversations, Sender
from conversations.model import Conversation
from distribution.distributor import Distributor
from store.commands import Command
from store.connection import Store, open_store
from store.ids import new_id
from store.keys import root

ROUNDS = 5
CYCLES = 200
AT_ONCE = 8
SAMPLES = 200


class Watched(Distributor):
    """Measures the server's processor time for each call, with its overhead. Linux only."""

    def __init__(self, store: Store, pid: str) -> None:
        super().__init__(store)
        self._clock = Path(f"/proc/{pid}/schedstat")
        self.calls: list[tuple[float, str]] = []

    async def _run(self, script: str, tenant: str, **args: str | int) -> Any:
        before = self._now()
        reply = await super()._run(script, tenant, **args)
        self.calls.append((self._now() - before, script))
        return reply

    def _now(self) -> float:
        """Milliseconds."""
        return int(self._clock.read_text().split()[0]) / 1_000_000


async def measure(url: str) -> list[dict[str, Any]]:
    """Rows for `build/bench.json`: the ratio of a cycle's cost, the longest call, and the weights."""
    agents, queued = (100_000, 1_000_000) if os.environ.get("FULL") else (10_000, 100_000)
    store = await open_store(url)
    try:
        small, many, crowd = Crowd(store, 10, 10), Crowd(store, 50, 500, services=50), Crowd(store, agents, queued)
        await small.load()
        await many.load()
        start = perf_counter()
        await crowd.load()
        loaded = perf_counter() - start
        costs = [[await _cost(store, one) for one in (small, crowd, many)] for _ in range(ROUNDS)]
        # Without fsync: the disk's interrupts would be charged to the running process.
        await _tell(store, "CONFIG", "SET", "appendfsync", "no")
        watched = [[call for one in (small, crowd, many) for call in await _watch(store, one)] for _ in range(ROUNDS)]
        weights = [await _queued_kb(store, crowd), await _agent_kb(store, crowd), await _conversation_kb(store)]
    finally:
        await store.close()
    # A slow call is slow in every round; an interrupted one is not.
    longest, script = min(max(calls) for calls in watched)
    here, there, fifty = (median(column) for column in zip(*costs, strict=True))
    size = f"{agents:,} agents and {queued:,} queued tasks, loaded in {loaded:.0f} s"
    return [
        _row(
            "task_cycle_scale_ratio",
            median(big / little for little, big, _ in costs),
            "ratio",
            "<= 1.5",
            f"{size}: {there:.0f} µs a cycle in the server; 10 and 10: {here:.0f} µs; 50 services per agent: {fifty:.0f} µs",
        ),
        _row(
            "longest_script_ms",
            longest,
            "ms",
            "<= 1",
            f"{script}, of {len(watched[0]):,} calls on the large side, the best of {ROUNDS} rounds; half of them "
            f"took less than {median(took for took, _ in watched[0]):.2f} ms of the server's processor time",
        ),
        _row("queued_task_kb", weights[0], "KB", "<= 1", "its hash, and its share of the queue"),
        _row("agent_kb", weights[1], "KB", "<= 2", "its hash, and its share of the sets that contain it"),
        _row("conversation_kb", weights[2], "KB", "-", "20 messages of 80 characters, all its keys"),
    ]


def _row(name: str, value: float, unit: str, goal: str, note: str) -> dict[str, Any]:
    return {"name": name, "value": round(value, 3), "unit": unit, "goal": goal, "note": note}


async def _cost(store: Store, crowd: Crowd) -> float:
    """Microseconds that the server spends in the scripts of one cycle."""
    await _tell(store, "CONFIG", "RESETSTAT")
    distributor, users, left = Distributor(store), iter(list(crowd.talks)[:AT_ONCE]), iter(range(CYCLES))

    async def worker(user: str) -> None:
        for number in left:
            await crowd.cycle(distributor, user, number)

    await asyncio.gather(*(worker(user) for user in users))
    (report,) = await store.servers("commandstats")
    return int(dict(part.split("=") for part in report["cmdstat_fcall"].split(","))["usec"]) / CYCLES


async def _watch(store: Store, crowd: Crowd) -> list[tuple[float, str]]:
    """How many milliseconds of processor time each call of some cycles took."""
    (report,) = await store.servers("server")
    distributor, user = Watched(store, report["process_id"]), next(iter(crowd.talks))
    for number in range(CYCLES):
        await crowd.cycle(distributor, user, number)
    return distributor.calls


async def _queued_kb(store: Store, crowd: Crowd) -> float:
    queue = f"{root(crowd.tenant)}queue:{crowd.tenant}:{crowd.services[0]}"
    tasks = await store.zrange(queue, 0, SAMPLES - 1)
    hashes = [await _bytes(store, f"{root(crowd.tenant)}task:{crowd.tenant}:{task}") for task in tasks]
    return (mean(hashes) + await _bytes(store, queue) / await store.zcard(queue)) / 1000


async def _agent_kb(store: Store, crowd: Crowd) -> float:
    users = list(crowd.talks)[:SAMPLES]
    hashes = [await _bytes(store, f"{root(crowd.tenant)}agent:{crowd.tenant}:{user}") for user in users]
    sets = [f"{root(crowd.tenant)}agents:{crowd.tenant}", f"{root(crowd.tenant)}members:{crowd.tenant}:s0"]
    return (mean(hashes) + sum([await _bytes(store, name) for name in sets]) / len(crowd.talks)) / 1000


async def _conversation_kb(store: Store) -> float:
    conversations, tenant, conversation = Conversations(store), "bench", new_id()
    await conversations.open(Conversation(tenant=tenant, id=conversation, service="sales", user=None))
    for number in range(20):
        sender = Sender.AGENT if number % 2 else Sender.VISITOR
        text = f"{number:02} " + "twenty words " * 6
        await conversations.say(
            tenant,
            conversation,
            sender=sender,
            author="Anna Meier",
            author_id="anna",
            text=text[:80],
            client_id=new_id(),
        )
    names = await store.scan(f"*:{tenant}:{conversation}")
    return sum([await _bytes(store, name) for name in names]) / 1000


async def _bytes(store: Store, key: str) -> int:
    (size,) = await store.network.talk([("MEMORY", "USAGE", key, "SAMPLES", 0)], [key])
    assert isinstance(size, int), f"{key}: {size}"
    return size


async def _tell(store: Store, *words: str) -> None:
    await store.everywhere(Command(words, str))
