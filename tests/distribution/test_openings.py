"""A room that cannot be opened: nobody is asked for a while, each attempt pauses longer, and the last one ends the task."""

import pytest

from distribution.tasks import Outcome, TaskState, Via
from distribution.user_session import OfferResult
from distribution.verdicts import Verdict
from store.keys import root
from tests.distribution.world import SALES, World


async def fail(world: World, task: str) -> None:
    """Somebody accepts, and the room is not opened."""
    await world.accept(task)
    answer = await world.distributor.opening_failed(world.tenant, task, "one_person_refused", at=world.now)
    assert answer.verdict is Verdict.OK


@pytest.fixture
async def team(world: World) -> World:
    await world.open(reoffer_seconds=0, queue_seconds=3_600)
    for user in ("anna", "ben", "cleo"):
        await world.agent(user)
    return world


async def test_while_it_pauses_nobody_is_asked_and_the_reason_is_known(team: World) -> None:
    task = await team.task()
    await fail(team, task)
    paused = await team.see(task)
    assert (paused.state, paused.why, paused.paused_until_at) == (
        TaskState.QUEUED,
        "one_person_refused",
        team.now + 5_000,
    )
    assert len(await team.journal("offered")) == 1
    await team.go(4.9)
    await team.agent("dora")  # free, and asked for nothing
    assert (await team.see(task)).invited == ()
    await team.go(0.1)
    asked = await team.see(task)
    assert (asked.invited, asked.paused_until_at) == (("ben",), None)


async def test_the_pause_doubles_and_after_the_last_attempt_the_task_ends_with_the_reason(team: World) -> None:
    task = await team.task()
    for seconds in (5, 10, 20, 40):
        await fail(team, task)
        assert (await team.see(task)).paused_until_at == team.now + seconds * 1000
        await team.go(seconds)
    await fail(team, task)
    ended = await team.see(task)
    assert (ended.state, ended.outcome, ended.why, ended.ended_by) == (
        TaskState.CLOSED,
        Outcome.ERROR,
        "one_person_refused",
        "system",
    )
    assert len(await team.journal("offered")) == 5
    for user in ("anna", "ben", "cleo"):
        assert (await team.look(user)).tasks == ()


async def test_a_pause_is_five_minutes_at_most(world: World) -> None:
    await world.open(reoffer_seconds=0, queue_seconds=3_600, opening_pause_seconds=200, opening_attempts=10)
    await world.agent("anna")
    task = await world.task()
    await fail(world, task)
    await world.go(200)
    await fail(world, task)
    assert (await world.see(task)).paused_until_at == world.now + 300_000


async def test_other_tasks_of_the_service_do_not_wait_for_it(team: World) -> None:
    task = await team.task()
    await fail(team, task)
    other = await team.task()
    assert (await team.see(other)).state is TaskState.OFFERED


async def test_somebody_who_picks_it_or_a_supervisor_need_not_wait(world: World) -> None:
    await world.open(agents_may_pick=True)
    await world.agent("anna")
    task = await world.task()
    await fail(world, task)
    answer = await world.distributor.pick(world.tenant, task, "anna", Via.PORTAL, at=world.now)
    assert answer.ok
    assert (await world.see(task)).paused_until_at is None


async def test_a_room_that_opens_ends_the_count(team: World) -> None:
    task = await team.task()
    await fail(team, task)
    await team.go(5)
    await team.accept(task)
    await team.distributor.opened(team.tenant, task, at=team.now)
    fields = await team.store.hgetall(f"{root(team.tenant)}task:{team.tenant}:{task}")
    assert "opening_fails" not in fields


async def test_a_chat_that_is_handed_on_pauses_and_ends_for_nobody(world: World) -> None:
    """Its holder keeps the talk, and it returns in time."""
    await world.open(opening_attempts=1)
    await world.agent("anna")
    task = await world.task()
    await world.talk(task)
    await world.agent("ben")
    await world.distributor.transfer(world.tenant, task, "anna", to_service=SALES, via=Via.PORTAL, at=world.now)
    await fail(world, task)
    found = await world.see(task)
    assert (found.state, found.agent, found.paused_until_at) == (TaskState.ACTIVE, "anna", None)
    assert found.past["ben"] is OfferResult.FAILED
