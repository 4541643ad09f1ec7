"""Who is asked for which task: the order of agents, the order of tasks, and who is not asked again."""

import pytest

from distribution.agents import Presence, Reason
from distribution.tasks import TaskState
from distribution.user_session import OfferResult
from distribution.vocabulary import OfferPolicy
from tests.distribution.world import SALES, World


async def test_the_longest_idle_agent_is_asked_first(world: World) -> None:
    for user in ("anna", "ben", "cleo"):
        await world.agent(user)
    first, second = await world.task(), await world.task()
    assert [await world.invited(first), await world.invited(second)] == ["anna", "ben"]

    await world.talk(first)
    await world.go(1)
    await world.terminate(first)
    third, fourth = await world.task(), await world.task()
    assert [await world.invited(third), await world.invited(fourth)] == ["cleo", "anna"]


async def test_a_freed_agent_takes_the_longest_waiting_task_of_all_his_services(world: World) -> None:
    await world.rules("support")
    both = {"sales": True, "support": True}
    await world.agent("anna", services=both)
    busy = await world.task()
    waiting: list[str] = []
    for service in ("support", "sales", "support"):
        world.now += 1
        waiting.append(await world.task(service=service))
    await world.talk(busy)
    for task in waiting:
        running = busy
        await world.terminate(running)
        assert await world.invited(task) == "anna"
        await world.talk(task)
        busy = task


async def test_a_task_that_went_back_is_before_those_that_came_later(world: World) -> None:
    await world.agent("anna")
    first = await world.task()
    await world.go(1)
    second = await world.task()
    await world.decline(first)
    assert await world.invited(second) == "anna"
    await world.agent("ben")
    assert await world.invited(first) == "ben"


async def test_the_same_agent_is_asked_again_only_when_nobody_else_can_be_and_not_before_30_s(world: World) -> None:
    await world.agent("anna")
    task = await world.task()
    await world.decline(task)
    await world.go(29.999)
    assert (await world.see(task)).state is TaskState.QUEUED
    await world.go(0.001)
    assert await world.invited(task) == "anna"


async def test_another_agent_comes_before_one_who_may_be_asked_again(world: World) -> None:
    await world.agent("anna")
    task = await world.task()
    await world.decline(task)
    await world.go(10)
    await world.agent("ben")
    assert await world.invited(task) == "ben"
    await world.decline(task)
    await world.agent("cleo", available=False)
    await world.go(25)
    assert await world.invited(task) == "anna"


@pytest.mark.parametrize("policy", list(OfferPolicy))
@pytest.mark.parametrize("how", ["decline", "miss"])
async def test_a_declined_or_missed_offer_puts_the_agent_at_the_end_in_every_policy(
    world: World, policy: str, how: str
) -> None:
    await world.rules(SALES, policy=policy, rona_after_misses=0)
    for user in ("anna", "ben", "cleo"):
        await world.agent(user)
    task = await world.task()
    assert await world.invited(task) == "anna"
    await world.go(1)
    if how == "decline":
        await world.decline(task)
    else:
        await world.miss(task)
    assert await world.invited(task) == "ben"
    assert [await world.invited(await world.task()) for _ in range(2)] == ["cleo", "anna"]


async def test_round_robin_asks_in_turns(world: World) -> None:
    await world.rules(SALES, policy="round_robin")
    for user in ("anna", "ben"):
        await world.agent(user)
    asked: list[str] = []
    for _ in range(4):
        await world.go(1)
        task = await world.task()
        asked.append(await world.talk(task))
        await world.go(60 if asked[-1] == "anna" else 5)
        await world.terminate(task)
    assert asked == ["anna", "ben", "anna", "ben"]


async def test_least_occupied_asks_whoever_has_most_room(world: World) -> None:
    await world.rules(SALES, policy="least_occupied")
    await world.agent("anna", capacity=4)
    await world.agent("ben", capacity=2)
    talks = [await world.talk(await world.task()) for _ in range(6)]
    # Free share before each: 0/4 0/2 → anna; 1/4 0/2 → ben; 1/4 1/2 → anna; 2/4 1/2 → whoever idles longest; …
    assert talks[:3] == ["anna", "ben", "anna"]
    assert (talks.count("anna"), talks.count("ben")) == (4, 2)


async def test_a_withdrawn_offer_leaves_the_agent_his_place_in_the_order(world: World) -> None:
    await world.agent("anna")
    await world.agent("ben")
    task = await world.task()
    await world.distributor.visitor_left(world.tenant, task, at=world.now)
    assert (await world.see(task)).past == {"anna": OfferResult.WITHDRAWN}
    assert await world.invited(await world.task()) == "anna"


async def test_an_agent_who_declined_many_gets_the_one_behind_them(world: World) -> None:
    """32 heads are passed over in one step; a deadline goes on behind them."""
    await world.rules(SALES, queue_seconds=3600, concurrent=500)
    await world.agent("anna")
    declined: list[str] = []
    for _ in range(40):
        task = await world.task()
        declined.append(task)
        await world.decline(task)
    await world.distributor.set_duty(world.tenant, "anna", on=False, actor="anna", at=world.now)
    fresh = await world.task()
    await world.distributor.set_duty(world.tenant, "anna", on=True, actor="anna", at=world.now)
    assert (await world.see(fresh)).state is TaskState.QUEUED
    await world.go(0.1)
    assert await world.invited(fresh) == "anna"


async def test_positions_count_from_the_next_one(world: World) -> None:
    d, t = world.distributor, world.tenant
    tasks: list[str] = []
    for _ in range(3):
        world.now += 1
        tasks.append(await world.task())
    assert [await d.position(t, task) for task in tasks] == [1, 2, 3]
    assert [task.id for task in await d.waiting(t, SALES)] == tasks
    await d.visitor_left(t, tasks[0], at=world.now)
    assert [await d.position(t, task) for task in tasks] == [None, 1, 2]


async def test_somebody_fresh_comes_before_those_who_may_be_asked_again_even_behind_them_in_the_order(
    world: World,
) -> None:
    await world.rules(SALES, concurrent=1)
    await world.agent("anna")
    await world.agent("cleo")
    task = await world.task()
    for user in ("anna", "cleo"):
        await world.go(1)
        assert await world.invited(task) == user
        await world.decline(task)
    # Another chat takes the only place, so that the task waits on although it may be offered again, and ben comes.
    other = await world.task()
    assert await world.talk(other) == "anna"
    await world.go(40)
    await world.agent("ben")
    assert (await world.see(task)).state is TaskState.QUEUED
    await world.terminate(other)
    assert await world.invited(task) == "ben"


async def test_a_limit_that_is_raised_far_is_filled_in_steps(world: World) -> None:
    """One call makes 32 offers at most; a deadline goes on."""
    await world.rules(SALES, concurrent=1)
    for number in range(40):
        await world.agent(f"agent{number:02}")
    tasks = [await world.task() for _ in range(40)]
    await world.rules(SALES, concurrent=100)
    await world.go(0.1)
    assert {(await world.see(task)).state for task in tasks} == {TaskState.OFFERED}


async def test_who_declined_stands_behind_the_busier_ones_too(world: World) -> None:
    await world.rules(SALES, policy="least_occupied")
    await world.agent("anna", capacity=2)
    await world.agent("ben", capacity=2)
    task = await world.task()
    await world.go(1)
    await world.decline(task)
    assert await world.talk(task) == "ben"
    assert await world.invited(await world.task()) == "ben"


async def test_a_talk_in_its_acw_leaves_its_place_to_others(world: World) -> None:
    """The limit counts chats; the agent is not free yet, but the service has room."""
    await world.rules(SALES, concurrent=1, acw_seconds=20)
    await world.agent("anna")
    await world.agent("ben")
    first, second = await world.task(), await world.task()
    await world.talk(first)
    assert (await world.see(second)).state is TaskState.QUEUED
    await world.terminate(first)
    assert await world.invited(second) == "ben"


async def test_a_changed_capacity_changes_the_place_in_the_order(world: World) -> None:
    await world.rules(SALES, policy="least_occupied")
    await world.agent("anna", capacity=3)
    await world.agent("ben", capacity=3)
    for user in ("anna", "ben"):
        assert await world.talk(await world.task()) == user
    await world.agent("ben", capacity=10)
    assert await world.invited(await world.task()) == "ben"


async def test_an_agent_of_fifty_services_takes_what_ranks_first_of_all(world: World) -> None:
    names = [f"service{number:02}" for number in range(50)]
    for name in names:
        await world.rules(name)
    await world.agent("anna", services=dict.fromkeys(names, True), available=False)
    tasks = [await world.task(service=name) for name in reversed(names)]
    await world.presence("anna", Presence.AVAILABLE)
    for task in tasks:
        assert await world.invited(task) == "anna"
        await world.talk(task)
        assert set((await world.look("anna")).reasons[names[7]]) == {Reason.CONNECTED}
        await world.terminate(task)
    assert len((await world.look("anna")).selectable_for) == 51  # and chats straight to her
