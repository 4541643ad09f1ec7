"""Waiting and its end: direct tasks, the queue time, and what the outcome says about it."""

import pytest

from distribution.tasks import Outcome, TaskState
from tests.distribution.world import SALES, World


@pytest.mark.parametrize(("how", "outcome"), [("decline", Outcome.DECLINED_BY_ALL), ("miss", Outcome.NOT_ANSWERED)])
async def test_a_direct_task_that_its_user_does_not_take_closes(world: World, how: str, outcome: Outcome) -> None:
    await world.agent("anna")
    await world.agent("ben")
    task = await world.task(user="anna")
    assert await world.invited(task) == "anna"
    if how == "decline":
        await world.decline(task)
    else:
        await world.miss(task)
    closed = await world.see(task)
    assert (closed.state, closed.outcome, closed.service, closed.user) == (TaskState.CLOSED, outcome, None, "anna")


async def test_a_direct_task_waits_until_its_user_is_free_and_nobody_else_gets_it(world: World) -> None:
    await world.agent("anna")
    running = await world.task()
    await world.talk(running)
    task = await world.task(user="anna")
    await world.agent("ben")
    await world.go(5)
    assert (await world.see(task)).state is TaskState.QUEUED
    assert await world.distributor.position(world.tenant, task) == 1
    await world.terminate(running)
    assert await world.invited(task) == "anna"
    await world.talk(task)


async def test_a_direct_task_whose_offer_was_undelivered_waits_for_its_user(world: World) -> None:
    await world.agent("anna")
    task = await world.task(user="anna")
    await world.undelivered(task)
    assert (await world.see(task)).state is TaskState.QUEUED
    await world.go(60)
    assert await world.invited(task) == "anna"


async def test_what_nobody_answers_in_the_queue_time_closes(world: World) -> None:
    task = await world.task()
    await world.go(299.999)
    assert (await world.see(task)).state is TaskState.QUEUED
    await world.go(0.001)
    closed = await world.see(task)
    assert (closed.state, closed.outcome, closed.why) == (TaskState.CLOSED, Outcome.NOT_ANSWERED, "queue_time")


async def test_when_every_member_declined_the_outcome_says_so(world: World) -> None:
    await world.rules(SALES, queue_seconds=20)
    await world.agent("anna")
    await world.agent("ben")
    task = await world.task()
    await world.decline(task)
    await world.decline(task)
    await world.go(20)
    assert (await world.see(task)).outcome is Outcome.DECLINED_BY_ALL


async def test_one_member_who_was_not_asked_makes_it_not_answered(world: World) -> None:
    await world.rules(SALES, queue_seconds=20)
    await world.agent("anna")
    await world.agent("ben", available=False)
    task = await world.task()
    await world.decline(task)
    await world.go(20)
    assert (await world.see(task)).outcome is Outcome.NOT_ANSWERED


async def test_an_offer_that_outlasts_the_queue_time_ends_first(world: World) -> None:
    await world.rules(SALES, queue_seconds=10, rona_after_misses=0)
    await world.agent("anna")
    task = await world.task()
    await world.deliver(task)
    await world.go(15)
    assert await world.invited(task) == "anna"
    await world.go(5)
    assert (await world.see(task)).outcome is Outcome.NOT_ANSWERED


async def test_a_task_that_comes_back_after_its_queue_time_is_not_offered_once_more(world: World) -> None:
    await world.rules(SALES, queue_seconds=10)
    await world.agent("anna")
    await world.agent("ben")
    task = await world.task()
    await world.deliver(task)
    await world.go(15)
    await world.decline(task)
    assert (await world.see(task)).outcome is Outcome.NOT_ANSWERED
    assert [entry["user"] for entry in await world.journal("offered")] == ["anna"]


async def test_who_declined_and_left_the_service_does_not_speak_for_those_who_stayed(world: World) -> None:
    await world.rules(SALES, queue_seconds=20)
    await world.agent("anna")
    await world.agent("ben", available=False)
    task = await world.task()
    await world.decline(task)
    await world.agent("anna", services={})
    await world.go(20)
    assert (await world.see(task)).outcome is Outcome.NOT_ANSWERED
