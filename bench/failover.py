"""`python -m bench.failover`: what a failover loses that was acknowledged, under load. Prints a table.

A master and its replica run on this machine, with a proxy between them that delays replication, as a network does.
The master is killed in the middle of the load and the data in transit is lost, as in a power cut; then the replica
is made the master, and every task and message that was acknowledged is looked for on it.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import statistics
import sys
import tempfile
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table

from conversations.messages import Conversation, Conversations, Sender
from distribution.distributor import Distributor
from store.connection import Store, StoreDown, open_store
from tests.failover.load import SALES, Lives, staff
from tests.failover.servers import HOST, Watched, watched

ROUNDS = 3
LOAD_SECONDS = 2.0
CUT_SECONDS = 3.0
TALKS = 8


@dataclass
class Case:
    name: str
    lag: float = 0.0  # seconds
    cut_before: float = 0.0  # seconds for which the replica is cut off while the master still serves
    settings: tuple[str, ...] = ()
    options: str = ""


CASES = [
    Case("same machine, kill -9"),
    Case("copies take 5 ms", lag=0.005),
    Case("copies take 50 ms", lag=0.05),
    Case("copies take 5 ms, ?replicas=1", lag=0.005, options="?replicas=1"),
    Case("replica cut off for 3 s", cut_before=CUT_SECONDS),
    Case(
        "the same, min-replicas-to-write 1, max-lag 1",
        cut_before=CUT_SECONDS,
        settings=("--min-replicas-to-write", "1", "--min-replicas-max-lag", "1"),
    ),
    Case("the same, ?replicas=1", cut_before=CUT_SECONDS, options="?replicas=1"),
]


@dataclass
class Talk:
    """Send messages of one conversation, as fast as they are acknowledged."""

    store: Store
    tenant: str
    id: str
    acknowledged: list[str] = field(default_factory=list[str])

    async def go_on(self) -> None:
        chat = Conversations(self.store)
        await chat.open(Conversation(self.tenant, self.id, service=SALES, user=None))
        for number in itertools.count():
            word = f"{number}"
            await chat.say(
                self.tenant, self.id, sender=Sender.VISITOR, author="", author_id="", text=word, client_id=word
            )
            self.acknowledged.append(word)
            await asyncio.sleep(0.02)  # the pace of a person who writes


@dataclass
class Loss:
    transitions: int
    of_transitions: int
    tasks: int
    messages: int
    of_messages: int
    calls_per_second: float


async def measure(case: Case) -> Loss:
    with tempfile.TemporaryDirectory() as folder, watched(Path(folder), *case.settings, lag=case.lag) as pair:
        tenant = str(uuid.uuid4())
        store = await open_store(pair.url + case.options)
        lives = Lives(await staff(store, tenant, 20), tenant, insisting=False)
        talks = [Talk(store, tenant, f"c{number}") for number in range(TALKS)]
        running = [asyncio.create_task(_until_refused(one)) for one in (*(lives for _ in range(TALKS)), *talks)]
        began = time.monotonic()
        await asyncio.sleep(LOAD_SECONDS)
        if case.cut_before:
            pair.link.cut()
            await asyncio.sleep(case.cut_before)
        pair.link.cut()
        pair.master.kill()
        seconds = time.monotonic() - began
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await store.close()
        return await _count(pair, tenant, lives, talks, seconds)


async def _until_refused(one: Lives | Talk) -> None:
    with contextlib.suppress(StoreDown):
        await one.go_on()


async def _count(pair: Watched, tenant: str, lives: Lives, talks: list[Talk], seconds: float) -> Loss:
    pair.replica.ask("REPLICAOF", "NO", "ONE")
    store = await open_store(f"redis://{HOST}:{pair.replica.port}")
    d, chat = Distributor(store), Conversations(store)
    transitions = tasks = messages = 0
    for task, revision in lives.seen.items():
        found = await d.task(tenant, task)
        tasks += found is None
        transitions += max(0, revision - (found.revision if found else 0))
    for talk in talks:
        kept = {message.text for message in await chat.read(tenant, talk.id, 0, limit=100_000)}
        messages += len(set(talk.acknowledged) - kept)
    await store.close()
    of_messages = sum(len(talk.acknowledged) for talk in talks)
    of_transitions = sum(lives.seen.values())
    return Loss(transitions, of_transitions, tasks, messages, of_messages, (of_transitions + of_messages) / seconds)


async def main(only: str) -> None:
    table = Table("case", "transitions lost", "tasks lost", "messages lost", "acknowledged writes/s", title="Failover")
    for case in CASES:
        if only not in case.name:
            continue
        found = [await measure(case) for _ in range(ROUNDS)]

        def middle(values: list[float]) -> str:
            return f"{statistics.median(values):.0f} ({min(values):.0f}–{max(values):.0f})"

        table.add_row(
            case.name,
            f"{middle([one.transitions for one in found])} of {found[0].of_transitions}",
            middle([one.tasks for one in found]),
            f"{middle([one.messages for one in found])} of {found[0].of_messages}",
            middle([one.calls_per_second for one in found]),
        )
    Console(width=140).print(table)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1] if len(sys.argv) > 1 else ""))
