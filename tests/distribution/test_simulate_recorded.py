"""A recorded day happens once more: as it was under the recorded settings, better with more agents."""

from dataclasses import replace
from datetime import date

import pytest

from distribution.agents import AgentRules, Presence, ServiceRules
from distribution.deadlines import fire_virtual
from distribution.distributor import Distributor
from distribution.simulate import Scenario, UnknownService, read_day, replay_day
from distribution.simulate.recorded import Recording
from distribution.simulate.reading import midnight
from distribution.simulate.replayed import ReplayedDay
from distribution.simulate.runner import SERVICE, SyntheticDay
from distribution.tasks import Via
from distribution.verify import NoSnapshot
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
        again = ReplayedDay(store, told)
        await again.begin(told.rules, 0)
        await again.run()
        assert again.outcome.waits == day.outcome.waits
        assert await offers(store, again.tenant) == await offers(store, day.tenant)
