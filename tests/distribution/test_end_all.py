"""The end of all chats of a service at once."""

import pytest

from distribution.scripts import distribution_scripts
from distribution.tasks import Outcome, TaskState, Via
from store.keys import root
from tests.distribution.world import SALES, SUPPORT, World

S = TaskState


async def end_all(world: World, service: str = SALES) -> int:
    return await world.distributor.end_all(world.tenant, service, actor="boss", at=world.now)


async def begin_and_die(world: World) -> None:
    """The process that was asked dies after the first chunk."""
    args = {"tenant": world.tenant, "service": SALES, "actor": "boss", "begin_anew": 1, "at": world.now}
    assert (await world.store.run(distribution_scripts()["end_all"], root(world.tenant), **args))[0] == "more"


async def test_every_chat_of_the_service_ends_and_no_other(world: World) -> None:
    await world.rules(SALES, acw_seconds=20)
    await world.rules(SUPPORT)
    for user in ("anna", "ben"):
        await world.agent(user)
    await world.agent("cleo", services={SUPPORT: True})
    talk, ringing, waiting = await world.task(), await world.task(), await world.task()
    arriving, other, direct = (
        await world.task(queued=False),
        await world.task(service=SUPPORT),
        await world.task(user="anna"),
    )
    await world.talk(talk)
    assert await end_all(world) == 4
    found = [await world.see(task) for task in (talk, ringing, waiting, arriving)]
    assert [task.state for task in found] == [S.ACW, S.CLOSED, S.CLOSED, S.CLOSED]
    assert [task.outcome for task in found] == [Outcome.HANDLED, *[Outcome.CANCELLED] * 3]
    assert {(task.ended_by, task.why) for task in found} == {("supervisor", "ended_all")}
    assert (await world.see(other)).state is S.OFFERED
    assert (await world.see(direct)).state is not S.CLOSED
    assert await end_all(world) == 0
    assert {entry["actor"] for entry in await world.journal("terminated")} == {"boss"}


async def test_the_service_goes_on(world: World) -> None:
    await world.agent("anna")
    await world.task()
    await end_all(world)
    assert await world.invited(await world.task()) == "anna"


async def test_nobody_is_asked_for_a_chat_that_is_about_to_end(world: World) -> None:
    """The agent whose talk ends is free while others still wait: they end first."""
    await world.agent("anna")
    await world.talk(await world.task())
    for _ in range(35):
        await world.task()
    offered = len(await world.journal("offered"))
    assert await end_all(world) == 36
    assert len(await world.journal("offered")) == offered


@pytest.mark.parametrize("same_moment", [False, True])
async def test_a_deadline_goes_on_where_the_process_died(world: World, same_moment: bool) -> None:
    """Also where more came in one millisecond than one look can take."""
    tasks: list[str] = []
    for number in range(130):
        tasks.append(await world.task(queued=bool(number % 2)))
        world.now -= same_moment
    world.now += 1
    await begin_and_die(world)
    late = await world.task()
    await world.go(15)
    assert {(await world.see(task)).state for task in tasks} == {S.CLOSED}
    assert (await world.see(late)).state is S.QUEUED
    for entry in await world.journal("ending"):
        assert (entry["service"], entry["actor"]) == (SALES, "boss")


async def test_thousands_of_open_chats_can_be_ended(world: World) -> None:
    """Rocket.Chat#29996, LiveHelperChat#1157: chats that cannot be closed, thousands of open ones."""
    await world.rules(SALES, acw_seconds=20)
    await world.agent("anna", capacity=10)
    talks = [await world.task() for _ in range(3)]
    for task in talks:
        await world.talk(task)
    for number in range(300):
        await world.task(service=SALES, queued=number % 3 > 0)
    assert await end_all(world) == 303
    assert {(await world.see(task)).state for task in talks} == {S.ACW}
    answer = await world.distributor.finish_acw(world.tenant, talks[0], "anna", Via.CARD, at=world.now)
    assert answer.ok


async def test_a_service_that_is_not_there_has_nothing_to_end(world: World) -> None:
    assert await end_all(world, "nowhere") == 0
