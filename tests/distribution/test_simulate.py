"""Simulated days: what theory says of the simplest one, the same customers under each policy, and what a file may say."""

from dataclasses import replace
from math import sqrt
from statistics import fmean, stdev

import pytest

from distribution.service_rules import ServiceRules
from distribution.simulate import Scenario, ScenarioError, agents_needed, parse_scenario, simulate
from distribution.simulate.erlang import service_level, waits_at_all
from operations.simulate import scratch_store
from store.connection import Store

HANDLING, AGENTS, AN_HOUR = 300, 6, 50.0
RULES = ServiceRules("Simulated", concurrent=500, queue_seconds=3_600, overflow="wait", idle_seconds=0)
DAY = Scenario(arrivals=(AN_HOUR,) * 24, agents=(AGENTS,) * 24, handling_seconds=HANDLING, seed=7)
BATCH = 50


async def test_a_day_without_declines_agrees_with_erlang_c_and_only_for_its_own_number_of_agents() -> None:
    """The share who need not wait, with a confidence interval of 95 % out of batches of 50 customers after each other."""
    async with scratch_store() as store:
        outcome = await simulate(store, DAY, RULES)
    after_the_start = outcome.waits[BATCH:]
    batches = [after_the_start[begin : begin + BATCH] for begin in range(0, len(after_the_start) - BATCH + 1, BATCH)]
    shares = [sum(wait == 0 for wait in batch) / BATCH for batch in batches]
    found, off = fmean(shares), 2.08 * stdev(shares) / sqrt(len(shares))
    load = AN_HOUR * HANDLING / 3_600
    assert abs(1 - waits_at_all(load, AGENTS) - found) <= off
    for others in (AGENTS - 1, AGENTS + 1):
        assert abs(1 - waits_at_all(load, others) - found) > off
    assert outcome.occupancy == pytest.approx(load / AGENTS, abs=0.05)


async def test_the_same_seed_gives_the_same_day(store: Store) -> None:
    short = replace(DAY, arrivals=(*[0.0] * 9, 60.0, *[0.0] * 14), declines=0.1, misses=0.1, answer_seconds=3)
    first, second = await simulate(store, short, RULES), await simulate(store, short, RULES)
    assert first == second
    assert first.rona > 0
    assert first.declined > 0
    assert first.offers == first.answered + first.rona + first.declined


async def test_it_says_how_many_agents_are_needed(store: Store) -> None:
    busy_hour = replace(DAY, arrivals=(*[0.0] * 9, 40.0, *[0.0] * 14))
    needed, outcome = await agents_needed(store, busy_hour, RULES, 0.8, 30)
    assert outcome.service_level(30) >= 0.8
    fewer = await simulate(store, busy_hour.with_agents(needed - 1), RULES)
    assert fewer.service_level(30) < 0.8


def test_erlang_c_is_that_of_the_books() -> None:
    # A load of 10 on 14 agents, 180 s each, answered in 20 s.
    assert waits_at_all(10, 14) == pytest.approx(0.1741, abs=0.0005)
    assert service_level(10, 14, 180, 20) == pytest.approx(0.8883, abs=0.0005)
    assert service_level(10, 10, 180, 20) == 0


def test_a_file_describes_a_day() -> None:
    day = parse_scenario(
        'arrivals = 12\nagents = 3\nhandling_seconds = 240\n[[policies]]\nname = "b"\npolicy = "round_robin"\n'
    )
    assert day.arrivals == (12,) * 24
    assert [(policy.name, policy.rules.policy) for policy in day.policies] == [("b", "round_robin")]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ("agents = [1, 2]", "agents"),
        ("handling_seconds = 0", "handling_seconds"),
        ("declines = 0.6\nmisses = 0.6", "declines"),
        ("oops = 1", "oops"),
        ('[[policies]]\nname = "a"\noffer_seconds = 1', "offer_seconds"),
        ('[[policies]]\nname = "a"\nhours = 1', "hours"),
    ],
)
def test_what_makes_no_sense_is_named(change: str, field: str) -> None:
    fine = {"arrivals": "arrivals = 1", "agents": "agents = 1", "handling_seconds": "handling_seconds = 60"}
    fine.pop(field, None)
    with pytest.raises(ScenarioError, match=field):
        parse_scenario("\n".join([*fine.values(), change]))
