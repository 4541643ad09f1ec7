"""What becomes of a task that its service cannot seat: limits, queue time, opening hours."""

import pytest

from distribution.service_rules import BadRules, ServiceRules
from distribution.tasks import Outcome, TaskState
from tests.distribution.world import SALES, START, SUPPORT, World

HOUR = 3_600_000


async def test_a_full_queue_takes_nobody_else(world: World) -> None:
    await world.rules(SALES, queue_limit=2)
    one, two, three = [await world.task() for _ in range(3)]
    assert [(await world.see(task)).state for task in (one, two)] == [TaskState.QUEUED] * 2
    assert (await world.see(three)).outcome is Outcome.QUEUE_LIMIT


async def test_who_can_be_seated_at_once_does_not_queue(world: World) -> None:
    await world.rules(SALES, queue_limit=1)
    await world.agent("anna")
    one, two, three = [await world.task() for _ in range(3)]
    assert [(await world.see(task)).state for task in (one, two, three)] == [
        TaskState.OFFERED, TaskState.QUEUED, TaskState.CLOSED,
    ]  # fmt: skip
    await world.decline(one)  # whoever comes back has his place
    assert (await world.see(one)).state is TaskState.QUEUED


@pytest.mark.parametrize("why", ["queue_limit", "queue_time"])
async def test_a_task_overflows_to_another_service_with_its_waiting_time(world: World, why: str) -> None:
    await world.rules(SUPPORT)
    await world.rules(SALES, overflow=SUPPORT, queue_limit=1 if why == "queue_limit" else 0, queue_seconds=30)
    await world.agent("ben", services={SUPPORT: True})
    await world.task()
    task = await world.task()
    since = (await world.see(task)).since_at
    if why == "queue_time":
        await world.go(30)
        task = (await world.journal("overflowed"))[0]["task"]
        since = (await world.see(task)).since_at
    found = await world.see(task)
    assert (found.service, found.hops, found.invited, found.since_at) == (SUPPORT, (SALES,), ("ben",), since)
    (moved, *_) = await world.journal("overflowed")
    assert (moved["task"], moved["from"], moved["to"], moved["why"]) == (task, SALES, SUPPORT, why)


async def test_after_three_hops_and_where_it_has_been_it_goes_no_further(world: World) -> None:
    chain = ["sales", "a", "b", "c", "d"]
    for here, there in zip(chain, [*chain[1:], "sales"], strict=True):
        await world.rules(here, overflow=there, queue_seconds=5)
    task = await world.task()
    await world.go(20)
    found = await world.see(task)
    assert (found.state, found.service, found.hops, found.outcome) == (
        TaskState.CLOSED, "c", ("sales", "a", "b"), Outcome.NOT_ANSWERED,
    )  # fmt: skip

    await world.rules("a", overflow="sales", queue_seconds=5)
    back = await world.task()
    await world.go(10)
    assert (await world.see(back)).hops == ("sales",)
    assert (await world.see(back)).state is TaskState.CLOSED


async def test_to_wait_on_is_to_wait_on(world: World) -> None:
    await world.rules(SALES, overflow="wait", queue_seconds=5)
    task = await world.task()
    await world.go(3600)
    assert (await world.see(task)).state is TaskState.QUEUED
    await world.agent("anna")
    assert await world.invited(task) == "anna"


async def test_a_service_that_cannot_take_it_is_passed_over(world: World) -> None:
    await world.rules(SUPPORT, im_enabled=False)
    await world.rules(SALES, overflow=SUPPORT, queue_seconds=5)
    task = await world.task()
    await world.go(5)
    assert (await world.see(task)).outcome is Outcome.NOT_ANSWERED


async def test_outside_the_hours_a_chat_ends_at_once(world: World) -> None:
    await world.rules(SALES, hours=((START + HOUR, START + 2 * HOUR),))
    early = await world.task()
    assert (await world.see(early)).outcome is Outcome.OUTSIDE_HOURS
    await world.go(3600)
    await world.agent("anna")
    in_time = await world.task()
    assert await world.invited(in_time) == "anna"
    await world.go(3600)
    late = await world.task()
    assert (await world.see(late)).outcome is Outcome.OUTSIDE_HOURS


@pytest.mark.parametrize(
    ("end", "overflow", "state", "service"),
    [
        ("stay", SUPPORT, TaskState.QUEUED, SALES),
        ("overflow", SUPPORT, TaskState.QUEUED, SUPPORT),
        ("overflow", "form", TaskState.CLOSED, SALES),
        ("overflow", "wait", TaskState.QUEUED, SALES),
    ],
)
async def test_when_the_hours_end_what_waits_stays_or_overflows(
    world: World, end: str, overflow: str, state: TaskState, service: str
) -> None:
    await world.rules(SUPPORT, queue_seconds=3600)
    await world.rules(SALES, hours=((START, START + 60_000),), hours_end=end, overflow=overflow, queue_seconds=3600)
    task = await world.task()
    await world.go(59)
    assert (await world.see(task)).service == SALES
    await world.go(2)
    found = await world.see(task)
    assert (found.state, found.service) == (state, service)
    if state is TaskState.CLOSED:
        assert found.outcome is Outcome.OUTSIDE_HOURS


async def test_hours_that_change_count_from_then_on_for_what_waits(world: World) -> None:
    """It came when there were no hours; that it would have come too early under those of now is nobody's concern."""
    task = await world.task()
    await world.go(40)
    await world.rules(SALES, hours=((START + 30_000, START + 90_000),), hours_end="overflow")
    await world.go(1)
    assert (await world.see(task)).state is TaskState.QUEUED
    await world.go(50)
    assert (await world.see(task)).outcome is Outcome.OUTSIDE_HOURS


async def test_outside_its_hours_a_service_may_send_visitors_on_to_the_night_shift(world: World) -> None:
    await world.rules(SUPPORT)
    await world.rules(SALES, hours=(), hours_end="overflow", overflow=SUPPORT)
    task = await world.task()
    found = await world.see(task)
    assert (found.state, found.service, found.hops) == (TaskState.QUEUED, SUPPORT, (SALES,))


@pytest.mark.parametrize(
    ("field", "rules"),
    [
        ("overflow", {"overflow": SALES}),
        ("overflow", {"overflow": "an other"}),
        ("overflow", {"overflow": ""}),
        ("hours", {"hours": ((2, 1),)}),
        ("hours", {"hours": ((1, 5), (4, 6))}),
        ("hours_end", {"hours_end": "close"}),
        ("queue_limit", {"queue_limit": -1}),
        ("concurrent", {"concurrent": 0}),
        ("priority", {"priority": "urgent"}),
        ("kind", {"kind": "ring all"}),
        ("idle_warn_seconds", {"idle_warn_seconds": 900, "idle_seconds": 900}),
    ],
)
async def test_settings_that_make_no_sense_are_refused_and_nothing_changes(
    world: World, field: str, rules: dict[str, object]
) -> None:
    await world.agent("anna")
    with pytest.raises(BadRules) as problem:
        await world.distributor.set_service(world.tenant, SALES, ServiceRules(name="Sales", **rules))  # type: ignore[arg-type]  # wrong on purpose
    assert problem.value.field == field
    assert await world.invited(await world.task()) == "anna"
