"""No-op jobs of other task queues, for comparison with `task_lives`. Runs in a separate environment (`peers.py`).

    python peer_jobs.py arq unix:///run/redis.sock

Each line on stdin asks for one round: 32 producers put so many jobs into the queue, then a worker with 32 jobs in flight
takes them until all have run. Both in this one process, and one after the other, so that nobody waits for a poll. The
answer is the number of jobs per second, on a line of stdout; how long a worker takes to stop does not count. Settings are
each library's defaults, except for the number in flight.
"""

# Each library is installed in a separate environment, which pyright does not see.
# pyright: basic, reportMissingImports=false

import asyncio
import logging
import sys
import time
from collections.abc import Awaitable, Callable

IN_FLIGHT = 32

Enqueue = Callable[[], Awaitable[object]]
Round = Callable[[int], Awaitable[float]]
"""Put `count` jobs into the queue and run them; returns the instant of `time.perf_counter` when the last one had run."""


async def put(count: int, enqueue: Enqueue) -> None:
    left = iter(range(count))

    async def producer() -> None:
        for _ in left:
            await enqueue()

    await asyncio.gather(*(producer() for _ in range(IN_FLIGHT)))


class Count:
    """Jobs that have run."""

    def __init__(self) -> None:
        self._left = 0
        self.reached = asyncio.Event()
        self.reached_at = 0.0

    def expect(self, jobs: int) -> None:
        self._left = jobs
        self.reached.clear()

    def one(self) -> None:
        self._left -= 1
        if not self._left:
            self.reached_at = time.perf_counter()
            self.reached.set()


async def arq(url: str) -> Round:
    from arq.connections import RedisSettings, create_pool
    from arq.worker import Worker, func

    count = Count()

    async def noop(_context: dict[object, object]) -> None:
        count.one()

    settings = RedisSettings(unix_socket_path=url.removeprefix("unix://"))
    pool = await create_pool(settings)

    async def run(jobs: int) -> float:
        count.expect(jobs)
        await put(jobs, lambda: pool.enqueue_job("noop"))
        worker = Worker(
            [func(noop, name="noop")],
            redis_settings=settings,
            burst=True,
            max_jobs=IN_FLIGHT,
            poll_delay=0.0,
            handle_signals=False,
        )
        await worker.async_run()
        await worker.close()
        return count.reached_at

    return run


async def saq(url: str) -> Round:
    from redis.asyncio import Redis
    from saq import Worker
    from saq.queue.redis import RedisQueue

    count = Count()

    async def noop(_context: dict[object, object]) -> None:
        count.one()

    queue = RedisQueue(Redis.from_url(url))
    await queue.connect()

    async def run(jobs: int) -> float:
        count.expect(jobs)
        await put(jobs, lambda: queue.enqueue("noop"))
        worker = Worker(queue, [("noop", noop)], concurrency=IN_FLIGHT, dequeue_timeout=0.1)
        working = asyncio.create_task(worker.start())
        await count.reached.wait()
        await worker.stop()
        await asyncio.gather(working, return_exceptions=True)
        return count.reached_at

    return run


async def taskiq(url: str) -> Round:
    from taskiq.api import run_receiver_task
    from taskiq_redis import RedisAsyncResultBackend, RedisStreamBroker

    count = Count()
    broker = RedisStreamBroker(url).with_result_backend(RedisAsyncResultBackend(url))

    @broker.task(task_name="noop")
    async def noop() -> None:
        count.one()

    broker.is_worker_process = True
    await broker.startup()
    # Its receiver cannot be stopped and started again, so it already runs while the jobs are enqueued.
    working = asyncio.create_task(run_receiver_task(broker, max_async_tasks=IN_FLIGHT))

    async def run(jobs: int) -> float:
        count.expect(jobs)
        await put(jobs, noop.kiq)
        await asyncio.wait([working, asyncio.create_task(count.reached.wait())], return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            working.result()
        return count.reached_at

    return run


async def main(name: str, url: str) -> None:
    logging.disable(logging.CRITICAL)
    run = await {"arq": arq, "saq": saq, "taskiq": taskiq}[name](url)
    for line in sys.stdin:
        jobs = int(line)
        start = time.perf_counter()
        print(jobs / (await run(jobs) - start), flush=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2]))
