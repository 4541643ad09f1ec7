"""Broadcast and pickup: services that do not offer a task to one agent."""

import asyncio

import pytest

from distribution.agents import Reason
from distribution.tasks import TaskState, Via
from distribution.user_session import OfferResult
from distribution.verdicts import Verdict
from store.keys import root
from tests.distribution.world import SALES, World

# --- broadcast


async def test_a_broadcast_rings_at_the_ten_who_are_idle_longest(world: World) -> None:
    await world.rules(SALES, kind="broadcast")
    users = [await world.agent(f"agent{number:02}") for number in range(12)]
    task = await world.task()
    assert (await world.see(task)).invited == tuple(users[:10])
    assert await world.against(users[9]) == (Reason.RINGING,)
    assert await world.against(users[10]) == ()


async def test_the_first_who_accepts_wins_and_the_others_are_free_again(world: World) -> None:
    await world.rules(SALES, kind="broadcast")
    for user in ("anna", "ben", "cleo"):
        await world.agent(user)
    task = await world.task()
    answers = await asyncio.gather(*(world.accept(task, user) for user in ("anna", "ben", "cleo")))
    assert sorted(answer.verdict for answer in answers) == [Verdict.GONE, Verdict.GONE, Verdict.OK]
    found = await world.see(task)
    assert found.state is TaskState.CONNECTING
    assert found.agent
    for other in {"anna", "ben", "cleo"} - {found.agent}:
        assert found.past[other] is OfferResult.WITHDRAWN
        assert await world.against(other) == ()
    taken = [entry for entry in await world.journal("withdrawn") if entry["how"] == "taken"]
    assert len(taken) == 2


async def test_a_broadcast_that_nobody_answers_flags_nobody_and_waits(world: World) -> None:
    await world.rules(SALES, kind="broadcast", persistent_rona=True, rona_after_misses=1)
    for user in ("anna", "ben"):
        await world.agent(user)
    task = await world.task()
    assert (await world.decline(task, "anna")).ok
    assert (await world.see(task)).invited == ("ben",)
    await world.deliver(task)
    await world.go(20)
    assert (await world.see(task)).state is TaskState.QUEUED
    assert await world.against("anna") == ()
    assert await world.against("ben") == ()
    await world.go(10)
    assert (await world.see(task)).invited == ("anna",)  # she declined 30 s ago; ben let it ring until 10 s ago


async def test_one_whom_the_broadcast_does_not_reach_is_left_out_and_the_others_go_on(world: World) -> None:
    await world.rules(SALES, kind="broadcast")
    for user in ("anna", "ben"):
        await world.agent(user)
    task = await world.task()
    await world.deliver(task)
    await world.go(10)
    found = await world.see(task)
    assert (found.state, found.invited) == (TaskState.OFFERED, ("anna",))
    assert found.past["ben"] is OfferResult.UNDELIVERED


async def test_one_whom_the_broadcast_reaches_late_has_his_own_time(world: World) -> None:
    await world.rules(SALES, kind="broadcast", offer_seconds=5, deliver_seconds=10)
    for user in ("anna", "ben"):
        await world.agent(user)
    task = await world.task()
    await world.deliver(task)
    await world.go(5)  # anna lets it ring; nothing is to happen until ben's ten seconds are over
    found = await world.see(task)
    assert (found.invited, found.past["anna"]) == (("ben",), OfferResult.RONA)
    assert await world.store.zscore(
        f"{root(world.tenant)}deadlines:{world.tenant}", f"task:{world.tenant}:{task}"
    ) == pytest.approx(world.now + 5_000, abs=10)
    await world.go(2)
    await world.deliver(task)
    await world.go(4.9)
    assert (await world.see(task)).invited == ("ben",)
    await world.go(0.1)
    assert (await world.see(task)).past["ben"] is OfferResult.RONA


# --- pickup


async def test_a_pickup_task_waits_until_an_agent_takes_it_at_the_console(world: World) -> None:
    await world.rules(SALES, kind="pickup")
    await world.agent("anna")
    task = await world.task()
    assert (await world.see(task)).state is TaskState.QUEUED
    answer = await world.distributor.pick(world.tenant, task, "anna", Via.CONSOLE, at=world.now)
    assert answer.task
    assert (answer.verdict, answer.task.state, answer.task.agent) == (Verdict.OK, TaskState.CONNECTING, "anna")
    again = await world.distributor.pick(world.tenant, task, "anna", Via.CONSOLE, at=world.now)
    assert again.verdict is Verdict.UNCHANGED


@pytest.mark.parametrize(("kind", "via"), [("pickup", Via.PORTAL), ("direct", Via.CONSOLE), ("direct", Via.PORTAL)])
async def test_elsewhere_agents_pick_only_where_the_service_says_so(world: World, kind: str, via: Via) -> None:
    await world.rules(SALES, kind=kind)
    await world.agent("anna", available=kind == "pickup")
    task = await world.task()
    refused = await world.distributor.pick(world.tenant, task, "anna", via, at=world.now)
    assert (refused.verdict, refused.why) == (Verdict.REFUSED, "not_picked_here")
    await world.rules(SALES, kind=kind, agents_may_pick=True)
    assert (await world.distributor.pick(world.tenant, task, "anna", via, at=world.now)).verdict is Verdict.OK


async def test_one_of_two_who_pick_at_once_gets_it(world: World) -> None:
    await world.rules(SALES, kind="pickup")
    users = [await world.agent(user) for user in ("anna", "ben", "cleo")]
    task = await world.task()
    answers = await asyncio.gather(
        *(world.distributor.pick(world.tenant, task, user, Via.CONSOLE, at=world.now) for user in users)
    )
    assert sorted(answer.verdict for answer in answers) == [Verdict.GONE, Verdict.GONE, Verdict.OK]


async def test_a_pick_out_of_order_is_in_the_journal(world: World) -> None:
    await world.rules(SALES, kind="pickup")
    await world.agent("anna")
    first, second, third = [await world.task() for _ in range(3)]
    await world.distributor.pick(world.tenant, third, "anna", Via.CONSOLE, at=world.now)
    (picked,) = await world.journal("picked")
    assert (picked["task"], picked["passed"], picked["user"]) == (third, "2", "anna")
    assert [task.id for task in await world.distributor.waiting(world.tenant, SALES)] == [first, second]


async def test_what_stands_against_an_agent_stands_against_picking_too(world: World) -> None:
    await world.rules(SALES, kind="pickup")
    await world.agent("anna")
    one, two = await world.task(), await world.task()
    await world.distributor.pick(world.tenant, one, "anna", Via.CONSOLE, at=world.now)
    refused = await world.distributor.pick(world.tenant, two, "anna", Via.CONSOLE, at=world.now)
    assert (refused.verdict, refused.why) == (Verdict.REFUSED, "connected")
    await world.rules(SALES, kind="pickup", concurrent=1)
    await world.agent("ben")
    refused = await world.distributor.pick(world.tenant, two, "ben", Via.CONSOLE, at=world.now)
    assert (refused.verdict, refused.why) == (Verdict.REFUSED, "full")


async def test_a_service_that_offers_again_brings_what_waited_to_who_is_free(world: World) -> None:
    await world.rules(SALES, kind="pickup")
    await world.agent("anna")
    task = await world.task()
    await world.rules(SALES, kind="direct")
    assert await world.invited(task) == "anna"
