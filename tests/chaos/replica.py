"""A replica of the app as far as the distributor goes, in a process of its own that is going to be killed.

`python -m tests.chaos.replica <store url>`: timers, the watch for failovers, and effects, whose handlers are the people:
a card that is shown is accepted (or now and then declined), a room that is asked for opens, a talk that runs is ended.
"""

import asyncio
import random
import sys

from conversations.messages import Conversations
from distribution.aftermath import Aftermath
from distribution.deadlines import Timers
from distribution.distributor import Distributor
from distribution.tasks import TaskState, Via
from store.connection import open_store
from store.doorbells import Doorbells
from store.due import DueWorker, Subject
from store.ids import new_id
from store.takeover import Takeovers

# What a killed replica held goes on this soon.
LEASE_SECONDS = 2.0
DECLINED = 0.1


async def main(url: str) -> None:
    store = await open_store(url)
    doorbells = Doorbells(store)
    d = Distributor(store)

    async def card(subject: Subject) -> None:
        tenant, (task, user) = subject.tenant, subject.parts
        found = await d.task(tenant, task)
        if found is None or found.state is not TaskState.OFFERED or user not in found.invited:
            return
        offer = found.offer or ""
        await d.confirm_delivery(tenant, task, offer, user, Via.CARD)
        if random.random() < DECLINED:
            await d.decline(tenant, task, offer, user, Via.CARD)
        else:
            await d.accept(tenant, task, offer, user, Via.CARD)

    async def room(subject: Subject) -> None:
        await d.opened(subject.tenant, subject.parts[0])

    async def relay(subject: Subject) -> None:
        found = await d.task(subject.tenant, subject.parts[0])
        if found is not None and found.state is TaskState.ACTIVE:
            await d.terminate(subject.tenant, found.id, by="agent", actor=found.agent or "", via=Via.CARD)

    worker = DueWorker(store, doorbells, worker_id=new_id(), lease_seconds=LEASE_SECONDS)
    for kind, handler in {"card": card, "room": room, "relay": relay}.items():
        worker.handle(kind, handler)
    worker.handle("failover", Aftermath(store, (Conversations(store).doubt_shown,)).handle)
    print("at work", flush=True)  # what starts it waits for this
    loops = (doorbells.run, Timers(store, doorbells).run, worker.run, Takeovers(store).run)
    await asyncio.gather(*(loop() for loop in loops))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
