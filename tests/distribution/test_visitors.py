"""The visitor: connected, away, back, gone."""

import pytest

from distribution.keys import task_key
from distribution.tasks import Outcome, TaskState, Via
from distribution.verdicts import Verdict
from store.ids import new_id
from tests.distribution.world import SALES, World

S = TaskState


async def here(world: World, task: str, connection: str = "tab") -> Verdict:
    return (await world.distributor.visitor_here(world.tenant, task, connection, at=world.now)).verdict


async def away(world: World, task: str, connection: str = "tab") -> Verdict:
    return (await world.distributor.visitor_away(world.tenant, task, connection, at=world.now)).verdict


@pytest.mark.parametrize(
    ("state", "grace", "ends_in", "outcome"),
    [
        (S.ARRIVING, 60, S.CLOSED, Outcome.ABANDONED_IN_WORKFLOW),
        (S.QUEUED, 60, S.CLOSED, Outcome.ABANDONED_IN_QUEUE),
        (S.OFFERED, 60, S.CLOSED, Outcome.ABANDONED_WHILE_OFFERED),
        (S.CONNECTING, 60, S.CLOSED, Outcome.ABANDONED_WHILE_OFFERED),
        (S.ACTIVE, 300, S.ACW, Outcome.VISITOR_GONE),
    ],
)
async def test_the_grace_time_begins_when_the_last_connection_closes(
    world: World, state: TaskState, grace: int, ends_in: TaskState, outcome: Outcome
) -> None:
    await world.rules(SALES, acw_seconds=20, offer_seconds=300)
    await world.agent("anna", available=state is not S.QUEUED)
    task = await world.bring(state, "anna")
    if state is S.OFFERED:
        await world.deliver(task)
    await here(world, task, "second")
    assert await away(world, task) is Verdict.UNCHANGED
    assert (await world.see(task)).visitor_here
    assert await away(world, task, "second") is Verdict.OK
    found = await world.see(task)
    assert (found.visitor_here, found.visitor_left_at) == (False, world.now)
    await world.go(grace - 0.001)
    assert (await world.see(task)).state is state
    await world.go(0.001)
    found = await world.see(task)
    assert (found.state, found.outcome, found.ended_by, found.why) == (ends_in, outcome, "visitor", "visitor_gone")


async def test_coming_back_in_time_changes_nothing(world: World) -> None:
    await world.agent("anna")
    task = await world.task()
    await world.talk(task)
    await away(world, task)
    await world.go(299)
    assert await here(world, task, "reloaded") is Verdict.OK
    found = await world.see(task)
    assert (found.state, found.visitor_here, found.visitor_left_at) == (S.ACTIVE, True, None)
    for _ in range(30):
        await world.go(15)
        assert await here(world, task, "reloaded") is Verdict.UNCHANGED
    assert (await world.see(task)).state is S.ACTIVE


async def test_a_connection_that_is_not_renewed_counts_as_gone_after_45_s(world: World) -> None:
    """Its server died without a word, or the lid was closed."""
    task = await world.task()
    await here(world, task)
    begun = world.now
    await world.go(44.999)
    assert (await world.see(task)).visitor_here
    await world.go(0.001)
    assert (await world.see(task)).visitor_left_at == begun + 45_000
    await world.go(60)
    assert (await world.see(task)).outcome is Outcome.ABANDONED_IN_QUEUE


async def test_who_created_the_task_counts_until_he_gives_a_name(world: World) -> None:
    task = new_id()
    await world.distributor.create(world.tenant, task, service=SALES, customer="", workflow=False, at=world.now)
    await world.go(30)
    await here(world, task)
    await world.go(1)
    assert await away(world, task) is Verdict.OK
    assert (await world.see(task)).visitor_left_at == world.now


async def test_a_visitor_who_never_connects_again_is_gone(world: World) -> None:
    task = new_id()
    await world.distributor.create(world.tenant, task, service=SALES, customer="", at=world.now)
    await world.go(105)
    assert (await world.see(task)).outcome is Outcome.ABANDONED_IN_WORKFLOW


async def test_a_goodbye_needs_no_grace(world: World) -> None:
    await world.agent("anna")
    task = await world.task()
    await world.talk(task)
    answer = await world.distributor.visitor_left(world.tenant, task, at=world.now)
    assert answer.task
    assert (answer.task.state, answer.task.outcome, answer.task.ended_by) == (S.CLOSED, Outcome.HANDLED, "visitor")


async def test_many_tabs_are_counted_up_to_a_bound(world: World) -> None:
    task = await world.task()
    for number in range(40):
        await here(world, task, f"tab{number}")
    kept = await world.store.hget(task_key(world.tenant, task), "conns")
    assert kept
    assert (kept.count("="), kept.rpartition(" ")[2].partition("=")[0]) == (16, "tab39")
    await away(world, task)
    for number in range(40):
        await away(world, task, f"tab{number}")
    assert not (await world.see(task)).visitor_here


async def test_the_offer_goes_when_the_visitor_goes_and_the_agent_is_free(world: World) -> None:
    await world.agent("anna")
    task = await world.task()
    await world.distributor.visitor_left(world.tenant, task, at=world.now)
    assert await world.against("anna") == ()
    late = await world.distributor.accept(world.tenant, task, "1", "anna", Via.CARD, at=world.now)
    assert late.verdict is Verdict.GONE
    assert late.task
    assert late.task.outcome is Outcome.ABANDONED_WHILE_OFFERED
