"""A recorded day happens once more: as it was under the recorded settings, better with more agents."""

from dataclasses import replace
from datetime import date

import pytest

from distribution.agents import AgentRules, Presence
from distribution.deadlines import fire_virtual
from distribution.distributor import Distributor
from distribution.rules import rule_words, service_rules
from distribution.service_rules import Level, ServiceRules
from distribution.simulate import Scenario, ScenarioError, UnknownService, parse_policies, read_day, replay_day
from distribution.simulate.recorded import Recording
from distribution.simulate.replayed import ReplayedDay
from distribution.simulate.runner import SERVICE, SyntheticDay
from distribution.tasks import Via
from distribution.verify import NoSnapshot
from distribution.verify.reading import midnight
from operations.simulate import scratch_store
from store.connection import Store
from store.keys import root

THE_DAY = date(2027, 1, 16)
MORNING = Scenario(
    arrivals=(*[0.0] * 8, 40.0, 70.0, 40.0, *[0.0] * 13), agents=(*[0] * 8, 4, 5, 4, *[0] * 13), handling_seconds=300,
    answer_seconds=4, patience_seconds=400, declines=0.08, misses=0.06, seed=11,
)  # fmt: skip
RULES = ServiceRules("Simulated", acw_seconds=20, concurrent=500, queue_seconds=600, idle_seconds=0)


async def offers(store: Store, tenant: str) -> list[tuple[str, str]]:
    """Which chat was offered to whom, in order."""
    entries = await store.xrange(f"{root(tenant)}journal:{tenant}", "", 10**6)
    return [(fields["task"], fields["user"]) for _, fields in entries if fields["e"] == "offered"]


async def recorded(store: Store, scenario: Scenario = MORNING) -> tuple[SyntheticDay, Recording]:
    day = SyntheticDay(store, scenario)
    await day.begin(RULES)
    await day.run()
    return day, await read_day(store, day.tenant, SERVICE, THE_DAY)


async def test_under_the_recorded_settings_it_is_the_same_day() -> None:
    async with scratch_store() as store:
        day, told = await recorded(store)
        assert day.outcome.rona > 0
        assert day.outcome.declined > 0
        assert day.outcome.answered < day.outcome.chats
        assert told.was.waits == day.outcome.waits
        assert told.was.busy_seconds == pytest.approx(day.outcome.busy_seconds)
        assert told.was.occupancy == pytest.approx(day.outcome.occupancy)
        again = ReplayedDay(store, told)
        await again.begin(told.rules, 0)
        await again.run()
        assert again.outcome.waits == day.outcome.waits
        assert again.outcome.occupancy == pytest.approx(told.was.occupancy)
        assert await offers(store, again.tenant) == await offers(store, day.tenant)


async def test_with_more_agents_the_waits_fall_and_without_their_duty_nobody_is_answered() -> None:
    async with scratch_store() as store:
        _, told = await recorded(store)
        more = await replay_day(store, told, told.rules, more_agents=3)
        assert more.mean_wait < told.was.mean_wait / 2
        assert more.answered > told.was.answered
        told.staff = [(at, user, facts._replace(duty=False)) for at, user, facts in told.staff]
        assert (await replay_day(store, told, told.rules)).answered == 0


async def test_other_settings_are_obeyed() -> None:
    async with scratch_store() as store:
        _, told = await recorded(store)
        turns = ReplayedDay(store, told)
        await turns.begin(replace(told.rules, policy="round_robin", acw_seconds=300), 0)
        await turns.run()
        assert turns.outcome.mean_wait > told.was.mean_wait
        assert turns.outcome.chats == told.was.chats


async def test_a_chat_of_another_service_holds_its_agent_as_long_as_it_did(store: Store) -> None:
    d, tenant, begins = Distributor(store), "two-services", midnight(THE_DAY)
    before = begins - 10
    await d.set_tenant(tenant, im_enabled=True, virtual=True, at=before)
    for service in ("garden", "orders"):
        await d.set_service(tenant, service, ServiceRules(service, idle_seconds=0), at=before)
    its = AgentRules(licensed=True, direct_licensed=False, services={"garden": True, "orders": True})
    await d.set_agent(tenant, "anna", its, at=before)
    await d.set_registered(tenant, "anna", registered=True, at=before)
    await fire_virtual(store, tenant, begins)

    async def talk(task: str, at: int, until: int) -> None:
        await d.accept(tenant, task, "1", "anna", Via.CARD, at=at)
        await d.opened(tenant, task, at=at)
        await d.terminate(tenant, task, by="agent", actor="anna", via=Via.ROOM, at=until)

    await d.set_presence(tenant, {"anna": Presence.AVAILABLE}, at=begins + 500)
    await d.create(tenant, "order", service="orders", workflow=False, at=begins + 1_000)
    await d.create(tenant, "rose", service="garden", workflow=False, at=begins + 2_000)
    await talk("order", begins + 3_000, begins + 50_000)
    await talk("rose", begins + 51_000, begins + 90_000)
    told = await read_day(store, tenant, "garden", THE_DAY)
    assert [(hold.user, hold.begins, hold.ends) for hold in told.elsewhere] == [
        ("anna", begins + 1_000, begins + 50_000)
    ]
    assert told.was.staffed_seconds == pytest.approx(89.5 - 49)
    async with scratch_store() as scratch:
        assert (await replay_day(scratch, told, told.rules)).waits == told.was.waits == [49.0]
        told.elsewhere.clear()
        assert (await replay_day(scratch, told, told.rules)).waits == [1.0]


async def test_a_room_that_could_not_be_opened_cannot_be_opened_again(store: Store) -> None:
    d, tenant, begins = Distributor(store), "no-room", midnight(THE_DAY)
    await d.set_tenant(tenant, im_enabled=True, virtual=True, at=begins - 10)
    await d.set_service(tenant, "garden", ServiceRules("Garden", idle_seconds=0), at=begins - 10)
    its = AgentRules(licensed=True, direct_licensed=False, services={"garden": True})
    await d.set_agent(tenant, "anna", its, at=begins - 10)
    await d.set_registered(tenant, "anna", registered=True, at=begins - 10)
    await fire_virtual(store, tenant, begins)
    await d.set_presence(tenant, {"anna": Presence.AVAILABLE}, at=begins + 500)
    await d.create(tenant, "rose", service="garden", workflow=False, at=begins + 1_000)
    await d.accept(tenant, "rose", "1", "anna", Via.CARD, at=begins + 2_000)
    await d.opening_failed(tenant, "rose", "forbidden", at=begins + 4_000)
    await fire_virtual(store, tenant, begins + 34_000)
    await d.accept(tenant, "rose", "2", "anna", Via.CARD, at=begins + 35_000)
    await d.opened(tenant, "rose", at=begins + 35_000)
    await d.terminate(tenant, "rose", by="agent", actor="anna", via=Via.ROOM, at=begins + 50_000)
    told = await read_day(store, tenant, "garden", THE_DAY)
    assert (told.was.waits, told.was.busy_seconds, told.elsewhere) == ([34.0], 17.0, [])
    async with scratch_store() as scratch:
        again = await replay_day(scratch, told, told.rules)
    assert (again.waits, again.busy_seconds) == ([34.0], 17.0)


async def test_while_cards_reach_nobody_nobody_is_asked_in_the_replay_either(store: Store) -> None:
    d, tenant, begins = Distributor(store), "path", midnight(THE_DAY)
    await d.set_tenant(tenant, im_enabled=True, virtual=True, at=begins - 10)
    await d.set_service(tenant, "garden", ServiceRules("Garden", idle_seconds=0), at=begins - 10)
    its = AgentRules(licensed=True, direct_licensed=False, services={"garden": True})
    await d.set_agent(tenant, "anna", its, at=begins - 10)
    await d.set_registered(tenant, "anna", registered=True, at=begins - 10)
    await fire_virtual(store, tenant, begins)
    await d.set_presence(tenant, {"anna": Presence.AVAILABLE}, at=begins + 500)
    await d.path_down(tenant, "unavailable", more_seconds=60, at=begins + 600)
    await d.create(tenant, "rose", service="garden", workflow=False, at=begins + 1_000)
    await d.path_up(tenant, at=begins + 20_000)
    await d.accept(tenant, "rose", "1", "anna", Via.CARD, at=begins + 21_000)
    await d.opened(tenant, "rose", at=begins + 21_000)
    await d.terminate(tenant, "rose", by="agent", actor="anna", via=Via.ROOM, at=begins + 50_000)
    told = await read_day(store, tenant, "garden", THE_DAY)
    assert told.was.waits == [20.0]
    async with scratch_store() as scratch:
        again = await replay_day(scratch, told, told.rules)
    assert again.waits == [20.0]


async def test_an_unknown_day_and_an_unknown_service_are_refused_in_words(store: Store) -> None:
    d, tenant = Distributor(store), "refused"
    await d.set_tenant(tenant, im_enabled=True, virtual=True, at=midnight(THE_DAY) - 1)
    await d.set_service(tenant, "garden", ServiceRules("Garden"), at=midnight(THE_DAY) - 1)
    with pytest.raises(NoSnapshot, match="no snapshot of 2027-01-16"):
        await read_day(store, tenant, "garden", THE_DAY)
    await fire_virtual(store, tenant, midnight(THE_DAY))
    with pytest.raises(UnknownService, match=r"no service 'roses'.*: garden"):
        await read_day(store, tenant, "roses", THE_DAY)


def test_policies_change_what_is_recorded() -> None:
    more, turns = parse_policies(
        '[[policies]]\nname = "more"\nmore_agents = 2\n[[policies]]\nname = "b"\npolicy = "round_robin"\n', RULES
    )
    assert (more.more_agents, replace(more.rules, name=RULES.name)) == (2, RULES)
    assert replace(turns.rules, policy="longest_idle", name=RULES.name) == RULES


@pytest.mark.parametrize(("text", "field"), [("arrivals = 3", "arrivals"), ('[[policies]]\nname = "a"\nmore_agents = -1', "more_agents")])  # fmt: skip
def test_of_a_recorded_day_only_settings_can_be_changed(text: str, field: str) -> None:
    with pytest.raises(ScenarioError, match=field):
        parse_policies(text, RULES)


def test_settings_are_read_from_the_journal_as_they_were_set() -> None:
    rules = ServiceRules(
        "Sales", levels=(Level(), Level(60, ("anna", "ben"), ("french",))), hours=((1, 5), (8, 9)), sweeps=(7, 12),
        agents_may_pick=True, overflow="orders", acw_seconds=9,
    )  # fmt: skip
    assert service_rules("Sales", rule_words(rules)) == rules
    assert service_rules("Sales", rule_words(ServiceRules("Sales"))) == ServiceRules("Sales")
    assert service_rules("Sales", "later=1 acw_seconds=5") == ServiceRules("Sales", acw_seconds=5)
