"""An offer's life: who is asked, when its time begins, and what becomes of it."""

import asyncio

import pytest

from distribution.agents import Presence, Reason
from distribution.tasks import OfferResult, Outcome, TaskState, Via
from distribution.verdicts import Verdict
from tests.distribution.world import SALES, World


async def test_a_new_task_is_offered_in_the_step_that_queues_it(world: World) -> None:
    await world.agent("anna")
    task = await world.task(queued=False)
    answer = await world.distributor.queue(world.tenant, task, at=world.now)
    assert answer.task
    assert (answer.task.state, answer.task.invited) == (TaskState.OFFERED, ("anna",))


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


@pytest.mark.parametrize("policy", ["longest_idle", "round_robin", "least_occupied"])
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


async def test_a_withdrawn_offer_leaves_the_agent_his_place_in_the_order(world: World) -> None:
    await world.agent("anna")
    await world.agent("ben")
    task = await world.task()
    await world.distributor.visitor_left(world.tenant, task, at=world.now)
    assert (await world.see(task)).past == {"anna": OfferResult.WITHDRAWN}
    assert await world.invited(await world.task()) == "anna"


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
