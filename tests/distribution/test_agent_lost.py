"""An agent who is lost in the middle of a talk."""

from distribution.agents import Presence, Reason
from distribution.tasks import Outcome, TaskState, Via
from distribution.user_session import OfferResult
from tests.distribution.test_effects import due
from tests.distribution.world import SALES, World

S = TaskState
LOST = 600


async def offline_for(world: World, user: str, seconds: float) -> None:
    """Graph keeps saying so, once a minute."""
    await world.presence(user, Presence.OFFLINE)
    while seconds > 0:
        await world.go(min(60, seconds))
        seconds -= 60
        await world.presence(user, Presence.OFFLINE)


async def talking(world: World, **rules: int) -> str:
    await world.rules(SALES, idle_seconds=0, **rules)
    await world.agent("anna")
    task = await world.task()
    await world.talk(task)
    return task


async def test_agent_gone_the_chat_goes_back_to_the_queue(world: World) -> None:
    """Rocket.Chat#11280, chatwoot#5362: agent gone: tell the visitor, return the chat."""
    task = await talking(world)
    since = (await world.see(task)).since_at
    d, t = world.distributor, world.tenant
    assert (await d.save_wrapup(t, task, "anna", codes=[], tags=["rose"], note="", at=world.now)).ok
    await due(world, task)
    await offline_for(world, "anna", LOST - 0.001)
    assert (await world.see(task)).state is S.ACTIVE
    await world.go(0.001)
    found = await world.see(task)
    assert (found.state, found.agent, found.why) == (S.QUEUED, None, "agent_lost")
    assert found.since_at == since, "its waiting time counts on"
    assert (found.handed_on, found.past["anna"]) == (("anna",), OfferResult.WITHDRAWN)
    assert "card:anna" in await due(world, task)
    assert Reason.CONNECTED not in await world.against("anna")
    await world.agent("ben")
    assert await world.talk(task) == "ben"
    found = await world.see(task)
    assert found.service_for("anna") == SALES
    assert [found.entries_of(user).tags for user in ("anna", "ben")] == [("rose",), ()], "what she noted stays hers"


async def test_it_has_a_queue_time_of_its_own(world: World) -> None:
    task = await talking(world, queue_seconds=100)
    await offline_for(world, "anna", LOST)
    await world.go(99.999)
    assert (await world.see(task)).state is S.QUEUED
    await world.go(0.001)
    assert (await world.see(task)).outcome is Outcome.NOT_ANSWERED


async def test_who_writes_is_not_lost(world: World) -> None:
    """A phone in the background counts as offline for Teams (chatwoot#5436)."""
    task = await talking(world)
    await offline_for(world, "anna", LOST - 60)
    await world.distributor.spoke(world.tenant, task, "agent", at=world.now)
    await offline_for(world, "anna", LOST - 0.001)
    assert (await world.see(task)).state is S.ACTIVE
    await world.distributor.spoke(world.tenant, task, "visitor", at=world.now)
    await world.go(0.001)
    assert (await world.see(task)).state is S.QUEUED


async def test_coming_back_in_time_starts_it_anew(world: World) -> None:
    task = await talking(world)
    await offline_for(world, "anna", LOST - 60)
    await world.presence("anna", Presence.AWAY)
    await offline_for(world, "anna", LOST - 60)
    assert (await world.see(task)).state is S.ACTIVE


async def test_to_know_nothing_is_not_to_be_offline(world: World) -> None:
    """Graph does not answer for an hour: nobody loses his talk for that."""
    task = await talking(world)
    await world.presence("anna", Presence.OFFLINE)
    await world.go(3_600)
    assert (await world.see(task)).state is S.ACTIVE
    await offline_for(world, "anna", LOST - 0.001)
    assert (await world.see(task)).state is S.ACTIVE
    await world.go(0.001)
    assert (await world.see(task)).state is S.QUEUED


async def test_a_service_may_wait_for_ever(world: World) -> None:
    task = await talking(world, agent_lost_seconds=0)
    await offline_for(world, "anna", 3_600)
    assert (await world.see(task)).state is S.ACTIVE


async def test_who_accepts_while_he_is_offline_has_his_time_too(world: World) -> None:
    """Teams is late by a minute: he accepted on his card while it still called him offline."""
    await world.rules(SALES, idle_seconds=0, kind="pickup", agents_may_pick=True)
    await world.agent("anna")
    await offline_for(world, "anna", 120)
    task = await world.task()
    assert (await world.distributor.pick(world.tenant, task, "anna", Via.CONSOLE, at=world.now)).ok
    await world.opened(task)
    await offline_for(world, "anna", LOST - 0.001)
    assert (await world.see(task)).state is S.ACTIVE
    await world.go(0.001)
    assert (await world.see(task)).state is S.QUEUED
