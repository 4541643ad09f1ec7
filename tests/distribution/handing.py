"""A talk, and how its agent hands it on."""

from distribution.tasks import Via
from distribution.verdicts import Answer
from tests.distribution.world import SALES, SUPPORT, World


async def hand_on(world: World, task: str, user: str = "anna", **to: str) -> Answer:
    to = to or {"to_service": SUPPORT}
    return await world.distributor.transfer(
        world.tenant, task, user, to_service=to.get("to_service"), to_user=to.get("to_user"), via=Via.ROOM, at=world.now
    )


async def talking(world: World, *others: str, capacity: int = 1, acw_seconds: int = 20) -> str:
    """Anna talks; the others are free, for support."""
    await world.rules(SALES, acw_seconds=acw_seconds, acw_extension_seconds=30, acw_extensions=1)
    await world.rules(SUPPORT)
    await world.agent("anna", capacity=capacity)
    task = await world.task()
    await world.talk(task)
    for user in others:
        await world.agent(user, services={SUPPORT: True})
    return task
