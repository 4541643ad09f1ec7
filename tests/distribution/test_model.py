"""Random days: whatever happens in whatever order, from two clients, the scripts and the plain model agree after every step."""

import asyncio
import os
import uuid
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from distribution.agents import AgentRules, Presence, ServiceRules
from distribution.deadlines import fire_virtual
from distribution.distributor import Distributor
from distribution.tasks import Task, TaskState, Via
from distribution.verdicts import Answer, Verdict
from store.connection import Store, open_store
from store.keys import root
from tests.distribution.consistency import faults
from tests.distribution.model import Model
from tests.distribution.world import SALES, START, SUPPORT, CheckedDistributor

USERS = ("anna", "ben", "cleo", "dora")
SERVICES = (SALES, SUPPORT)
MOST_OPEN = 7
STEPS = 60
EXAMPLES = int(os.environ.get("USHER_MODEL_EXAMPLES", "8"))
SHRINK = "USHER_MODEL_NO_SHRINK" not in os.environ  # shrinking may take minutes: leave it out while looking for more

Verb = Callable[[Distributor], Awaitable[Answer | Verdict | None]]
Twin = Callable[[Model], Verdict | None]

users = st.sampled_from(USERS)
flags = st.booleans()
picks = st.integers(0, 99)
pages = st.sampled_from(["page-1", "page-2"])
tabs = st.sampled_from(["tab-1", "tab-2"])
seconds = st.one_of(
    st.sampled_from([0.001, 1, 5, 9.999, 10, 20, 30, 45, 60, 105]), st.integers(1, 90_000).map(lambda ms: ms / 1000)
)
service_rules = st.builds(
    ServiceRules,
    name=st.just("Service"),
    policy=st.sampled_from(["longest_idle", "round_robin", "least_occupied"]),
    offer_seconds=st.sampled_from([5, 20]),
    acw_seconds=st.sampled_from([0, 20]),
    acw_extension_seconds=st.sampled_from([0, 10, 30]),
    acw_extensions=st.integers(0, 2),
    persistent_rona=flags,
    rona_after_misses=st.integers(0, 2),
    rona_reset_seconds=st.sampled_from([10, 60]),
    concurrent=st.integers(1, 3),
    queue_seconds=st.sampled_from([20, 60, 300]),
    allow_busy=flags,
    allow_away=flags,
    reoffer_seconds=st.sampled_from([0, 10, 30]),
)
agent_rules = st.builds(
    AgentRules,
    licensed=st.sampled_from([True, True, True, False]),
    direct_licensed=flags,
    services=st.dictionaries(st.sampled_from(SERVICES), st.sampled_from([True, True, False])),
    capacity=st.integers(1, 3),
)
presences = st.sampled_from([*[Presence.AVAILABLE] * 4, *Presence])


class Day(RuleBasedStateMachine):
    """One virtual tenant, two clients, four agents, two services and direct tasks."""

    url: str
    loop: asyncio.Runner

    def __init__(self) -> None:
        super().__init__()
        self.tenant = str(uuid.uuid4())
        self.model = Model(START)
        self.count = 0
        self.stores = self.do(self._connect())
        self.clients = [CheckedDistributor(self.stores[0]), Distributor(self.stores[1])]
        # What one of two at once wrote into the journal cannot be told from what the other did.
        self.racers = [Distributor(store) for store in self.stores]

    def do(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run(work)

    async def _connect(self) -> list[Store]:
        return [await open_store(self.url) for _ in range(2)]

    def teardown(self) -> None:
        self.do(self._tidy())

    async def _tidy(self) -> None:
        found = await faults(self.stores[0], self.tenant, self.model.now)
        await self.stores[0].delete(*await self.stores[0].scan(f"{root(self.tenant)}*{self.tenant}*"))
        await self.stores[0].delete(f"{root(self.tenant)}due")
        for store in self.stores:
            await store.close()
        assert found == []

    # --- the step that all rules take

    def step(self, verb: Verb, twin: Twin, client: int = 0) -> None:
        said = self.do(_say(verb, self.clients[client]))
        assert said == twin(self.model)

    def task(self, pick: int) -> str:
        """A task to act on: mostly one that is open, sometimes one that is over."""
        tasks = [id_ for id_, task in self.model.tasks.items() if task.state is not TaskState.CLOSED]
        every = [*tasks * 3, *list(self.model.tasks)[-2:]]
        return every[pick % len(every)]

    def offer(self, pick: int, user: str) -> tuple[str, str, str]:
        """Task, offer and user: mostly an offer that rings, sometimes an old one or somebody else's."""
        ringing = [task for task in self.model.tasks.values() if task.state is TaskState.OFFERED]
        if ringing and pick % 4:
            task = ringing[pick % len(ringing)]
            return task.id, str(task.offer), task.invited or user
        return self.task(pick), str(pick % 3 + 1), user

    def owned(self, pick: int, user: str) -> tuple[str, str]:
        task = self.task(pick)
        return task, self.model.tasks[task].agent or user if pick % 4 else user

    # --- what can happen

    @initialize(sales=service_rules, support=service_rules, direct=service_rules, rules=st.tuples(*[agent_rules] * 4))
    def open(
        self, sales: ServiceRules, support: ServiceRules, direct: ServiceRules, rules: tuple[AgentRules, ...]
    ) -> None:
        async def build() -> None:
            d, t = self.clients[0], self.tenant
            await d.set_tenant(t, im_enabled=True, virtual=True)
            for service, its in ((SALES, sales), (SUPPORT, support), ("", direct)):
                await d.set_service(t, service, its, at=START)
                self.model.set_service(service, its)

        self.do(build())
        for user, its in zip(USERS, rules, strict=True):
            self.hire(user, its)
            self.register(user, True)
            self.see_presence(user, Presence.AVAILABLE)

    @rule(user=users, rules=agent_rules)
    def hire(self, user: str, rules: AgentRules) -> None:
        at = self.model.now
        self.step(lambda d: d.set_agent(self.tenant, user, rules, at=at), lambda m: m.set_agent(user, rules))

    @rule(service=st.sampled_from([*SERVICES, ""]), rules=service_rules, keep=st.sampled_from([True, True, False]))
    def change_service(self, service: str, rules: ServiceRules, keep: bool) -> None:
        rules = replace(rules, queue_seconds=self.model.rules[service].queue_seconds) if keep else rules
        at = self.model.now
        self.step(lambda d: d.set_service(self.tenant, service, rules, at=at), lambda m: m.set_service(service, rules))

    def is_quiet(self) -> bool:
        return sum(task.state is not TaskState.CLOSED for task in self.model.tasks.values()) < MOST_OPEN

    @precondition(is_quiet)
    @rule(service=st.sampled_from([*SERVICES * 2, None]), user=users, workflow=flags, client=st.integers(0, 1))
    def create(self, service: str | None, user: str, workflow: bool, client: int) -> None:
        self.count += 1
        id_, direct, at = f"task{self.count:03}", None if service else user, self.model.now
        self.step(
            lambda d: d.create(self.tenant, id_, service=service, user=direct, workflow=workflow, at=at),
            lambda m: m.create(id_, service, direct, workflow=workflow),
            client,
        )

    def has_tasks(self) -> bool:
        return bool(self.model.tasks)

    def verb_of_task(self, name: str, pick: int, user: str, client: int = 0) -> None:
        verb, twin = self.pair(name, pick, user)
        self.step(verb, twin, client)

    def pair(self, name: str, pick: int, user: str) -> tuple[Verb, Twin]:
        """An event of a task, for the distributor and for the model."""
        t, at = self.tenant, self.model.now
        task, offer, invited = self.offer(pick, user)
        if name in {"confirm_delivery", "accept", "decline"}:
            return (
                lambda d: getattr(d, name)(t, task, offer, invited, Via.CARD, at=at),
                lambda m: getattr(m, name)(task, offer, invited),
            )
        if name == "undelivered":
            return (
                lambda d: d.undelivered(t, task, offer, invited, "why", at=at),
                lambda m: m.undelivered(task, offer, invited),
            )
        task, owner = self.owned(pick, user)
        if name in {"finish_acw", "extend_acw"}:
            return (
                lambda d: getattr(d, name)(t, task, owner, Via.PORTAL, at=at),
                lambda m: getattr(m, name)(task, owner),
            )
        if name in {"agent", "visitor", "system", "supervisor"}:
            return (
                lambda d: d.terminate(t, task, by=name, actor=owner, via=Via.ROOM, at=at),
                lambda m: m.terminate(task, name, owner),
            )
        if name == "opening_failed":
            return lambda d: d.opening_failed(t, task, "why", at=at), lambda m: m.opening_failed(task)
        if name == "cancel":
            return lambda d: d.cancel(t, task, actor="boss", why="spam", at=at), lambda m: m.cancel(task)
        return lambda d: getattr(d, name)(t, task, at=at), lambda m: getattr(m, name)(task)

    @precondition(has_tasks)
    @rule(pick=picks, user=users, client=st.integers(0, 1))
    def confirm(self, pick: int, user: str, client: int) -> None:
        self.verb_of_task("confirm_delivery", pick, user, client)

    @precondition(has_tasks)
    @rule(pick=picks, user=users, client=st.integers(0, 1))
    def accept(self, pick: int, user: str, client: int) -> None:
        self.verb_of_task("accept", pick, user, client)

    @precondition(has_tasks)
    @rule(pick=picks, user=users, name=st.sampled_from(["decline", "undelivered"]))
    def refuse(self, pick: int, user: str, name: str) -> None:
        self.verb_of_task(name, pick, user)

    @precondition(has_tasks)
    @rule(pick=picks, user=users, name=st.sampled_from(["queue", "queue", "opened", "opened", "opening_failed"]))
    def go_on(self, pick: int, user: str, name: str) -> None:
        self.verb_of_task(name, pick, user)

    @precondition(has_tasks)
    @rule(
        pick=picks,
        user=users,
        name=st.sampled_from(["agent", "visitor", "system", "cancel", "visitor_left", "finish_acw", "extend_acw"]),
    )
    def end(self, pick: int, user: str, name: str) -> None:
        self.verb_of_task(name, pick, user)

    @precondition(has_tasks)
    @rule(pick=picks, name=st.sampled_from(["visitor_here", "visitor_here", "visitor_away"]), tab=tabs)
    def watch(self, pick: int, name: str, tab: str) -> None:
        task, at = self.task(pick), self.model.now
        self.step(lambda d: getattr(d, name)(self.tenant, task, tab, at=at), lambda m: getattr(m, name)(task, tab))

    @precondition(has_tasks)
    @rule(pick=picks, user=users, codes=st.sampled_from([(), ("won",), ("lost", "late")]))
    def wrap_up(self, pick: int, user: str, codes: tuple[str, ...]) -> None:
        task, owner = self.owned(pick, user)
        at = self.model.now
        self.step(
            lambda d: d.save_wrapup(self.tenant, task, owner, codes=codes, tags=(), note="", at=at),
            lambda m: m.save_wrapup(task, owner, codes),
        )

    @rule(user=users, on=st.sampled_from([True, True, False]), actor=st.sampled_from([*USERS, "boss"]))
    def duty(self, user: str, on: bool, actor: str) -> None:
        at = self.model.now
        self.step(lambda d: d.set_duty(self.tenant, user, on, actor, at=at), lambda m: m.set_duty(user, on, actor))

    @rule(user=users, service=st.sampled_from(SERVICES), on=flags)
    def active(self, user: str, service: str, on: bool) -> None:
        at = self.model.now
        self.step(
            lambda d: d.set_active(self.tenant, user, service, on, at=at), lambda m: m.set_active(user, service, on)
        )

    @rule(user=users, presence=presences)
    def see_presence(self, user: str, presence: Presence) -> None:
        at = self.model.now
        self.step(
            lambda d: d.set_presence(self.tenant, {user: presence}, at=at), lambda m: m.set_presence(user, presence)
        )

    @rule(user=users, on=st.sampled_from([True, True, False]))
    def register(self, user: str, on: bool) -> None:
        at = self.model.now
        self.step(lambda d: d.set_registered(self.tenant, user, on, at=at), lambda m: m.set_registered(user, on))

    @rule(user=users, page=pages, name=st.sampled_from(["surface_beat", "surface_beat", "surface_gone"]))
    def page(self, user: str, page: str, name: str) -> None:
        at = self.model.now
        self.step(lambda d: getattr(d, name)(self.tenant, user, page, at=at), lambda m: getattr(m, name)(user, page))

    @rule(user=users, name=st.sampled_from(["reached", "reset_rona"]))
    def recover(self, user: str, name: str) -> None:
        at = self.model.now
        if name == "reached":
            self.step(lambda d: d.reached(self.tenant, user, at=at), lambda m: m.reached(user))
        else:
            self.step(lambda d: d.reset_rona(self.tenant, user, "boss", at=at), lambda m: m.reset_rona(user))

    @rule(pause=seconds)
    def wait(self, pause: float) -> None:
        to = self.model.now + round(pause * 1000)
        self.do(fire_virtual(self.stores[0], self.tenant, to))
        self.model.advance(to)

    @precondition(has_tasks)
    @rule(
        picks=st.tuples(picks, picks),
        who=st.tuples(users, users),
        names=st.tuples(
            *[
                st.sampled_from(
                    ["accept", "decline", "undelivered", "visitor", "cancel", "confirm_delivery", "opened", "agent"]
                )
            ]
            * 2
        ),
    )
    def race(self, picks: tuple[int, int], who: tuple[str, str], names: tuple[str, str]) -> None:
        """Two clients at the same moment: it went as if one had been first."""
        pairs = [self.pair(*each) for each in zip(names, picks, who, strict=True)]

        async def both() -> list[Verdict | None]:
            return await asyncio.gather(
                *(_say(verb, client) for (verb, _), client in zip(pairs, self.racers, strict=True))
            )

        said = self.do(both())
        seen = self.do(self._see())
        for order in ((0, 1), (1, 0)):
            model = self.model.copy()
            told = {index: pairs[index][1](model) for index in order}
            if [told[0], told[1]] == said and self._picture(model) == seen:
                self.model = model
                return
        raise AssertionError(f"{names} at once: {said} fits neither order")

    # --- and is compared

    @invariant()
    def agree(self) -> None:
        if self.model.agents:
            assert self.do(self._see()) == self._picture(self.model)

    async def _see(self) -> dict[str, Any]:
        d, t, now = self.clients[0], self.tenant, self.model.now
        tasks = await asyncio.gather(*(d.task(t, id_) for id_ in self.model.tasks))
        agents = await asyncio.gather(*(d.agent(t, user, at=now) for user in self.model.agents))
        waiting = await asyncio.gather(*(d.waiting(t, lane) for lane in (*SERVICES, *(f"@{user}" for user in USERS))))
        return {
            "tasks": [_seen(task) for task in tasks if task],
            "agents": [
                (a.user, a.on_duty, a.registered, a.surfaces, a.rona_until_at, dict(a.reasons), list(a.tasks))
                for a in agents
                if a
            ],
            "waiting": [[task.id for task in tasks] for tasks in waiting],
        }

    def _picture(self, model: Model) -> dict[str, Any]:
        lanes = [*((service, None) for service in SERVICES), *(("", user) for user in USERS)]
        queued = sorted(
            (task for task in model.tasks.values() if task.state is TaskState.QUEUED), key=lambda t: (t.since, t.id)
        )
        return {
            "tasks": [task.seen() for task in model.tasks.values()],
            "agents": [
                (
                    a.user,
                    a.duty,
                    a.registered,
                    model.open_surfaces(a),
                    a.rona_until,
                    {service: model.reasons(a, service) for service in ("", *a.rules.services)},
                    list(a.held),
                )
                for a in model.agents.values()
            ],
            "waiting": [[t.id for t in queued if (t.service, None if t.service else t.user) == lane] for lane in lanes],
        }


def _seen(t: Task) -> tuple[object, ...]:
    """What is compared of a task; `ModelTask.seen` has the same."""
    return (
        t.id, t.state, t.service, t.user, t.since_at, t.offer, t.invited, t.deliver_by_at, t.deadline_at, t.agent,
        t.acw_until_at, t.acw_extensions, t.outcome, t.ended_by, t.visitor_left_at, dict(t.past), t.codes,
    )  # fmt: skip


async def _say(verb: Verb, client: Distributor) -> Verdict | None:
    answer = await verb(client)
    return answer.verdict if isinstance(answer, Answer) else answer


@pytest.mark.timeout(600)
def test_random_days_agree_with_the_model(valkey_url: str) -> None:
    with asyncio.Runner() as runner:
        made = type("DayHere", (Day,), {"url": valkey_url, "loop": runner})
        run_state_machine_as_test(
            made,
            settings=settings(
                max_examples=EXAMPLES,
                stateful_step_count=STEPS,
                deadline=None,
                suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
                phases=[phase for phase in Phase if phase is not Phase.shrink or SHRINK],
                print_blob=True,
            ),
        )
