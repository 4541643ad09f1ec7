"""An offer's life: who is asked, when its time begins, and what becomes of it."""

import asyncio

import pytest

from distribution.agents import Presence, Reason
from distribution.tasks import TaskState, Via
from distribution.user_session import OfferResult
from distribution.verdicts import Verdict
from tests.distribution.world import SALES, World


async def test_a_new_task_is_offered_in_the_step_that_queues_it(world: World) -> None:
    await world.agent("anna")
    task = await world.task(queued=False)
    answer = await world.distributor.queue(world.tenant, task, at=world.now)
    assert answer.task
    assert (answer.task.state, answer.task.invited) == (TaskState.OFFERED, ("anna",))


async def test_the_offer_time_begins_when_the_offer_has_arrived_and_only_once(world: World) -> None:
    await world.agent("anna")
    task = await world.task()
    assert (await world.see(task)).deadline_at is None
    await world.go(5)
    arrived = world.now
    await world.deliver(task)
    await world.go(3)
    again = await world.distributor.confirm_delivery(world.tenant, task, "1", "anna", Via.PORTAL, at=world.now)
    assert again.verdict is Verdict.UNCHANGED
    assert (await world.see(task)).deadline_at == arrived + 20_000


async def test_nobody_misses_an_offer_that_has_not_arrived(world: World) -> None:
    """Ten seconds are given for delivery; then it goes back, without RONA, and he is unreachable."""
    await world.agent("anna")
    task = await world.task()
    await world.distributor.path_up(world.tenant, at=world.now)  # cards arrive elsewhere
    await world.go(9.999)
    assert await world.invited(task) == "anna"
    await world.go(0.001)
    back = await world.see(task)
    assert (back.state, back.past, back.why) == (TaskState.QUEUED, {"anna": OfferResult.UNDELIVERED}, "undelivered")
    agent = await world.look("anna")
    assert (agent.rona, agent.reasons[SALES]) == (False, (Reason.UNREACHABLE,))


async def test_an_offer_that_arrived_in_time_is_not_undelivered_later(world: World) -> None:
    await world.agent("anna")
    task = await world.task()
    await world.go(9)
    await world.deliver(task)
    await world.go(19.999)
    assert await world.invited(task) == "anna"
    await world.go(0.001)
    assert (await world.see(task)).past == {"anna": OfferResult.RONA}


async def test_a_failed_delivery_goes_back_at_once(world: World) -> None:
    await world.agent("anna")
    await world.agent("ben")
    task = await world.task()
    assert (await world.undelivered(task)).ok
    assert await world.invited(task) == "ben"
    assert await world.against("anna") == (Reason.UNREACHABLE,)


async def test_a_failed_card_takes_nothing_away_while_a_page_is_open(world: World) -> None:
    await world.agent("anna")
    await world.distributor.surface_beat(world.tenant, "anna", "page-1", at=world.now)
    task = await world.task()
    answer = await world.undelivered(task)
    assert (answer.verdict, answer.why) == (Verdict.UNCHANGED, "open_surface")
    await world.deliver(task)
    answer = await world.undelivered(task, "anna")
    assert (answer.verdict, answer.why) == (Verdict.UNCHANGED, "delivered")
    assert await world.invited(task) == "anna"


@pytest.mark.parametrize("sign", ["card", "beat", "registered", "reached", "accepted", "duty"])
async def test_an_unreachable_agent_is_asked_again_when_something_reaches_him(world: World, sign: str) -> None:
    d, t = world.distributor, world.tenant
    await world.agent("anna", capacity=2)
    earlier = await world.task()
    if sign == "accepted":
        await world.talk(earlier)
        late = await world.task()
        await world.undelivered(late)
    else:
        await world.undelivered(earlier)
    assert Reason.UNREACHABLE in await world.against("anna")
    if sign == "card":
        late_card = await d.confirm_delivery(t, earlier, "1", "anna", Via.CARD, at=world.now)
        assert late_card.verdict is Verdict.GONE
    elif sign == "beat":
        await d.surface_beat(t, "anna", "page", at=world.now)
    elif sign == "registered":
        await d.set_registered(t, "anna", registered=True, at=world.now)
    elif sign == "duty":
        await d.set_duty(t, "anna", on=False, actor="anna", at=world.now)
        await d.set_duty(t, "anna", on=True, actor="anna", at=world.now)
    else:
        await d.reached(t, "anna", at=world.now)
    assert Reason.UNREACHABLE not in await world.against("anna")


async def test_an_unreachable_agent_is_tried_again_after_a_while_and_less_and_less(world: World) -> None:
    """When Teams was only slow nobody says that he is back; when his Teams is dead he must not cost every task ten seconds."""
    await world.rules(SALES, queue_seconds=3600)
    await world.agent("anna")
    task = await world.task()
    for pause in (60, 120, 240):
        await world.undelivered(task)
        await world.presence("anna", Presence.AVAILABLE)
        await world.go(pause - 0.001)
        assert await world.against("anna") == (Reason.UNREACHABLE,)
        await world.go(0.001)
        assert await world.invited(task) == "anna"


async def test_a_declined_task_goes_to_another_agent_with_its_waiting_time(world: World) -> None:
    await world.agent("anna")
    await world.agent("ben")
    task = await world.task()
    since = (await world.see(task)).since_at
    await world.go(7)
    assert (await world.decline(task)).verdict is Verdict.OK
    found = await world.see(task)
    assert (found.invited, found.since_at, found.offer) == (("ben",), since, "2")
    assert found.past == {"anna": OfferResult.DECLINED}


async def test_a_missed_offer_goes_on_to_the_next_agent(world: World) -> None:
    await world.agent("anna")
    await world.agent("ben")
    task = await world.task()
    assert await world.miss(task) == "anna"
    assert await world.invited(task) == "ben"
    assert (await world.see(task)).past == {"anna": OfferResult.RONA}


async def test_only_one_of_five_clicks_on_accept_wins(world: World) -> None:
    await world.agent("anna")
    task = await world.task()
    answers = await asyncio.gather(*(world.accept(task, "anna") for _ in range(5)))
    assert sorted(answer.verdict for answer in answers) == [Verdict.OK] + [Verdict.UNCHANGED] * 4
    assert len(await world.journal("accepted")) == 1


async def test_late_clicks_are_told_what_happened_meanwhile(world: World) -> None:
    await world.agent("anna")
    await world.agent("ben")
    task = await world.task()
    await world.miss(task)
    accept = await world.distributor.accept(world.tenant, task, "1", "anna", Via.CARD, at=world.now)
    decline = await world.distributor.decline(world.tenant, task, "1", "anna", Via.CARD, at=world.now)
    assert accept.verdict is decline.verdict is Verdict.GONE
    assert accept.task == decline.task == await world.see(task)


async def test_somebody_elses_offer_cannot_be_answered(world: World) -> None:
    d, t = world.distributor, world.tenant
    await world.agent("anna")
    await world.agent("ben")
    task = await world.task()
    before = await world.see(task)
    for answer in (
        await d.accept(t, task, "1", "ben", Via.PORTAL, at=world.now),
        await d.decline(t, task, "1", "ben", Via.PORTAL, at=world.now),
        await d.confirm_delivery(t, task, "1", "ben", Via.PORTAL, at=world.now),
        await d.undelivered(t, task, "1", "ben", "why", at=world.now),
    ):
        assert answer.verdict is Verdict.NOT_YOURS
    assert await world.see(task) == before


async def test_an_accept_for_an_older_offer_of_the_same_task_does_not_count(world: World) -> None:
    await world.agent("anna")
    task = await world.task()
    await world.decline(task)
    await world.go(30)
    assert (await world.see(task)).offer == "2"
    late = await world.distributor.accept(world.tenant, task, "1", "anna", Via.CARD, at=world.now)
    assert late.verdict is Verdict.GONE
    assert (await world.accept(task)).verdict is Verdict.OK


async def test_a_room_that_cannot_be_opened_frees_the_agent_and_the_task_waits_again(world: World) -> None:
    await world.agent("anna")
    await world.agent("ben")
    task = await world.task()
    since = (await world.see(task)).since_at
    await world.go(5)
    await world.accept(task)
    answer = await world.distributor.opening_failed(world.tenant, task, "forbidden", at=world.now)
    assert answer.verdict is Verdict.OK
    assert ((await world.look("anna")).tasks, (await world.see(task)).paused_until_at) == ((), world.now + 5_000)
    await world.go(5)
    found = await world.see(task)
    assert (found.invited, found.agent, found.since_at) == (("ben",), None, since)
    assert found.past == {"anna": OfferResult.FAILED}
    assert await world.against("anna") == ()


@pytest.mark.parametrize("how", ["off_duty", "offline", "inactive", "removed", "not_licensed"])
async def test_an_agent_who_is_lost_loses_his_offer_to_another(world: World, how: str) -> None:
    d, t = world.distributor, world.tenant
    await world.agent("anna")
    await world.agent("ben")
    task = await world.task()
    assert await world.invited(task) == "anna"
    if how == "off_duty":
        await d.set_duty(t, "anna", on=False, actor="boss", at=world.now)
    elif how == "offline":
        await world.presence("anna", Presence.OFFLINE)
    elif how == "inactive":
        await d.set_active(t, "anna", SALES, on=False, at=world.now)
    elif how == "removed":
        await d.remove_agent(t, "anna", at=world.now)
    else:
        await world.agent("anna", services={})
    assert await world.invited(task) == "ben"
    assert (await world.see(task)).past["anna"] is OfferResult.WITHDRAWN
