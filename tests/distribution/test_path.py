"""A fault of the path to Teams is charged to nobody: agents keep their places, tasks theirs, and it goes on when it is over."""

from distribution.agents import Presence, Reason
from distribution.path_verbs import PathState
from distribution.tasks import Outcome, TaskState, Via
from distribution.user_session import OfferResult
from distribution.verdicts import Verdict
from distribution.verify import verify
from store.keys import root
from tests.distribution.world import SALES, START, World


async def down(world: World, why: str = "unavailable") -> Verdict:
    return await world.distributor.path_down(world.tenant, why, at=world.now)


async def up(world: World) -> Verdict:
    return await world.distributor.path_up(world.tenant, at=world.now)


async def unsent(world: World, task: str) -> Verdict:
    found = await world.see(task)
    assert found.offer
    answer = await world.distributor.unsent(world.tenant, task, found.offer, found.invited[0], at=world.now)
    return answer.verdict


async def fine(world: World) -> None:
    report = await verify(world.store, world.tenant, tolerance=0, now=world.now)
    assert report.violations == []


async def test_what_cannot_be_sent_goes_back_without_blame_and_waits_in_its_place(world: World) -> None:
    for name in ("anna", "ben"):
        await world.agent(name)
    first, second = await world.task(), await world.task()
    before = await world.see(first)
    assert await down(world) is Verdict.OK
    assert await unsent(world, first) is Verdict.OK
    assert await unsent(world, second) is Verdict.OK
    back = await world.see(first)
    assert (back.state, back.past, back.since_at) == (
        TaskState.QUEUED,
        {"anna": OfferResult.WITHDRAWN},
        before.since_at,
    )
    assert await world.against("anna") == (Reason.TEAMS_UNREACHABLE,)
    third = await world.task()
    assert (await world.see(third)).state is TaskState.QUEUED
    assert await world.journal("unreachable", "undelivered") == []
    await world.go(20)
    assert await up(world) is Verdict.OK
    assert [await world.invited(first), await world.invited(second)] == ["anna", "ben"]
    assert (await world.see(third)).state is TaskState.QUEUED
    await fine(world)


async def test_who_has_an_open_page_is_asked_while_cards_reach_nobody(world: World) -> None:
    await world.agent("anna")
    await world.agent("ben")
    await down(world)
    task = await world.task()
    assert (await world.see(task)).state is TaskState.QUEUED
    await world.distributor.surface_beat(world.tenant, "ben", "page", at=world.now)
    assert await world.invited(task) == "ben"
    # The page shows it: that no card arrives says nothing.
    assert await unsent(world, task) is Verdict.UNCHANGED
    await world.distributor.confirm_delivery(world.tenant, task, "1", "ben", Via.PORTAL, at=world.now)
    assert (await world.accept(task)).ok
    await fine(world)


async def test_a_queue_time_is_neither_shortened_nor_stretched_by_it(world: World) -> None:
    await world.rules(SALES, queue_seconds=60)
    await world.agent("anna")
    task = await world.task()
    await down(world)
    await unsent(world, task)
    for _ in range(5):
        await world.go(10)
        await down(world)
    await world.go(9.999)
    assert (await world.see(task)).state is TaskState.QUEUED
    await world.go(0.001)
    assert (await world.see(task)).outcome is Outcome.NOT_ANSWERED
    await fine(world)


async def test_an_offer_that_nobody_could_deliver_charges_nobody_until_a_card_has_arrived_elsewhere(
    world: World,
) -> None:
    await world.agent("anna")
    task = await world.task()
    await world.go(10)  # no word about it: perhaps no worker was free
    assert await world.invited(task) == "anna"
    assert (await world.see(task)).offer == "2"
    assert "unreachable" not in await world.against("anna")
    assert f"path:{world.tenant}" in await world.store.zrange(f"{root(world.tenant)}due", 0, -1)
    await up(world)  # the probe arrived: now it is the agent's own trouble
    await world.go(10)
    assert (await world.see(task)).past == {"anna": OfferResult.UNDELIVERED}
    assert Reason.UNREACHABLE in await world.against("anna")
    await fine(world)


async def test_a_card_that_arrives_proves_the_path(world: World) -> None:
    await world.agent("anna")
    await world.agent("ben")
    slow, quick = await world.task(), await world.task()
    await world.go(1)
    await world.deliver(quick)
    await world.go(9)
    assert (await world.see(slow)).past["anna"] is OfferResult.UNDELIVERED


async def test_it_is_over_by_itself_when_nobody_looks_any_more(world: World) -> None:
    await world.agent("anna")
    await down(world)
    task = await world.task()
    await world.go(20)
    assert await down(world) is Verdict.UNCHANGED  # one more probe failed
    await world.go(29.999)
    assert (await world.see(task)).state is TaskState.QUEUED
    await world.presence("anna", Presence.AVAILABLE)
    await world.go(0.001)
    assert await world.invited(task) == "anna"
    assert [event["how"] for event in await world.journal("path_up")] == ["time"]
    assert await world.distributor.path_is_down(world.tenant) is None
    await fine(world)


async def test_a_chat_straight_to_a_user_waits_too(world: World) -> None:
    await world.agent("anna")
    await down(world)
    task = await world.task(user="anna")
    assert (await world.see(task)).state is TaskState.QUEUED
    await up(world)
    assert await world.invited(task) == "anna"


async def test_who_becomes_free_meanwhile_is_asked_afterwards(world: World) -> None:
    await world.agent("anna")
    talk = await world.task()
    await world.talk(talk)
    await down(world)
    task = await world.task()
    await world.terminate(talk)
    assert (await world.see(task)).state is TaskState.QUEUED
    await up(world)
    assert await world.invited(task) == "anna"
    await fine(world)


async def test_what_could_not_be_sent_is_due_when_the_path_is_there_again(world: World) -> None:
    distributor, tenant, due = world.distributor, world.tenant, f"{root(world.tenant)}due"

    async def trouble(subject: str, *, sure: bool = False) -> PathState:
        return await distributor.path_trouble(tenant, subject, "unavailable", sure=sure, at=world.now)

    relay, card = f"relay:{tenant}:t1", f"card:{tenant}:t1:anna"
    assert await trouble(relay) is PathState.ASKED
    assert f"path:{tenant}" in await world.store.zrange(due, 0, -1)
    await down(world)
    assert await trouble(relay) is PathState.DOWN
    assert await trouble(card) is PathState.DOWN
    assert not {relay, card} & set(await world.store.zrange(due, 0, -1))
    await up(world)
    assert {relay, card} <= set(await world.store.zrange(due, 0, -1))
    assert await trouble(relay) is PathState.UP
    # Without a token nobody is reached, whatever arrived a moment ago.
    assert await trouble(relay, sure=True) is PathState.DOWN
    found = await distributor.path_is_down(tenant)
    assert found is not None
    assert (found.why, found.since) == ("unavailable", START)


async def test_a_day_that_begins_while_the_path_is_down_is_proven_all_the_same(world: World) -> None:
    await world.agent("anna")
    await world.distributor.path_down(world.tenant, "unavailable", more_seconds=100_000, at=world.now)
    await world.go(86_400)
    await world.presence("anna", Presence.AVAILABLE)
    task = await world.task()
    await up(world)
    assert await world.invited(task) == "anna"
    assert len(await world.journal("snapshot_begin")) == 2
    await fine(world)
