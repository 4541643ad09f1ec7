"""Priorities: which task waits in front of which."""

import pytest

from distribution.agents import Presence
from distribution.tasks import Priority, Task, Via
from distribution.verdicts import Verdict
from store.ids import new_id
from tests.distribution.world import SALES, World

P = Priority


async def waiting(world: World, *priorities: Priority | None, apart: float = 1) -> list[str]:
    """Tasks that nobody can take yet, `apart` seconds after each other."""
    tasks: list[str] = []
    for priority in priorities:
        task = new_id()
        answer = await world.distributor.create(
            world.tenant, task, service=SALES, workflow=False, priority=priority, at=world.now
        )
        assert answer.ok
        await world.stay(task)
        tasks.append(task)
        await world.go(apart)
    return tasks


async def order(world: World) -> list[str]:
    return [task.id for task in await world.distributor.waiting(world.tenant, SALES)]


async def test_a_higher_priority_goes_first_however_long_others_wait(world: World) -> None:
    normal, low, high, strict = await waiting(world, P.NORMAL, P.LOW, P.HIGH, P.STRICT, apart=60)
    assert await order(world) == [strict, high, normal, low]
    await world.agent("anna")
    assert await world.invited(strict) == "anna"


async def test_waiting_raises_a_task_by_one_priority_per_age_every_but_never_over_strict(world: World) -> None:
    await world.rules(SALES, age_every_seconds=60)
    old_low, old_normal = await waiting(world, P.LOW, P.NORMAL, apart=61)
    high, strict, young = await waiting(world, P.HIGH, P.STRICT, P.NORMAL, apart=0)
    # Two minutes have made up for two priorities, one minute for one: each by a second or two.
    assert await order(world) == [strict, old_low, old_normal, high, young]


async def test_tasks_without_a_priority_have_their_services(world: World) -> None:
    await world.rules(SALES, priority="low")
    low, normal = await waiting(world, None, P.NORMAL)
    assert (await world.see(low)).priority is P.LOW
    assert await order(world) == [normal, low]


async def test_a_supervisor_changes_a_priority_and_the_order_follows(world: World) -> None:
    first, second = await waiting(world, P.NORMAL, P.NORMAL)
    answer = await world.distributor.set_priority(world.tenant, second, P.HIGH, actor="boss", at=world.now)
    assert answer.verdict is Verdict.OK
    assert await order(world) == [second, first]
    entries = await world.journal("priority")
    assert [(entry["task"], entry["priority"], entry["actor"]) for entry in entries] == [(second, "high", "boss")]
    again = await world.distributor.set_priority(world.tenant, second, P.HIGH, actor="boss", at=world.now)
    assert again.verdict is Verdict.UNCHANGED


async def test_a_task_keeps_its_priority_when_it_comes_back(world: World) -> None:
    await world.agent("anna")
    (high,) = await waiting(world, P.HIGH)
    (normal,) = await waiting(world, P.NORMAL)
    await world.decline(high)
    assert await world.invited(normal) == "anna"
    await world.agent("ben")
    assert await world.invited(high) == "ben"


@pytest.mark.parametrize("free", [("anna", "ben", "cleo"), ("cleo", "anna")])
async def test_preferred_agents_are_asked_in_their_order_if_they_are_free(world: World, free: tuple[str, ...]) -> None:
    for user in ("anna", "ben", "cleo"):
        await world.agent(user, available=user in free)
    task = await preferring(world, "ben", "cleo")
    assert task.invited == (("ben",) if "ben" in free else ("cleo",))


async def test_nobody_waits_for_a_preferred_agent_who_is_not_free(world: World) -> None:
    await world.agent("anna")
    await world.agent("ben", available=False)
    assert (await preferring(world, "ben")).invited == ("anna",)
    await world.presence("ben", Presence.AVAILABLE)


async def test_an_assigned_task_rings_at_the_agent_whom_the_supervisor_chose(world: World) -> None:
    await world.rules(SALES, kind="pickup")
    await world.agent("anna")
    await world.agent("ben")
    (task,) = await waiting(world, None)
    answer = await world.distributor.assign(world.tenant, task, "ben", actor="boss", at=world.now)
    assert answer.verdict is Verdict.OK
    assert await world.invited(task) == "ben"
    (other,) = await waiting(world, None)
    refused = await world.distributor.assign(world.tenant, other, "ben", actor="boss", at=world.now)
    assert (refused.verdict, refused.why) == (Verdict.REFUSED, "ringing")
    assert (await world.distributor.accept(world.tenant, task, "1", "ben", Via.CARD, at=world.now)).ok


async def preferring(world: World, *preferred: str) -> Task:
    task = new_id()
    answer = await world.distributor.create(
        world.tenant, task, service=SALES, workflow=False, preferred=preferred, at=world.now
    )
    assert answer.task
    return answer.task


async def test_more_than_ten_preferred_agents_are_refused(world: World) -> None:
    answer = await world.distributor.create(
        world.tenant, new_id(), service=SALES, preferred=[f"user{number}" for number in range(11)]
    )
    assert (answer.verdict, answer.why) == (Verdict.BAD_ARGUMENT, "preferred")
