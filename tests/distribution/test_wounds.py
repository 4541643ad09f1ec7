"""What users of other chat products suffer from when chats are assigned; each wound has a test with its name."""

import asyncio

from distribution.agents import Presence, Reason
from distribution.tasks import Outcome, TaskState, Via
from distribution.verdicts import Verdict
from store.connection import Store
from store.ids import new_id
from tests.distribution.world import SALES, World

S = TaskState


async def test_chats_given_to_agents_who_are_offline(world: World) -> None:
    await world.agent("anna")
    await world.presence("anna", Presence.OFFLINE)
    task = await world.task()
    assert (await world.see(task)).state is S.QUEUED
    # Also when nobody said so: a presence that nobody renews does not last.
    await world.agent("ben")
    await world.decline(task)
    await world.go(480)
    assert await world.against("ben") == (Reason.OFFLINE,)
    assert (await world.see(await world.task())).state is S.QUEUED


async def test_freed_capacity_does_not_drain_the_queue(world: World) -> None:
    await world.rules(SALES, acw_seconds=5, queue_seconds=3600)
    await world.agent("anna", capacity=2)
    await world.agent("ben")
    tasks = [await world.task() for _ in range(12)]
    for _ in range(40):
        for task in tasks:
            found = await world.see(task)
            if found.state is S.OFFERED:
                await world.talk(task)
            elif found.state is S.ACTIVE:
                await world.terminate(task)
        await world.go(1)
    assert {(await world.see(task)).outcome for task in tasks} == {Outcome.HANDLED}


async def test_the_limit_of_a_service_drains_too(world: World) -> None:
    await world.rules(SALES, concurrent=1)
    await world.agent("anna")
    await world.agent("ben")
    first, second, third = [await world.task() for _ in range(3)]
    assert (await world.see(second)).state is S.QUEUED
    await world.talk(first)
    await world.terminate(first)
    assert await world.invited(second) == "ben"
    await world.rules(SALES, concurrent=2)
    assert await world.invited(third) == "anna"


async def test_two_agents_get_one_chat(world: World) -> None:
    """Ten clients accept at once, for two agents who were both offered it one after the other."""
    await world.agent("anna")
    await world.agent("ben")
    task = await world.task()
    await world.decline(task)
    clicks = [
        world.distributor.accept(world.tenant, task, offer, user, Via.CARD, at=world.now)
        for offer, user in (("1", "anna"), ("2", "anna"), ("2", "ben")) * 4
    ]
    answers = await asyncio.gather(*clicks)
    assert [answer.verdict for answer in answers].count(Verdict.OK) == 1
    assert (await world.see(task)).agent == "ben"
    assert (await world.look("anna")).tasks == ()


async def test_one_agent_gets_two_chats_under_racing_accepts(world: World) -> None:
    """However many tasks arrive, end and are accepted at the same moment: capacity 1 is one chat."""
    for number in range(3):
        await world.agent(f"agent{number}")

    async def visitor() -> None:
        task = new_id()
        await world.distributor.create(world.tenant, task, service=SALES, customer="", workflow=False, at=world.now)
        while (found := await world.see(task)).state is not S.CLOSED:
            if found.state is S.OFFERED:
                await asyncio.gather(*(world.accept(task, found.invited[0]) for _ in range(2)))
            elif found.state is S.CONNECTING:
                holders = [len((await world.look(f"agent{number}")).tasks) for number in range(3)]
                assert max(holders) <= 1
                await world.opened(task)
            elif found.state is S.ACTIVE:
                await world.terminate(task)

    await asyncio.gather(*(visitor() for _ in range(15)))
    assert len(await world.journal("accepted")) == 15


async def test_concurrency_limit_overshot_under_load(world: World) -> None:
    await world.rules(SALES, concurrent=4)
    for number in range(12):
        await world.agent(f"agent{number:02}")
    await asyncio.gather(*(world.task() for _ in range(30)))
    offered = [entry["task"] for entry in await world.journal("offered")]
    assert len(offered) == 4
    await asyncio.gather(*(world.accept(task) for task in offered))
    await asyncio.gather(*(world.opened(task) for task in offered))
    await asyncio.gather(*(world.terminate(task) for task in offered))
    assert len(await world.journal("offered")) == 8


async def test_assignment_from_a_stale_snapshot(world: World, store: Store) -> None:
    """What one replica read a moment ago decides nothing: the script looks when it acts."""
    await world.agent("anna")
    task = await world.task()
    snapshot = await world.see(task)
    assert snapshot.offer
    await world.distributor.set_duty(world.tenant, "anna", on=False, actor="boss", at=world.now)
    await world.agent("ben")
    stale = await world.distributor.accept(world.tenant, task, snapshot.offer, "anna", Via.CARD, at=world.now)
    assert stale.verdict is Verdict.GONE
    assert stale.task
    assert stale.task.invited == ("ben",)


async def test_the_first_agent_in_the_morning_gets_the_whole_nights_backlog(world: World) -> None:
    await world.rules(SALES, queue_seconds=3600)
    night = [await world.task() for _ in range(10)]
    for user in ("anna", "ben", "cleo"):
        await world.agent(user)
    held = {user: (await world.look(user)).tasks for user in ("anna", "ben", "cleo")}
    assert held == {"anna": (night[0],), "ben": (night[1],), "cleo": (night[2],)}


async def test_uneven_distribution(world: World) -> None:
    users = [f"agent{number}" for number in range(5)]
    for user in users:
        await world.agent(user)
    for _ in range(25):
        world.now += 1
        task = await world.task()
        await world.talk(task)
        world.now += 1
        await world.terminate(task)
    assert {len(await world.distributor.past_tasks(world.tenant, user)) for user in users} == {5}


async def test_an_absent_agent_does_not_slow_everybody_down(world: World) -> None:
    """Ten agents, one always absent: over 50 tasks he is offered at most two."""
    users = [f"agent{number}" for number in range(10)]
    for user in users:
        await world.agent(user)
    for _ in range(50):
        await world.distributor.set_presence(world.tenant, dict.fromkeys(users, Presence.AVAILABLE), at=world.now)
        task = await world.task()
        while (await world.see(task)).state is S.OFFERED:
            if await world.invited(task) == "agent0":
                await world.miss(task)
            else:
                await world.talk(task)
        await world.go(2)
        await world.terminate(task)
    offers = [entry["user"] for entry in await world.journal("offered")]
    assert offers.count("agent0") <= 2


async def test_ignored_chats_are_never_reassigned(world: World) -> None:
    await world.agent("anna")
    await world.agent("ben")
    task = await world.task()
    asked = [await world.miss(task), await world.invited(task)]
    assert asked == ["anna", "ben"]


async def test_cherry_picking_past_the_queue(world: World) -> None:
    """Nobody takes a task that he was not offered."""
    d, t = world.distributor, world.tenant
    await world.agent("anna")
    first, later = await world.task(), await world.task()
    assert await world.invited(first) == "anna"
    assert (await d.accept(t, later, "1", "anna", Via.PORTAL, at=world.now)).verdict is Verdict.GONE
    await world.agent("ben", services={})
    assert (await d.accept(t, first, "1", "ben", Via.PORTAL, at=world.now)).verdict is Verdict.NOT_YOURS
    assert (await world.see(later)).state is S.QUEUED


async def test_presence_wrong_phone_in_the_background_counts_as_offline(world: World) -> None:
    """Registered with the bot he is reached by cards: no page has to be open."""
    d, t = world.distributor, world.tenant
    await world.agent("anna")
    await d.surface_beat(t, "anna", "phone", at=world.now)
    await world.go(31)
    assert await world.against("anna") == ()


async def test_presence_wrong_closed_browser_counts_as_online(world: World) -> None:
    d, t = world.distributor, world.tenant
    await world.agent("anna", available=False)
    await d.set_registered(t, "anna", registered=False, at=world.now)
    await d.surface_beat(t, "anna", "browser", at=world.now)
    assert await world.against("anna") == ()
    await world.go(30)
    assert await world.against("anna") == (Reason.OFFLINE, Reason.UNREACHABLE)


async def test_a_room_opens_with_no_agent_in_it(world: World) -> None:
    """The room's answer comes after the task is over, or after the agent was set free: nobody becomes active."""
    d, t = world.distributor, world.tenant
    await world.agent("anna")
    task = await world.task()
    await world.accept(task)
    await d.visitor_left(t, task, at=world.now)
    late = await world.opened(task)
    assert late.verdict is Verdict.WRONG_STATE
    assert late.task
    assert late.task.state is S.CLOSED
    other = await world.task()
    await world.accept(other)
    await d.opening_failed(t, other, "forbidden", at=world.now)
    assert (await world.opened(other)).verdict is Verdict.WRONG_STATE


async def test_chats_that_cannot_be_closed(world: World) -> None:
    """From every state, by the supervisor; also when the agent was removed meanwhile."""
    await world.rules(SALES, acw_seconds=20)
    for state in (S.ARRIVING, S.QUEUED, S.OFFERED, S.CONNECTING, S.ACTIVE, S.ACW):
        await world.agent("anna", available=False)
        await world.presence("anna", Presence.OFFLINE if state is S.QUEUED else Presence.AVAILABLE)
        task = await world.bring(state, "anna")
        await world.distributor.remove_agent(world.tenant, "anna", at=world.now)
        await world.terminate(task, "supervisor", "boss")
        await world.go(20)
        assert (await world.see(task)).state is S.CLOSED, state


async def test_thousands_of_open_chats_crash_the_page(world: World) -> None:
    d, t = world.distributor, world.tenant
    await asyncio.gather(
        *(d.create(t, new_id(), service=SALES, customer="", workflow=False, at=world.now) for _ in range(400))
    )
    assert len(await d.waiting(t, SALES)) == 200
    assert len(await d.waiting(t, SALES, limit=3)) == 3
    await d.remove_service(t, SALES, at=world.now)
    assert await d.waiting(t, SALES) == []
