"""A talk in which nobody says a word, and tasks that everybody forgot."""

import pytest

from distribution.keys import task_key
from distribution.tasks import Outcome, TaskState, Via
from distribution.verdicts import Verdict
from tests.distribution.test_effects import due
from tests.distribution.world import SALES, World

S = TaskState
WARN, END = 600, 900


async def say(world: World, task: str, by: str) -> Verdict:
    return await world.distributor.spoke(world.tenant, task, by, at=world.now)


async def talking(world: World, **rules: int) -> str:
    await world.rules(SALES, acw_seconds=20, **rules)
    await world.agent("anna")
    task = await world.task()
    await world.talk(task)
    return task


async def test_both_sides_are_warned_once_and_then_it_ends(world: World) -> None:
    task = await talking(world)
    await due(world, task)
    await world.go(WARN - 0.001)
    assert (await world.see(task)).idle_warned_at is None
    await world.go(0.001)
    assert (await world.see(task)).idle_warned_at == world.now
    assert await due(world, task) == {"card:anna", "relay"}
    await world.go(END - WARN - 0.001)
    assert (await world.see(task)).state is S.ACTIVE
    assert len(await world.journal("idle_warned")) == 1
    await world.go(0.001)
    found = await world.see(task)
    assert (found.state, found.outcome, found.ended_by, found.why) == (S.ACW, Outcome.IDLE, "system", "idle")


@pytest.mark.parametrize("by", ["agent", "visitor"])
async def test_a_word_of_either_side_begins_the_silence_anew(world: World, by: str) -> None:
    task = await talking(world)
    await world.go(WARN + 10)
    before = await world.see(task)
    assert await say(world, task, by) is Verdict.OK
    after = await world.see(task)
    assert (after.idle_warned_at, after.last_word_at) == (None, world.now)
    assert after.revision > before.revision, "the warning is gone from every screen"
    await world.go(WARN - 0.001)
    assert (await world.see(task)).idle_warned_at is None
    await world.go(0.001)
    assert (await world.see(task)).idle_warned_at == world.now
    await world.go(END - WARN)
    assert (await world.see(task)).outcome is Outcome.IDLE


async def test_a_word_changes_nothing_that_anybody_sees(world: World) -> None:
    task = await talking(world)
    await due(world, task)
    before = await world.see(task)
    await world.go(1)
    assert await say(world, task, "visitor") is Verdict.OK
    assert (await world.see(task)).revision == before.revision
    assert await due(world, task) == set()


async def test_without_a_connection_of_the_visitor_he_is_gone(world: World) -> None:
    task = await talking(world, visitor_grace_active_seconds=3_600)
    await world.distributor.visitor_away(world.tenant, task, "tab", at=world.now)
    await world.go(END)
    found = await world.see(task)
    assert (found.outcome, found.why) == (Outcome.VISITOR_GONE, "idle")


async def test_a_service_can_do_without_the_warning_or_without_the_end(world: World) -> None:
    task = await talking(world, idle_warn_seconds=0, idle_seconds=60)
    await world.go(60)
    assert (await world.see(task)).outcome is Outcome.IDLE
    assert await world.journal("idle_warned") == []
    await world.rules(SALES, idle_seconds=0)
    await world.distributor.finish_acw(world.tenant, task, "anna", Via.CARD, at=world.now)
    other = await world.task()
    await world.talk(other)
    await world.go(400)
    await world.go(80_000)
    assert (await world.see(other)).state is S.ACTIVE


async def test_after_a_standstill_both_sides_still_have_the_time_between_warning_and_end(world: World) -> None:
    """Nothing ran for an hour: the first thing that happens is the warning."""
    task = await talking(world)
    begun = world.now
    deadline = f"task:{world.tenant}:{task}"
    key = task_key(world.tenant, task).replace(f"task:{world.tenant}:{task}", f"deadlines:{world.tenant}")
    await world.store.zadd(key, {deadline: begun + 3_600_000})
    await world.go(3_600)
    world.late_ms = 3_600_000
    assert (await world.see(task)).idle_warned_at == world.now
    await world.go(END - WARN - 1)
    assert (await world.see(task)).state is S.ACTIVE
    await world.go(1)
    assert (await world.see(task)).outcome is Outcome.IDLE


@pytest.mark.parametrize("state", [S.ARRIVING, S.QUEUED, S.OFFERED, S.CONNECTING, S.ACTIVE])
async def test_the_sweep_ends_what_has_been_quiet_for_long(world: World, state: TaskState) -> None:
    """Rocket.Chat#18029, chatwoot#14508: chats that nobody ended, and that would stay for ever."""
    limits = {"offer_seconds": 300, "queue_seconds": 3_600, "deliver_seconds": 60, "idle_seconds": 0}
    await world.rules(SALES, acw_seconds=20, stale_seconds=250, **limits)
    await world.agent("anna", available=state is not S.QUEUED)
    task = await world.bring(state, "anna")
    if state is S.OFFERED:
        await world.deliver(task)
    await world.go(249.999)
    assert (await world.see(task)).state is state
    await world.go(0.001)
    found = await world.see(task)
    assert (found.state, found.outcome, found.ended_by) == (
        S.ACW if state is S.ACTIVE else S.CLOSED, Outcome.STALE, "system",
    )  # fmt: skip


async def test_the_daily_sweep_takes_what_is_quiet_at_its_instant(world: World) -> None:
    sweeps = (world.now + 7_200_000, world.now + 90_000_000)
    await world.rules(SALES, idle_seconds=0, sweep_quiet_seconds=3_600, sweeps=sweeps)
    await world.agent("anna", capacity=2)
    quiet, loud = await world.task(), await world.task()
    await world.talk(quiet)
    await world.talk(loud)
    await world.go((sweeps[0] - world.now) / 1000 - 3_000)
    await say(world, loud, "agent")
    await world.go(2_999.999)
    assert (await world.see(quiet)).state is S.ACTIVE
    await world.go(0.001)
    assert (await world.see(quiet)).outcome is Outcome.STALE
    assert (await world.see(loud)).state is S.ACTIVE
    await world.stay(loud)
    await world.go((sweeps[1] - world.now) / 1000)
    assert (await world.see(loud)).outcome is Outcome.STALE


async def test_a_word_counts_only_in_a_talk(world: World) -> None:
    await world.agent("anna")
    task = await world.task()
    assert await say(world, task, "visitor") is Verdict.UNCHANGED
    assert await say(world, "nosuchtask", "visitor") is Verdict.NO_SUCH_TASK
    assert await say(world, task, "system") is Verdict.BAD_ARGUMENT
    assert (await world.see(task)).last_word_at is None
