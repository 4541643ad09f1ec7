"""Lets a simulated day happen: customers come, agents answer, time goes on; the distributor decides as it always does."""

import heapq
import random
from collections.abc import Awaitable, Callable
from math import ceil, inf
from typing import Any

from distribution.agents import AgentRules, Presence, ServiceRules
from distribution.deadlines import fire_virtual
from distribution.distributor import Distributor
from distribution.keys import agent_key, deadlines_key, task_key
from distribution.scripts import distribution_scripts
from distribution.simulate.outcome import Outcome
from distribution.simulate.scenario import HOURS, Scenario
from distribution.tasks import Via
from distribution.verdicts import Verdict
from store.connection import Store
from store.ids import new_id
from store.keys import root

MIDNIGHT = 1_800_057_600_000
"""When the day begins (ms): a midnight, so that the journal's snapshot of the next one comes when all is over."""

HOUR, DAY = 3_600_000, 86_400_000
SERVICE = "simulated"
SCRIPTS = distribution_scripts()
MOST_AGENTS = 2_000
THE_END = MIDNIGHT + 2 * DAY
"""Whoever waits by then will not be served."""

FOR_EVER = MIDNIGHT + 10 * DAY


async def simulate(store: Store, scenario: Scenario, rules: ServiceRules) -> Outcome:
    """One day, on a tenant of its own; the same seed gives the same customers under every policy.

    `store`: a server of its own. What the day leaves behind (tasks, a journal, effects that are due) is not taken away.
    """
    day = _Day(store, scenario)
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


class _Day:
    def __init__(self, store: Store, scenario: Scenario) -> None:
        self.store = store
        self.scenario = scenario
        self.tenant = f"simulated-{new_id()}"
        self.distributor = Distributor(store)
        self.outcome = Outcome()
        self.now = MIDNIGHT
        # One source of chance for each thing, so that two policies meet the same customers.
        self.coming, self.talking, self.answering, self.leaving = (
            random.Random(f"{scenario.seed} {what}")  # noqa: S311  # a repeatable day, no secret
            for what in ("coming", "talking", "answering", "leaving")
        )
        self.happenings: list[tuple[int, int, str, tuple[str, ...]]] = []
        self.count = 0
        self.lengths: dict[str, float] = {}
        self.came: dict[str, int] = {}
        self.waits: dict[str, float] = {}
        self.cursor = ""
        self.first: list[tuple[str, tuple[Any, ...]]] = []  # written with the next look
        self.open: set[str] = set()
        self.held: set[str] = set()
        self.counted = MIDNIGHT
        self.due = inf
        self._doing: dict[str, Callable[..., Awaitable[None]]] = {
            "comes": self._comes, "leaves": self._leaves, "accepts": self._accepts, "declines": self._declines,
            "arrives": self._arrives, "ends": self._ends, "duty": self._duty,
        }  # fmt: skip
        self._hearing: dict[str, Callable[[dict[str, str]], None]] = {
            "offered": self._hear_offered, "rona": self._hear_rona, "declined": self._hear_declined,
            "accepted": self._hear_accepted, "closed": self._hear_closed,
        }  # fmt: skip

    # --- the beginning

    async def begin(self, rules: ServiceRules) -> None:
        d, t, now = self.distributor, self.tenant, self.now
        await d.set_tenant(t, im_enabled=True, virtual=True, at=now)
        await d.set_service(t, SERVICE, rules, at=now)
        staff = max(self.scenario.agents)
        for number in range(staff):
            user = f"agent{number:04}"
            its = AgentRules(
                licensed=True, direct_licensed=False, services={SERVICE: True}, capacity=self.scenario.capacity
            )
            await d.set_agent(t, user, its, at=now)
            await d.set_registered(t, user, registered=True, at=now)
            await d.set_presence(t, {user: Presence.AVAILABLE}, at=now)
            # Nobody polls Teams here: the reading stays as it is.
            await self.store.hset(agent_key(t, user), {"doubt": FOR_EVER})
            if number >= self.scenario.agents[0]:
                await d.set_duty(t, user, on=False, actor="shift", at=now)
        for hour in range(HOURS):
            self._plan_hour(hour)
        await self._look()

    def _plan_hour(self, hour: int) -> None:
        begins, rate = MIDNIGHT + hour * HOUR, self.scenario.arrivals[hour]
        if hour:
            before, after = self.scenario.agents[hour - 1], self.scenario.agents[hour]
            for number in range(min(before, after), max(before, after)):
                self._plan(begins, "duty", f"agent{number:04}", "1" if after > before else "0")
        at = begins + self.coming.expovariate(rate / HOUR) if rate else inf
        while at < begins + HOUR:
            task = f"chat{len(self.lengths):06}"
            self.lengths[task] = self.talking.expovariate(1 / self.scenario.handling_seconds)
            self._plan(int(at), "comes", task)
            at += self.coming.expovariate(rate / HOUR)
        self.outcome.staffed_seconds += self.scenario.agents[hour] * self.scenario.capacity * 3_600

    def _plan(self, at: int, what: str, *about: str) -> None:
        self.count += 1
        heapq.heappush(self.happenings, (at, self.count, what, about))

    # --- the day

    async def run(self) -> None:
        """Until the last talk is over, and nobody waits who could still be served."""
        while self.happenings or self.open:
            at = self.happenings[0][0] if self.happenings else FOR_EVER
            if min(at, self.due) > THE_END:
                break
            if self.due <= at:
                self.now = int(self.due)
                await fire_virtual(self.store, self.tenant, self.now)
            else:
                self.now, _, what, about = heapq.heappop(self.happenings)
                await self._doing[what](*about)
            await self._look()
        self.outcome.waits = [self.waits[task] for task in self.came if task in self.waits]

    async def _comes(self, task: str) -> None:
        self.outcome.chats += 1
        self.came[task] = self.now
        self.open.add(task)
        await self.distributor.create(self.tenant, task, service=SERVICE, workflow=False, at=self.now)
        # He stays until he leaves: nobody renews his connection here.
        self.first.append(("hset", (task_key(self.tenant, task), {"conns": f"tab={FOR_EVER}"})))
        if self.scenario.patience_seconds:
            patience = self.leaving.expovariate(1 / self.scenario.patience_seconds)
            self._plan(self.now + round(patience * 1000), "leaves", task)

    async def _leaves(self, task: str) -> None:
        if task not in self.waits:
            await self.distributor.visitor_left(self.tenant, task, at=self.now)

    async def _accepts(self, task: str, offer: str, user: str) -> None:
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
            self._plan(self.now + round(self.lengths[task] * 1000), "ends", task, user)

    async def _declines(self, task: str, offer: str, user: str) -> None:
        await self.distributor.decline(self.tenant, task, offer, user, Via.CARD, at=self.now)

    async def _ends(self, task: str, user: str) -> None:
        await self.distributor.terminate(self.tenant, task, by="agent", actor=user, via=Via.ROOM, at=self.now)

    async def _duty(self, user: str, on: str) -> None:
        await self.distributor.set_duty(self.tenant, user, on=on == "1", actor="shift", at=self.now)

    # --- what the distributor did

    async def _look(self) -> None:
        """What is new in the journal, and when time alone will change something."""
        where = root(self.tenant)
        first, self.first = self.first, []
        *_, due, entries = await self.store.many(
            [
                *first,
                ("zrange_scores", (deadlines_key(self.tenant, virtual=True), 0, 0)),
                ("xrange", (f"{where}journal:{self.tenant}", self.cursor)),
            ]
        )
        self.due = due[0][1] if due else inf
        for entry, fields in entries:
            self.cursor = entry
            if hear := self._hearing.get(fields["e"]):
                hear(fields)

    def _hear_offered(self, fields: dict[str, str]) -> None:
        self.outcome.offers += 1
        chance = self.answering.random()
        about = (fields["task"], fields["offer"], fields["user"])
        at = self.now + round(self.scenario.answer_seconds * 1000)
        if chance < self.scenario.declines:
            self._plan(at, "declines", *about)
        elif chance < self.scenario.declines + self.scenario.misses:
            self._plan(self.now, "arrives", *about)
        else:
            self._plan(at, "accepts", *about)

    async def _arrives(self, task: str, offer: str, user: str) -> None:
        """The card is on his screen, and he does not look."""
        await self.distributor.confirm_delivery(self.tenant, task, offer, user, Via.CARD, at=self.now)

    def _hear_rona(self, _fields: dict[str, str]) -> None:
        self.outcome.rona += 1

    def _hear_declined(self, _fields: dict[str, str]) -> None:
        self.outcome.declined += 1

    def _hear_accepted(self, fields: dict[str, str]) -> None:
        task, at = fields["task"], int(fields["at"])
        self._count(at)
        self.held.add(task)
        self.waits[task] = (at - self.came[task]) / 1000

    def _hear_closed(self, fields: dict[str, str]) -> None:
        self._count(int(fields["at"]))
        self.held.discard(fields["task"])
        self.open.discard(fields["task"])

    def _count(self, at: int) -> None:
        """The slots that were busy until now. What goes on after the day is not in it: nobody is staffed then."""
        until = min(at, MIDNIGHT + DAY)
        self.outcome.busy_seconds += len(self.held) * max(0, until - self.counted) / 1000
        self.counted = max(self.counted, until)
