"""What a call may cost: it reads the agent and the tasks that it is about, however much else there is."""

import pytest

from store.connection import Store
from tests.distribution.world import SALES, World
from tests.support import on_one_server

WAITING = 40
SERVICES = [f"s{number}" for number in range(50)]


async def hashes_read(store: Store) -> int:
    """How many hashes scripts have read as a whole since the server started to count."""
    (report,) = await store.servers("commandstats")
    said = dict(part.split("=") for part in report.get("cmdstat_hgetall", "calls=0").split(","))
    return int(said["calls"])


@on_one_server
@pytest.mark.parametrize("services", [[SALES], SERVICES])
async def test_the_end_of_a_talk_looks_at_no_more_tasks_than_the_one_that_is_offered(
    world: World, services: list[str]
) -> None:
    for service in services:
        await world.rules(service, concurrent=10)
    await world.agent("anna", services=dict.fromkeys(services, True))
    talk = await world.task(service=services[0])
    await world.talk(talk)
    for number in range(WAITING):
        await world.task(service=services[number % len(services)])
    before = await hashes_read(world.store)
    await world.terminate(talk)
    # The talk, its agent, and the task that he is offered.
    assert await hashes_read(world.store) == before + 3
