"""Levels: whom a service asks after how much waiting."""

import pytest

from distribution.agents import AgentRules, Presence, Reason
from distribution.service_rules import BadRules, Level, ServiceRules
from distribution.tasks import Outcome, TaskState
from tests.distribution.world import SALES, World

TWO = (Level(0, agents=("anna",)), Level(30, skills=("vip",)))


async def skilled(world: World, user: str, *skills: str) -> str:
    await world.agent(user, available=False)
    rules = AgentRules(licensed=True, direct_licensed=True, services={SALES: True}, skills=skills)
    await world.distributor.set_agent(world.tenant, user, rules, at=world.now)
    await world.presence(user, Presence.AVAILABLE)
    return user


async def test_an_agent_of_a_later_level_is_asked_when_his_level_opens(world: World) -> None:
    await world.rules(SALES, levels=TWO)
    await skilled(world, "ben", "vip")
    task = await world.task()
    await world.go(29.9)
    assert (await world.see(task)).state is TaskState.QUEUED
    await world.go(0.2)
    assert await world.invited(task) == "ben"
    assert (await world.see(task)).level == 2


async def test_agents_of_an_earlier_level_come_first_however_short_they_were_idle(world: World) -> None:
    await world.rules(SALES, levels=TWO)
    await skilled(world, "ben", "vip")
    task = await world.task()
    await world.presence("ben", Presence.BUSY)
    await world.go(60)
    await world.agent("anna", available=False)
    await world.distributor.set_duty(world.tenant, "ben", False, "ben", at=world.now)
    await world.presence("ben", Presence.AVAILABLE)
    await world.presence("anna", Presence.AVAILABLE)
    assert await world.invited(task) == "anna"
    assert (await world.decline(task)).ok
    await world.distributor.set_duty(world.tenant, "ben", True, "ben", at=world.now)
    assert await world.invited(task) == "ben"


async def test_all_skills_of_a_level_are_needed(world: World) -> None:
    await world.rules(SALES, levels=(Level(0, skills=("english", "billing")), Level(10, agents=("nobody",))))
    await skilled(world, "ben", "english")
    await skilled(world, "cleo", "billing", "english")
    assert await world.against("ben") == (Reason.NOT_A_MEMBER,)
    assert (await world.look("cleo")).levels == {SALES: 1}
    assert await world.invited(await world.task()) == "cleo"


async def test_waiting_time_counts_over_a_decline(world: World) -> None:
    """A task that comes back after 30 s is open to the second level at once."""
    await world.rules(SALES, levels=TWO, offer_seconds=60)
    await world.agent("anna")
    task = await world.task()
    await skilled(world, "ben", "vip")
    await world.deliver(task)
    await world.go(40)
    await world.decline(task)
    assert await world.invited(task) == "ben"


async def test_changed_levels_reach_what_waits_and_what_rings(world: World) -> None:
    await world.agent("anna")
    await skilled(world, "ben", "vip")
    rings = await world.task()
    waits = await world.task()
    assert await world.invited(rings) == "anna"
    await world.decline(waits)
    await world.go(5)
    await world.rules(SALES, levels=(Level(0, agents=("cleo",)), Level(20, skills=("vip",))))
    assert (await world.see(rings)).state is TaskState.QUEUED  # anna belongs to no level any more
    assert await world.against("anna") == (Reason.NOT_A_MEMBER,)
    await world.go(16)
    assert await world.invited(rings) == "ben"


async def test_declined_by_all_means_the_members_of_the_open_levels(world: World) -> None:
    await world.rules(SALES, levels=(Level(0, agents=("anna",)), Level(300, agents=("ben",))), queue_seconds=20)
    await world.agent("anna")
    await world.agent("ben")
    task = await world.task()
    await world.decline(task)
    await world.go(20)
    assert (await world.see(task)).outcome is Outcome.DECLINED_BY_ALL


@pytest.mark.parametrize(
    ("levels", "why"),
    [
        ((Level(5, agents=("anna",)),), "at once"),
        ((Level(0, agents=("anna",)), Level(0, agents=("ben",))), "level 2 must open after level 1"),
        ((Level(0, agents=("anna",)), Level(10)), "level 2 names neither"),
        ((Level(0, agents=("anna | ben",)),), "no id"),
        ((Level(0, agents=("anna",)), Level(9_000, agents=("ben",))), "within"),
    ],
)
async def test_levels_that_make_no_sense_are_refused(world: World, levels: tuple[Level, ...], why: str) -> None:
    with pytest.raises(BadRules, match=why) as problem:
        await world.distributor.set_service(world.tenant, SALES, ServiceRules(name="Sales", levels=levels))
    assert problem.value.field == "levels"
