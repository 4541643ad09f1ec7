"""Who may be offered a task: every reason is set and cleared where it belongs, and whoever becomes free is asked at once."""

import pytest

from distribution.agents import AgentRules, Presence, Reason
from distribution.service_rules import BadRules, ServiceRules
from distribution.tasks import TaskState
from distribution.user_session import OfferResult
from distribution.verdicts import Verdict
from distribution.vocabulary import OfferPolicy
from tests.distribution.world import SALES, SUPPORT, World

R = Reason


async def test_an_agent_without_a_reason_is_selectable(world: World) -> None:
    await world.rules(SUPPORT)
    await world.agent("anna", services={SALES: True, SUPPORT: True})
    agent = await world.look("anna")
    assert agent.reasons == {"": (), SALES: (), SUPPORT: ()}
    assert agent.selectable_for == ("", SALES, SUPPORT)


async def test_every_reason_is_named_for_the_service_it_stands_for(world: World) -> None:
    d, t = world.distributor, world.tenant
    await world.rules(SUPPORT, allow_away=True)
    await world.agent("anna", services={SALES: True, SUPPORT: True}, direct=False)
    assert (await world.look("anna")).reasons == {"": (R.NOT_LICENSED,), SALES: (), SUPPORT: ()}
    await d.set_active(t, "anna", SALES, on=False, at=world.now)
    await world.presence("anna", Presence.AWAY)
    assert (await world.look("anna")).reasons == {
        "": (R.NOT_LICENSED, R.AWAY),
        SALES: (R.INACTIVE, R.AWAY),
        SUPPORT: (),
    }
    await d.set_duty(t, "anna", on=False, actor="anna", at=world.now)
    await d.set_registered(t, "anna", registered=False, at=world.now)
    assert await world.against("anna") == (R.INACTIVE, R.OFF_DUTY, R.AWAY, R.UNREACHABLE)


async def test_without_the_licence_nothing_is_offered(world: World) -> None:
    await world.agent("anna")
    rules = AgentRules(licensed=False, direct_licensed=True, services={SALES: True})
    await world.distributor.set_agent(world.tenant, "anna", rules, at=world.now)
    assert await world.against("anna") == (R.NOT_LICENSED,)
    assert await world.against("anna", "") == (R.NOT_LICENSED,)
    task = await world.task()
    assert (await world.see(task)).state is TaskState.QUEUED
    await world.agent("anna")
    assert await world.invited(task) == "anna"


async def test_an_agent_of_another_service_is_not_asked(world: World) -> None:
    await world.rules(SUPPORT)
    await world.agent("anna", services={SUPPORT: True})
    task = await world.task()
    assert (await world.see(task)).state is TaskState.QUEUED
    await world.agent("anna", services={SALES: True})
    assert await world.invited(task) == "anna"


@pytest.mark.parametrize(
    ("presence", "reason", "allowed_by"),
    [
        (Presence.AVAILABLE, None, None),
        (Presence.BUSY, R.BUSY, "allow_busy"),
        (Presence.DO_NOT_DISTURB, R.BUSY, "allow_busy"),
        (Presence.FOCUSING, R.BUSY, "allow_busy"),
        (Presence.IN_A_CALL, R.BUSY, "allow_busy"),
        (Presence.IN_A_MEETING, R.BUSY, "allow_busy"),
        (Presence.PRESENTING, R.BUSY, "allow_busy"),
        (Presence.AWAY, R.AWAY, "allow_away"),
        (Presence.BE_RIGHT_BACK, R.AWAY, "allow_away"),
        (Presence.OFFLINE, R.OFFLINE, None),
    ],
)
async def test_presence_and_what_a_service_allows(
    world: World, presence: Presence, reason: Reason | None, allowed_by: str | None
) -> None:
    await world.agent("anna")
    await world.presence("anna", presence)
    assert await world.against("anna") == ((reason,) if reason else ())
    task = await world.task()
    assert ((await world.see(task)).state is TaskState.OFFERED) is (reason is None)
    if allowed_by:
        await world.rules(SALES, **{allowed_by: True})
        assert await world.against("anna") == (R.RINGING,)
        assert await world.invited(task) == "anna"


async def test_an_unknown_presence_keeps_the_last_one_for_five_minutes(world: World) -> None:
    await world.agent("anna")
    await world.presence("anna", Presence.UNKNOWN)
    await world.go(299.999)
    assert await world.against("anna") == ()
    await world.go(0.001)
    assert await world.against("anna") == (R.OFFLINE,)
    await world.presence("anna", Presence.AVAILABLE)
    assert await world.against("anna") == ()


async def test_a_presence_that_nobody_renews_is_doubtful_after_three_minutes_and_kept_for_five_more(
    world: World,
) -> None:
    await world.agent("anna")
    await world.go(479.999)
    assert await world.against("anna") == ()
    await world.go(0.001)
    assert await world.against("anna") == (R.OFFLINE,)


async def test_an_open_surface_vouches_for_an_unknown_presence(world: World) -> None:
    d, t = world.distributor, world.tenant
    await world.agent("anna", available=False)
    assert await world.against("anna") == (R.OFFLINE,)
    await d.surface_beat(t, "anna", "page", at=world.now)
    assert await world.against("anna") == ()
    await world.presence("anna", Presence.OFFLINE)
    assert await world.against("anna") == (R.OFFLINE,)


async def test_a_page_counts_for_thirty_seconds(world: World) -> None:
    d, t = world.distributor, world.tenant
    await world.agent("anna")
    await d.set_registered(t, "anna", registered=False, at=world.now)
    assert await world.against("anna") == (R.UNREACHABLE,)
    task = await world.task()
    assert await d.surface_beat(t, "anna", "page", at=world.now) is Verdict.OK
    assert await world.invited(task) == "anna"
    await world.decline(task)
    await world.go(29.999)
    assert ((await world.look("anna")).surfaces, await world.against("anna")) == (1, ())
    await world.go(0.001)
    assert ((await world.look("anna")).surfaces, await world.against("anna")) == (0, (R.UNREACHABLE,))


async def test_two_pages_are_counted_and_closed_one_by_one(world: World) -> None:
    d, t = world.distributor, world.tenant
    await world.agent("anna")
    for page in ("one", "two"):
        await d.surface_beat(t, "anna", page, at=world.now)
    assert await d.surface_beat(t, "anna", "two", at=world.now) is Verdict.UNCHANGED
    assert (await world.look("anna")).surfaces == 2
    assert await d.surface_gone(t, "anna", "one", at=world.now) is Verdict.OK
    assert await d.surface_gone(t, "anna", "one", at=world.now) is Verdict.UNCHANGED
    assert (await world.look("anna")).surfaces == 1


async def test_two_misses_in_a_row_flag_an_agent(world: World) -> None:
    await world.agent("anna")
    first = await world.task()
    await world.miss(first)
    assert not (await world.look("anna")).rona
    await world.go(30)
    assert await world.invited(first) == "anna"
    await world.miss(first)
    agent = await world.look("anna")
    assert (agent.rona, agent.rona_until_at, agent.reasons[SALES]) == (True, world.now + 600_000, (R.RONA,))


async def test_an_answer_between_two_misses_breaks_the_row(world: World) -> None:
    await world.agent("anna")
    task = await world.task()
    await world.miss(task)
    await world.go(30)
    await world.decline(task)
    await world.go(30)
    await world.miss(task)
    assert not (await world.look("anna")).rona


async def test_an_accepted_offer_between_two_misses_breaks_the_row_too(world: World) -> None:
    await world.agent("anna")
    task = await world.task()
    await world.miss(task)
    await world.go(30)
    await world.talk(task)
    await world.terminate(task)
    await world.miss(await world.task())
    assert not (await world.look("anna")).rona


@pytest.mark.parametrize("how", ["decline", "miss"])
async def test_persistent_rona_flags_at_once(world: World, how: str) -> None:
    await world.rules(SALES, persistent_rona=True, rona_reset_seconds=60)
    await world.agent("anna")
    task = await world.task()
    if how == "decline":
        await world.decline(task)
    else:
        await world.miss(task)
    assert await world.against("anna") == (R.RONA,)


@pytest.mark.parametrize("how", ["time", "self", "supervisor", "offline", "off_duty"])
async def test_the_ways_out_of_rona(world: World, how: str) -> None:
    d, t = world.distributor, world.tenant
    await world.rules(SALES, persistent_rona=True, rona_reset_seconds=60, reoffer_seconds=0)
    await world.agent("anna")
    task = await world.task()
    await world.decline(task)
    if how == "time":
        await world.go(59.999)
        assert (await world.look("anna")).rona
        await world.go(0.001)
    elif how in {"self", "supervisor"}:
        actor = "anna" if how == "self" else "boss"
        assert await d.reset_rona(t, "anna", actor, at=world.now) is Verdict.OK
        assert await d.reset_rona(t, "anna", actor, at=world.now) is Verdict.UNCHANGED
    elif how == "offline":
        await world.presence("anna", Presence.OFFLINE)
        assert not (await world.look("anna")).rona
        await world.presence("anna", Presence.AVAILABLE)
    else:
        await d.set_duty(t, "anna", on=False, actor="anna", at=world.now)
        assert not (await world.look("anna")).rona
        await d.set_duty(t, "anna", on=True, actor="anna", at=world.now)
    assert [entry["how"] for entry in await world.journal("rona_reset")] == [how]
    assert await world.invited(task) == "anna"


async def test_a_changed_setting_does_not_touch_flags_already_set(world: World) -> None:
    await world.rules(SALES, persistent_rona=True, rona_reset_seconds=60)
    await world.agent("anna")
    await world.decline(await world.task())
    until = (await world.look("anna")).rona_until_at
    await world.rules(SALES, persistent_rona=False, rona_reset_seconds=600)
    agent = await world.look("anna")
    assert (agent.rona, agent.rona_until_at) == (True, until)


async def test_a_slot_is_ringing_then_connected_then_acw(world: World) -> None:
    await world.rules(SALES, acw_seconds=20)
    await world.agent("anna")
    task = await world.task()
    assert await world.against("anna") == (R.RINGING,)
    await world.accept(task)
    assert await world.against("anna") == (R.CONNECTED,)
    await world.opened(task)
    assert await world.against("anna") == (R.CONNECTED,)
    await world.terminate(task)
    assert await world.against("anna") == (R.ACW,)
    assert (await world.look("anna")).tasks == (task,)
    await world.go(20)
    assert await world.against("anna") == ()
    assert (await world.look("anna")).tasks == ()


async def test_with_more_slots_one_offer_rings_at_a_time(world: World) -> None:
    await world.rules(SALES, acw_seconds=20)
    await world.agent("anna", capacity=2)
    first, second, third = await world.task(), await world.task(), await world.task()
    assert [(await world.see(task)).state for task in (first, second)] == [TaskState.OFFERED, TaskState.QUEUED]
    await world.accept(first)
    assert await world.invited(second) == "anna"
    await world.accept(second)
    assert await world.against("anna") == (R.CONNECTED,)
    assert (await world.see(third)).state is TaskState.QUEUED
    await world.opened(first)
    await world.terminate(first)
    # After-call work keeps the slot of its own chat.
    assert (await world.see(third)).state is TaskState.QUEUED
    await world.go(20)
    assert await world.invited(third) == "anna"


async def test_a_lower_capacity_takes_no_running_chat_away(world: World) -> None:
    await world.agent("anna", capacity=2)
    tasks = [await world.task() for _ in range(3)]
    for task in tasks[:2]:
        await world.talk(task)
    await world.agent("anna", capacity=1)
    await world.terminate(tasks[0])
    assert (await world.see(tasks[1])).state is TaskState.ACTIVE
    assert (await world.see(tasks[2])).state is TaskState.QUEUED
    await world.terminate(tasks[1])
    assert await world.invited(tasks[2]) == "anna"


async def test_off_duty_lets_the_running_talk_go_on(world: World) -> None:
    await world.agent("anna")
    task = await world.task()
    await world.talk(task)
    await world.distributor.set_duty(world.tenant, "anna", on=False, actor="anna", at=world.now)
    assert (await world.see(task)).state is TaskState.ACTIVE
    assert set(await world.against("anna")) == {R.OFF_DUTY, R.CONNECTED}


async def test_a_removed_agent_is_gone_when_his_last_talk_is_over(world: World) -> None:
    d, t = world.distributor, world.tenant
    await world.agent("anna")
    task = await world.task()
    await world.talk(task)
    await d.remove_agent(t, "anna", at=world.now)
    assert await d.agents(t, SALES) == []
    assert await d.set_duty(t, "anna", on=True, actor="anna", at=world.now) is Verdict.NO_SUCH_AGENT
    await world.terminate(task, by="agent", actor="anna")
    assert (await world.see(task)).state is TaskState.CLOSED
    assert await d.agent(t, "anna", at=world.now) is None
    assert (await d.past_tasks(t, "anna"))[0].id == task


async def test_who_comes_on_duty_or_online_begins_to_idle_then(world: World) -> None:
    d, t = world.distributor, world.tenant
    for user in ("anna", "ben", "cleo"):
        await world.agent(user)
    await world.go(1)
    await d.set_duty(t, "anna", on=False, actor="anna", at=world.now)
    await world.presence("ben", Presence.OFFLINE)
    await world.go(1)
    await d.set_duty(t, "anna", on=True, actor="anna", at=world.now)
    await world.go(1)
    await world.presence("ben", Presence.AVAILABLE)
    assert [await world.invited(await world.task()) for _ in range(3)] == ["cleo", "anna", "ben"]


async def test_a_coffee_does_not_cost_the_place_in_the_order(world: World) -> None:
    await world.agent("anna")
    await world.agent("ben")
    await world.presence("anna", Presence.AWAY)
    await world.go(5)
    await world.presence("anna", Presence.AVAILABLE)
    assert await world.invited(await world.task()) == "anna"


async def test_verbs_about_nobody(world: World) -> None:
    d, t, now = world.distributor, world.tenant, world.now
    assert await d.set_duty(t, "nobody", on=True, actor="x", at=now) is Verdict.NO_SUCH_AGENT
    assert await d.set_active(t, "nobody", SALES, on=True, at=now) is Verdict.NO_SUCH_AGENT
    assert await d.set_registered(t, "nobody", registered=True, at=now) is Verdict.NO_SUCH_AGENT
    assert await d.reached(t, "nobody", at=now) is Verdict.NO_SUCH_AGENT
    assert await d.surface_beat(t, "nobody", "page", at=now) is Verdict.NO_SUCH_AGENT
    assert await d.surface_gone(t, "nobody", "page", at=now) is Verdict.NO_SUCH_AGENT
    assert await d.reset_rona(t, "nobody", "x", at=now) is Verdict.NO_SUCH_AGENT
    assert await d.set_presence(t, {"nobody": Presence.AVAILABLE}, at=now) is Verdict.UNCHANGED
    assert await d.agent(t, "nobody", at=now) is None
    await world.agent("anna")
    assert await d.set_active(t, "anna", "nosuch", on=True, at=now) is Verdict.NO_SUCH_SERVICE
    assert await d.surface_beat(t, "anna", "a b", at=now) is Verdict.BAD_ARGUMENT
    assert await d.surface_gone(t, "anna", "", at=now) is Verdict.BAD_ARGUMENT


async def test_what_is_so_already_is_unchanged(world: World) -> None:
    d, t = world.distributor, world.tenant
    await world.agent("anna")
    revision = (await world.look("anna")).revision
    assert await d.set_duty(t, "anna", on=True, actor="x", at=world.now) is Verdict.UNCHANGED
    assert await d.set_active(t, "anna", SALES, on=True, at=world.now) is Verdict.UNCHANGED
    assert await d.set_registered(t, "anna", registered=True, at=world.now) is Verdict.UNCHANGED
    assert await d.set_presence(t, {"anna": Presence.AVAILABLE}, at=world.now) is Verdict.UNCHANGED
    assert await d.reached(t, "anna", at=world.now) is Verdict.UNCHANGED
    assert await d.reset_rona(t, "anna", "anna", at=world.now) is Verdict.UNCHANGED
    assert (await world.look("anna")).revision == revision


async def test_many_presences_at_once(world: World) -> None:
    users = [f"user{number:02}" for number in range(45)]
    for user in users:
        await world.agent(user, available=False)
    tasks = [await world.task() for _ in range(20)]
    await world.distributor.set_presence(
        world.tenant, dict.fromkeys([*users, "guest"], Presence.AVAILABLE), at=world.now
    )
    assert {(await world.see(task)).state for task in tasks} == {TaskState.OFFERED}
    assert len({await world.invited(task) for task in tasks}) == 20


async def test_agents_of_a_service_are_listed_with_their_reasons(world: World) -> None:
    await world.rules(SUPPORT)
    await world.agent("ben", services={SUPPORT: True})
    await world.agent("anna", services={SALES: True, SUPPORT: False})
    assert [agent.user for agent in await world.distributor.agents(world.tenant, SALES, at=world.now)] == ["anna"]
    support = await world.distributor.agents(world.tenant, SUPPORT, at=world.now)
    assert {agent.user: agent.reasons[SUPPORT] for agent in support} == {"anna": (R.INACTIVE,), "ben": ()}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("kind", "lottery"), ("policy", "favourite"), ("offer_seconds", 4), ("offer_seconds", 301), ("acw_seconds", 3601),
        ("rona_reset_seconds", 9), ("concurrent", 0), ("concurrent", 501), ("queue_seconds", 4), ("queue_seconds", 3601),
        ("deliver_seconds", 0),
    ],
)  # fmt: skip
async def test_rules_that_make_no_sense_are_refused_by_name_and_change_nothing(
    world: World, field: str, value: str | int
) -> None:
    rules = ServiceRules(name="Sales", **{field: value})  # pyright: ignore[reportArgumentType]  # the wrong type is the point
    with pytest.raises(BadRules) as refused:
        await world.distributor.set_service(world.tenant, "nonsense", rules, at=world.now)
    assert refused.value.field == field
    created = await world.distributor.create(world.tenant, "task", service="nonsense", customer="", at=world.now)
    assert created.verdict is Verdict.NO_SUCH_SERVICE


async def test_a_capacity_out_of_bounds_is_refused(world: World) -> None:
    for capacity in (0, 11):
        with pytest.raises(BadRules, match="capacity"):
            await world.agent("anna", capacity=capacity)


@pytest.mark.parametrize("policy", list(OfferPolicy))
async def test_every_policy_that_python_knows_is_there(world: World, policy: str) -> None:
    await world.rules(SALES, policy=policy)
    await world.agent("anna")
    assert await world.invited(await world.task()) == "anna"


async def test_somebody_deleted_in_entra_is_asked_nothing_until_they_are_back(world: World) -> None:
    """No page of theirs vouches against it, and what rang at them is withdrawn."""
    await world.agent("anna")
    task = await world.task()
    assert (await world.see(task)).invited == ("anna",)
    await world.distributor.surface_beat(world.tenant, "anna", "page", at=world.now)
    await world.presence("anna", Presence.DELETED)
    assert await world.against("anna") == (R.DELETED,)
    found = await world.see(task)
    assert (found.state, found.past["anna"]) == (TaskState.QUEUED, OfferResult.WITHDRAWN)
    await world.presence("anna", Presence.UNKNOWN)
    assert await world.against("anna") == (R.DELETED,), "an answer that says nothing brings nobody back"
    await world.presence("anna", Presence.AVAILABLE)
    assert R.DELETED not in await world.against("anna")
