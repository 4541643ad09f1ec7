"""A replica of its own process for the kill test: Timers, and agents who take, open and end what is offered, until it is killed.

`python -m tests.distribution.replica <store url> <tenant>` prints a line for each task that it brought to an end.
"""

import asyncio
import sys

from distribution.deadlines import Timers
from distribution.distributor import Distributor
from distribution.tasks import TaskState, Via
from store.connection import open_store
from store.doorbells import Doorbells
from store.ids import new_id

AT_ONCE = 16


async def main(url: str, tenant: str) -> None:
    store = await open_store(url)
    doorbells = Doorbells(store)
    timers = Timers(store, doorbells)
    d = Distributor(store)

    async def lives() -> None:
        while True:
            task = new_id()
            answer = await d.create(tenant, task, service="sales", customer="", workflow=False)
            while answer.task and answer.task.state is TaskState.OFFERED and answer.task.offer:
                user, offer = answer.task.invited[0], answer.task.offer
                await d.confirm_delivery(tenant, task, offer, user, Via.CARD)
                answer = await d.accept(tenant, task, offer, user, Via.CARD)
            await d.opened(tenant, task)
            await d.terminate(tenant, task, by="system", actor="replica", via=Via.SYSTEM)
            sys.stdout.write(f"{task}\n")
            sys.stdout.flush()

    await asyncio.gather(doorbells.run(), timers.run(), *(lives() for _ in range(AT_ONCE)))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
