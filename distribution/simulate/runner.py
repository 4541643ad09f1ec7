"""Lets a simulated day happen: customers come, agents answer, time goes on; the distributor decides as it always does."""

import random
from math import ceil, inf

from distribution.agents import AgentRules, Presence
from distribution.keys import agent_key, task_key
from distribution.scripts import distribution_scripts
from distribution.service_rules import ServiceRules
from distribution.simulate.day import FOR_EVER, HOUR, SimulatedDay
from distribution.simulate.outcome import Outcome
from distribution.simulate.scenario import HOURS, Scenario
from distribution.tasks import Via
from distribution.verdicts import Verdict
from store.connection import Store
from store.keys import root

MIDNIGHT = 1_800_057_600_000
"""When the day begins (ms): a midnight, so that the journal's snapshot of the next one comes when all is over."""

SERVICE = "simulated"
SCRIPTS = distribution_scripts()
MOST_AGENTS = 2_000


async def simulate(store: Store, scenario: Scenario, rules: ServiceRules) -> Outcome:
    """One day, on a tenant of its own; the same seed gives the same customers under every policy.

    `store`: a server of its own. What the day leaves behind (tasks, a journal, effects that are due) is not taken away.
    """
    day = SyntheticDay(store, scenario)
    await day.begin(rules)
    await day.run()
    return day.outcome


async def agents_needed(
    store: Store, scenario: Scenario, rules: ServiceRules, share: float, seconds: float
) -> tuple[int, Outcome]:
    """The smallest number of agents, the same at every hour, with which `share` of the chats are answered in `seconds`."""
    fewest = max(1, ceil(max(scenario.arrivals) * scenario.handling_seconds / 3_600 / scenario.capacity / 4))

    async def attempt(count: int) -> Outcome:
        return await simulate(store, scenario.with_agents(count), rules)

    few, many = fewest - 1, fewest
    outcome = await attempt(many)
    while outcome.service_level(seconds) < share and many < MOST_AGENTS:
        few, many = many, many * 2
        outcome = await attempt(many)
    while many - few > 1:
        middle = (few + many) // 2
        tried = await attempt(middle)
        if tried.service_level(seconds) >= share:
            many, outcome = middle, tried
        else:
            few = middle
    return many, outcome


class SyntheticDay(SimulatedDay):
    def __init__(self, store: Store, scenario: Scenario) -> None:
        super().__init__(store, MIDNIGHT)
        self.scenario = scenario
        # One source of chance for each thing, so that two policies meet the same customers.
        self.coming, self.talking, self.answering, self.leaving = (
            random.Random(f"{scenario.seed} {what}")  # noqa: S311  # a repeatable day, no secret
            for what in ("coming", "talking", "answering", "leaving")
        )
        self.lengths: dict[str, float] = {}

    # --- the beginning

    async def begin(self, rules: ServiceRules) -> None:
        d, t, staff = self.distributor, self.tenant, max(self.scenario.agents)
        now = self.begins - staff - 1
        await d.set_tenant(t, im_enabled=True, virtual=True, at=now)
        await d.set_service(t, SERVICE, rules, at=now)
        for number in range(staff):
            user, now = f"agent{number:04}", now + 1
            its = AgentRules(
                licensed=True, direct_licensed=False, services={SERVICE: True}, capacity=self.scenario.capacity
            )
            await d.set_agent(t, user, its, at=now)
            await d.set_registered(t, user, registered=True, at=now)
            await d.set_presence(t, {user: Presence.AVAILABLE}, at=now)
            # Nobody polls Teams here: the reading stays as it is.
            await self.store.hset(agent_key(t, user), {"doubt": self.begins + FOR_EVER})
            if number >= self.scenario.agents[0]:
                await d.set_duty(t, user, on=False, actor="shift", at=now)
        for hour in range(HOURS):
            self._plan_hour(hour)

    def _plan_hour(self, hour: int) -> None:
        begins, rate = MIDNIGHT + hour * HOUR, self.scenario.arrivals[hour]
        if hour:
            before, after = self.scenario.agents[hour - 1], self.scenario.agents[hour]
            for number in range(min(before, after), max(before, after)):
                self.plan(begins, "duty", f"agent{number:04}", "1" if after > before else "0")
        at = begins + self.coming.expovariate(rate / HOUR) if rate else inf
        while at < begins + HOUR:
            task = f"chat{len(self.lengths):06}"
            self.lengths[task] = self.talking.expovariate(1 / self.scenario.handling_seconds)
            self.plan(int(at), "comes", task)
            at += self.coming.expovariate(rate / HOUR)
        self.outcome.staffed_seconds += self.scenario.agents[hour] * self.scenario.capacity * 3_600

    # --- the day

    async def do_comes(self, task: str) -> None:
        self.outcome.chats += 1
        self.came[task] = self.now
        self.open.add(task)
        await self.distributor.create(self.tenant, task, service=SERVICE, workflow=False, at=self.now)
        # They stay until they leave: nobody renews their connection here.
        self.first.append(("hset", (task_key(self.tenant, task), {"conns": f"tab={self.begins + FOR_EVER}"})))
        if self.scenario.patience_seconds:
            patience = self.leaving.expovariate(1 / self.scenario.patience_seconds)
            self.plan(self.now + round(patience * 1000), "leaves", task)

    async def do_leaves(self, task: str) -> None:
        if task not in self.waits:
            await self.distributor.visitor_left(self.tenant, task, at=self.now)

    async def do_accepts(self, task: str, offer: str, user: str) -> None:
        # Both in one round trip: a day is mostly round trips.
        where, its = root(self.tenant), {"tenant": self.tenant, "task": task, "at": self.now}
        accepted, _ = await self.store.run_many(
            [
                (
                    SCRIPTS["accept"],
                    where,
                    {**its, "offer": offer, "user": user, "via": Via.CARD, "allowed": " offered "},
                ),
                (SCRIPTS["opened"], where, {**its, "allowed": " connecting "}),
            ]
        )
        if accepted[0] == Verdict.OK:
            self.plan(self.now + round(self.lengths[task] * 1000), "ends", task, user)

    async def do_declines(self, task: str, offer: str, user: str) -> None:
        await self.distributor.decline(self.tenant, task, offer, user, Via.CARD, at=self.now)

    async def do_ends(self, task: str, user: str) -> None:
        await self.distributor.terminate(self.tenant, task, by="agent", actor=user, via=Via.ROOM, at=self.now)

    async def do_duty(self, user: str, on: str) -> None:
        await self.distributor.set_duty(self.tenant, user, on=on == "1", actor="shift", at=self.now)

    # --- what the distributor did

    def hear_offered(self, fields: dict[str, str]) -> None:
        self.outcome.offers += 1
        chance = self.answering.random()
        about = (fields["task"], fields["offer"], fields["user"])
        at = self.now + round(self.scenario.answer_seconds * 1000)
        if chance < self.scenario.declines:
            self.plan(at, "declines", *about)
        elif chance < self.scenario.declines + self.scenario.misses:
            self.plan(self.now, "arrives", *about)
        else:
            self.plan(at, "accepts", *about)

    async def do_arrives(self, task: str, offer: str, user: str) -> None:
        """The card is on their screen, and they do not look."""
        await self.distributor.confirm_delivery(self.tenant, task, offer, user, Via.CARD, at=self.now)
