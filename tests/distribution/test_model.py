"""Random days: whatever happens in whatever order, from two clients, the scripts and the plain model agree after every step."""

import asyncio
import os
import uuid
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from distribution.agents import AgentRules, Presence
from distribution.deadlines import fire_virtual
from distribution.distributor import Distributor
from distribution.service_rules import Level, ServiceRules
from distribution.tasks import Priority, Task, TaskState, Via
from distribution.verdicts import Answer, Verdict
from distribution.verify import verify
from distribution.vocabulary import HoursEnd, OfferPolicy, OverflowTo, ServiceKind
from store.connection import Store, open_store
from store.keys import root
from tests.distribution.consistency import faults
from tests.distribution.model import Model
from tests.distribution.model_state import ModelTask
from tests.distribution.world import SALES, START, SUPPORT, CheckedDistributor
from tests.journals import journal_faults

USERS = ("anna", "ben", "cleo", "dora")
SERVICES = (SALES, SUPPORT)
MOST_OPEN = 7
STEPS = 60
EXAMPLES = int(os.environ.get("USHER_MODEL_EXAMPLES", "36"))
SHRINK = "USHER_MODEL_NO_SHRINK" not in os.environ  # shrinking may take minutes: leave it out while looking for more

Verb = Callable[[Distributor], Awaitable[Answer | Verdict | int | None]]
Twin = Callable[[Model], Verdict | int | None]

TASK_EVENTS = (
    "queue", "confirm_delivery", "undelivered", "unsent", "accept", "decline", "opened", "opening_failed", "agent", "visitor", "system",
    "cancel", "visitor_left", "spoke", "visitor_here", "visitor_away", "save_wrapup", "finish_acw", "extend_acw",
    "pick", "pick_on_console", "assign", "strict", "high", "low", "take_back", "to anna", "to ben", f"to {SALES}",
    f"to {SUPPORT}",
)  # fmt: skip
ACTIONS = (
    *["go on"] * 8, *["hand on"] * 24, *["talk on"] * 7, *["create"] * 5, *["event"] * 5, *["wait"] * 4, *["agent"] * 4, *["race"] * 3,
    *["everybody comes back"] * 2, "change agent", "change service", "end all",
    *["path down"] * 2, *["path up"] * 3,
)  # fmt: skip
AGENT_EVENTS = (
    "duty",
    "availability",
    "active",
    "presence",
    "presence",
    "register",
    "surface_beat",
    "surface_gone",
    "reset_rona",
    "reached",
)
LIKELY = {
    TaskState.ARRIVING: ("queue",),
    TaskState.QUEUED: ("visitor_here", "pick", "pick_on_console", "assign", "high"),
    TaskState.OFFERED: ("confirm_delivery", "accept", "accept", "decline", "visitor_here"),
    TaskState.CONNECTING: ("opened", "opened", "opened", "opening_failed"),
    TaskState.ACTIVE: (
        "agent", "visitor", "spoke", "spoke", "save_wrapup", "visitor_away", "visitor_here", f"to {SALES}", f"to {SUPPORT}",
        "to cleo", "to dora",
    ),
    TaskState.ACW: ("finish_acw", "extend_acw", "save_wrapup"),
    TaskState.CLOSED: ("finish_acw",),
}  # fmt: skip
HANDING_ON = {
    TaskState.QUEUED: ("spoke", "visitor_away", "visitor", "pick", "pick_on_console", "assign", "take_back", "agent"),
    TaskState.OFFERED: (
        "confirm_delivery",
        "accept",
        "accept",
        "accept",
        "decline",
        "undelivered",
        "unsent",
        "take_back",
        "agent",
    ),
    TaskState.CONNECTING: (
        "opened",
        "opened",
        "opened",
        "opened",
        "opening_failed",
        "visitor_left",
        "take_back",
        "supervisor",
    ),
}
ANSWERS = {"confirm_delivery", "accept", "decline", "undelivered", "unsent"}

users = st.sampled_from(USERS)
flags = st.booleans()
picks = st.integers(0, 99)
clients = st.integers(0, 1)
services = st.sampled_from(SERVICES)
seconds = st.one_of(
    st.sampled_from([0.001, 1, 5, 9.999, 10, 20, 30, 45, 60, 105, 200]),
    st.integers(1, 90_000).map(lambda ms: ms / 1000),
)
LEVELS = (
    (),
    (),
    (Level(0, ("anna", "ben")), Level(10, skills=("vip",))),
    (Level(0, skills=("vip", "fast")), Level(5, ("cleo",)), Level(30, ("dora",), ("fast",))),
)
HOURS = (
    None,
    None,
    None,
    ((START, START + 60_000), (START + 120_000, START + 600_000)),
    ((START + 30_000, START + 10**10),),
)
service_rules = st.builds(
    ServiceRules,
    name=st.just("Service"),
    kind=st.sampled_from([ServiceKind.DIRECT, ServiceKind.DIRECT, *ServiceKind]),
    priority=st.sampled_from(["normal", "normal", "high", "low"]),
    age_every_seconds=st.sampled_from([0, 0, 10]),
    levels=st.sampled_from(LEVELS),
    agents_may_pick=flags,
    queue_limit=st.sampled_from([0, 0, 1, 2]),
    overflow=st.sampled_from([*OverflowTo, SALES, SUPPORT]),
    hours=st.sampled_from(HOURS),
    hours_end=st.sampled_from(HoursEnd),
    policy=st.sampled_from(OfferPolicy),
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
    # A changed setting counts from the next time that the task is looked at: no random change of these.
    idle_warn_seconds=st.just(100),
    idle_seconds=st.just(150),
    agent_lost_seconds=st.just(45),
    stale_seconds=st.just(240),
    sweeps=st.just((START + 200_000, START + 500_000)),
    sweep_quiet_seconds=st.just(60),
)
agent_rules = st.builds(
    AgentRules,
    licensed=st.sampled_from([*[True] * 9, False]),
    direct_licensed=flags,
    services=st.sampled_from(
        [{SALES: True}, {SALES: True, SUPPORT: True}, {SALES: True, SUPPORT: True}, {SUPPORT: True}, {SALES: False}, {}]
    ),
    capacity=st.integers(1, 3),
    skills=st.sampled_from([(), ("vip",), ("fast",), ("fast", "vip")]),
)
priorities = st.sampled_from([*[None] * 3, *Priority])
preferences = st.sampled_from([(), (), ("ben",), ("dora", "anna")])
presences = st.sampled_from([*[Presence.AVAILABLE] * 8, *Presence])


def fitting(service: str, rules: ServiceRules) -> ServiceRules:
    """A service does not overflow to itself; chats straight to a user have no levels, and no other service."""
    if not service:
        return replace(rules, kind=ServiceKind.DIRECT, levels=(), overflow="form")
    return replace(rules, overflow="form") if rules.overflow == service else rules


class Noted(CheckedDistributor):
    """Tells the story of a failing example, script by script."""

    async def _run(self, script: str, tenant: str, **args: str | int) -> Any:
        if script != "agent":
            note(f"{script}({', '.join(f'{name}={value}' for name, value in args.items() if name != 'allowed')})")
        return await super()._run(script, tenant, **args)


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
        self.clients = [Noted(self.stores[0]), Noted(self.stores[1])]
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
        report = await verify(self.stores[0], self.tenant, tolerance=0, now=self.model.now)
        uncatalogued = await journal_faults(self.stores[0], f"{root(self.tenant)}journal:{self.tenant}")
        await self.stores[0].delete(*await self.stores[0].scan(f"{root(self.tenant)}*{self.tenant}*"))
        await self.stores[0].delete(f"{root(self.tenant)}due")
        for store in self.stores:
            await store.close()
        assert found == []
        assert report.violations == []
        assert uncatalogued == []

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
        """Task, user and offer: mostly an offer that rings, sometimes an old one or somebody else's."""
        ringing = [task for task in self.model.tasks.values() if task.state is TaskState.OFFERED]
        if ringing and pick % 5:
            task = ringing[pick % len(ringing)]
            return task.id, task.invited[pick % len(task.invited)], str(task.offer)
        return self.task(pick), user, str(pick % 3 + 1)

    def owned(self, pick: int, user: str) -> tuple[str, str]:
        id_ = self.task(pick)
        task = self.model.tasks[id_]
        return id_, (task.holder or task.agent or user if pick % 4 else next(iter(task.wraps), user))

    # --- what can happen

    @initialize(sales=service_rules, support=service_rules, direct=service_rules, rules=st.tuples(*[agent_rules] * 4))
    def open(
        self, sales: ServiceRules, support: ServiceRules, direct: ServiceRules, rules: tuple[AgentRules, ...]
    ) -> None:
        async def build() -> None:
            d, t = self.clients[0], self.tenant
            await d.set_tenant(t, im_enabled=True, virtual=True, at=START)
            for service, its in ((SALES, sales), (SUPPORT, support), ("", direct)):
                await d.set_service(t, service, fitting(service, its), at=START)
                self.model.set_service(service, fitting(service, its))

        self.do(build())
        for user, its in zip(USERS, rules, strict=True):
            self.hire(user, its)
            self.register(user, True)
            self.see_presence(user, Presence.AVAILABLE)

    def hire(self, user: str, rules: AgentRules) -> None:
        at = self.model.now
        self.step(lambda d: d.set_agent(self.tenant, user, rules, at=at), lambda m: m.set_agent(user, rules))

    @rule(action=st.sampled_from(ACTIONS), data=st.data())
    def happen(self, action: str, data: st.DataObject) -> None:
        """One rule for everything: Hypothesis would choose among many rules evenly, and hardly ever end a talk."""
        draw = data.draw
        match action:
            case "create":
                who = draw(st.sampled_from([*SERVICES * 2, None])), draw(users)
                self.create(*who, draw(flags), draw(clients), draw(priorities), draw(preferences))
            case "wait":
                self.wait(draw(seconds))
            case "agent":
                self.agent(
                    draw(users), draw(st.sampled_from(AGENT_EVENTS)), draw(flags), draw(presences), draw(services)
                )
            case "everybody comes back":
                self.everybody_comes_back()
            case "path down":
                at = self.model.now
                self.step(lambda d: d.path_down(self.tenant, "unavailable", at=at), lambda m: m.path_goes_down())
            case "path up":
                at = self.model.now
                self.step(lambda d: d.path_up(self.tenant, at=at), lambda m: m.path_comes_up())
            case "change agent":
                self.hire(draw(users), draw(agent_rules))
            case "end all":
                self.end_all(draw(services))
            case "change service":
                self.change_service(draw(st.sampled_from([*SERVICES, ""])), draw(service_rules))
            case _ if not self.model.tasks:
                self.create(SALES, draw(users), workflow=False, client=0)
            case "go on":
                self.go_on(draw(picks), draw(users), draw(clients), draw(picks))
            case "talk on":
                self.talk_on(draw(picks), draw(users), draw(clients), draw(picks))
            case "hand on":
                self.hand_on(draw(picks), draw(users), draw(clients), draw(picks))
            case "race":
                names = draw(st.tuples(*[st.sampled_from(TASK_EVENTS)] * 2))
                self.race(draw(st.tuples(picks, picks)), draw(st.tuples(users, users)), names)
            case _:
                self.step(*self.pair(draw(st.sampled_from(TASK_EVENTS)), draw(picks), draw(users)), draw(clients))

    def change_service(self, service: str, rules: ServiceRules) -> None:
        at, rules = self.model.now, fitting(service, rules)
        self.step(lambda d: d.set_service(self.tenant, service, rules, at=at), lambda m: m.set_service(service, rules))

    def end_all(self, service: str) -> None:
        at = self.model.now
        self.step(lambda d: d.end_all(self.tenant, service, actor="boss", at=at), lambda m: m.end_all(service))

    def create(
        self,
        service: str | None,
        user: str,
        workflow: bool,
        client: int,
        priority: Priority | None = None,
        preferred: tuple[str, ...] = (),
    ) -> None:
        if sum(task.state is not TaskState.CLOSED for task in self.model.tasks.values()) >= MOST_OPEN:
            return
        self.count += 1
        id_, direct, at = f"task{self.count:03}", None if service else user, self.model.now
        more: dict[str, Any] = {"workflow": workflow, "priority": priority, "preferred": preferred}
        self.step(
            lambda d: d.create(self.tenant, id_, service=service, user=direct, at=at, **more),
            lambda m: m.create(id_, service, direct, **more),
            client,
        )

    def go_on(self, pick: int, user: str, client: int, choice: int) -> None:
        """What mostly happens next to a task in its state."""
        task = self.model.tasks[self.task(pick)]
        likely = self.likely(task)
        self.step(*self.pair(likely[choice % len(likely)], pick, user), client)

    def talk_on(self, pick: int, user: str, client: int, choice: int) -> None:
        """Towards the end of a task that was accepted, if there is one."""
        open_ = [task for task in self.model.tasks.values() if task.state is not TaskState.CLOSED or task.wraps]
        accepted = [task for task in open_ if task.agent or task.holder]
        if accepted:
            self.step_on(accepted[pick % len(accepted)], pick, user, client, choice)

    def hand_on(self, pick: int, user: str, client: int, choice: int) -> None:
        """Towards a talk that changes hands, with the task that is nearest to it."""
        open_ = [task for task in self.model.tasks.values() if task.state is not TaskState.CLOSED]
        talks = [task for task in open_ if task.state is TaskState.ACTIVE]
        for near in ([task for task in open_ if task.holder], talks):
            if near and (near is talks or pick % 3):
                task = near[pick % len(near)]
                who = task.holder or task.agent or user
                free = [one for one, agent in self.model.agents.items() if not self.model.reasons(agent, task.service)]
                aims = [*SERVICES, *free, *free]
                if near is talks:
                    self.step(*self.pair_of(f"to {aims[choice % len(aims)]}", task.id, who), client)
                else:
                    self.step_on(task, pick, user, client, choice)
                return
        for state, verb in (
            (TaskState.CONNECTING, "opened"),
            (TaskState.OFFERED, "accept"),
            (TaskState.ARRIVING, "queue"),
        ):
            for task in open_:
                if task.state is state:
                    who = task.invited[0] if task.invited else user
                    self.step(
                        *self.pair_of(verb, task.id, *((who, str(task.offer)) if verb == "accept" else (who,))), client
                    )
                    return
        self.everybody_comes_back()

    def step_on(self, task: ModelTask, pick: int, user: str, client: int, choice: int) -> None:
        """What mostly happens next, done by who may do it."""
        verbs = self.likely(task)
        verb, who = verbs[choice % len(verbs)], task.holder or task.agent or user
        if verb in ANSWERS:
            self.step(*self.pair_of(verb, task.id, task.invited[0], str(task.offer)), client)
        elif task.wraps and pick % 2:
            self.step(*self.pair_of(("finish_acw", "extend_acw")[choice % 2], task.id, next(iter(task.wraps))), client)
        else:
            self.step(*self.pair_of(verb, task.id, user if verb in {"pick", "assign"} else who), client)

    def likely(self, task: ModelTask) -> tuple[str, ...]:
        return (HANDING_ON if task.holder else LIKELY)[task.state]

    def race(self, picks: tuple[int, int], who: tuple[str, str], names: tuple[str, str]) -> None:
        """Two clients at the same moment: it went as if one had been first."""
        pairs = [self.pair(*each) for each in zip(names, picks, who, strict=True)]

        async def both() -> list[Verdict | int | None]:
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

    def pair(self, name: str, pick: int, user: str) -> tuple[Verb, Twin]:
        """An event of a task, for the distributor and for the model."""
        if name in ANSWERS:
            return self.pair_of(name, *self.offer(pick, user))
        task, owner = self.owned(pick, user)
        return self.pair_of(name, task, owner, f"tab-{pick % 2}")

    def pair_of(self, name: str, task: str, user: str, extra: str = "tab") -> tuple[Verb, Twin]:
        """`extra`: the offer, or the visitor's connection."""
        t, at = self.tenant, self.model.now
        match name:
            case "confirm_delivery" | "accept" | "decline":
                return (
                    lambda d: getattr(d, name)(t, task, extra, user, Via.CARD, at=at),
                    lambda m: getattr(m, name)(task, extra, user),
                )
            case "undelivered":
                return (
                    lambda d: d.undelivered(t, task, extra, user, "why", at=at),
                    lambda m: m.undelivered(task, extra, user),
                )
            case "unsent":
                return lambda d: d.unsent(t, task, extra, user, at=at), lambda m: m.unsent(task, extra, user)
            case "finish_acw" | "extend_acw" | "take_back":
                return lambda d: getattr(d, name)(t, task, user, Via.ROOM, at=at), lambda m: getattr(m, name)(
                    task, user
                )
            case "agent" | "visitor" | "system" | "supervisor":
                return (
                    lambda d: d.terminate(t, task, by=name, actor=user, via=Via.ROOM, at=at),
                    lambda m: m.terminate(task, name, user),
                )
            case "spoke":
                by = "agent" if at % 2 else "visitor"
                return lambda d: d.spoke(t, task, by, who=user if by == "agent" else "", at=at), lambda m: m.spoke(
                    task, by
                )
            case "visitor_here" | "visitor_away":
                return lambda d: getattr(d, name)(t, task, extra, at=at), lambda m: getattr(m, name)(task, extra)
            case "save_wrapup":
                codes = (extra,)
                return (
                    lambda d: d.save_wrapup(t, task, user, codes=codes, tags=(), note="", at=at),
                    lambda m: m.save_wrapup(task, user, codes),
                )
            case "opening_failed":
                return lambda d: d.opening_failed(t, task, "why", at=at), lambda m: m.opening_failed(task)
            case "pick" | "pick_on_console":
                console = name != "pick"
                via = Via.CONSOLE if console else Via.PORTAL
                return (
                    lambda d: d.pick(t, task, user, via, at=at),
                    lambda m: m.pick(task, user, console=console),
                )
            case "assign":
                return lambda d: d.assign(t, task, user, actor="boss", at=at), lambda m: m.assign(task, user)
            case "strict" | "high" | "low":
                return (
                    lambda d: d.set_priority(t, task, Priority(name), actor="boss", at=at),
                    lambda m: m.set_priority(task, name),
                )
            case _ if name.startswith("to "):
                aim = name.removeprefix("to ")
                to = {"to_service" if aim in SERVICES else "to_user": aim}
                return (
                    lambda d: d.transfer(t, task, user, **to, via=Via.ROOM, at=at),
                    lambda m: m.transfer(task, user, **to),
                )
            case "cancel":
                return lambda d: d.cancel(t, task, actor="boss", why="spam", at=at), lambda m: m.cancel(task)
            case _:
                return lambda d: getattr(d, name)(t, task, at=at), lambda m: getattr(m, name)(task)

    def agent(self, user: str, name: str, on: bool, presence: Presence, service: str) -> None:
        t, at, page = self.tenant, self.model.now, f"page-{on}"
        actor = user if on else "boss"
        match name:
            case "duty":
                self.step(lambda d: d.set_duty(t, user, on, actor, at=at), lambda m: m.set_duty(user, on, actor))
            case "availability":
                reason = "" if on else "training"
                self.step(
                    lambda d: d.set_availability(t, user, reason, actor, at=at),
                    lambda m: m.set_availability(user, reason, actor),
                )
            case "active":
                self.step(
                    lambda d: d.set_active(t, user, service, on, at=at), lambda m: m.set_active(user, service, on)
                )
            case "presence":
                self.see_presence(user, presence)
            case "register":
                self.register(user, on)
            case "surface_beat" | "surface_gone":
                self.step(lambda d: getattr(d, name)(t, user, page, at=at), lambda m: getattr(m, name)(user, page))
            case "reset_rona":
                self.step(lambda d: d.reset_rona(t, user, actor, at=at), lambda m: m.reset_rona(user))
            case _:
                self.step(lambda d: d.reached(t, user, at=at), lambda m: m.reached(user))

    def everybody_comes_back(self) -> None:
        t, at = self.tenant, self.model.now
        for user in USERS:
            self.step(lambda d, u=user: d.set_duty(t, u, True, u, at=at), lambda m, u=user: m.set_duty(u, True, u))
            self.step(
                lambda d, u=user: d.set_availability(t, u, "", u, at=at), lambda m, u=user: m.set_availability(u, "", u)
            )
            self.register(user, True)
            self.see_presence(user, Presence.AVAILABLE)

    def see_presence(self, user: str, presence: Presence) -> None:
        at = self.model.now
        self.step(
            lambda d: d.set_presence(self.tenant, {user: presence}, at=at), lambda m: m.set_presence(user, presence)
        )

    def register(self, user: str, on: bool) -> None:
        at = self.model.now
        self.step(lambda d: d.set_registered(self.tenant, user, on, at=at), lambda m: m.set_registered(user, on))

    def wait(self, pause: float) -> None:
        to = self.model.now + round(pause * 1000)
        self.do(self._pass_time(to))
        self.model.advance(to)

    async def _pass_time(self, to: int) -> None:
        key = f"{root(self.tenant)}journal:{self.tenant}"
        last = await self.stores[0].xrevrange(key, count=1)
        await fire_virtual(self.stores[0], self.tenant, to)
        for _, fields in await self.stores[0].xrange(key, last[0][0] if last else ""):
            note(f"  {' '.join(f'{name}={value}' for name, value in fields.items())}")

    # --- and is compared

    @invariant()
    def agree(self) -> None:
        if self.model.agents:
            seen, wanted = self.do(self._see()), self._picture(self.model)
            for kind, things in wanted.items():
                for found, expected in zip(seen[kind], things, strict=True):
                    assert found == expected

    async def _see(self) -> dict[str, Any]:
        d, t, now = self.clients[0], self.tenant, self.model.now
        tasks = await asyncio.gather(*(d.task(t, id_) for id_ in self.model.tasks))
        agents = await asyncio.gather(*(d.agent(t, user, at=now) for user in self.model.agents))
        waiting = await asyncio.gather(*(d.waiting(t, lane) for lane in (*SERVICES, *(f"@{user}" for user in USERS))))
        return {
            "tasks": [_seen(task) for task in tasks if task],
            "agents": [
                (
                    a.user,
                    a.on_duty,
                    a.registered,
                    a.surfaces,
                    a.rona_until_at,
                    dict(a.reasons),
                    list(a.tasks),
                    dict(a.wrapping),
                )
                for a in agents
                if a
            ],
            "waiting": [[task.id for task in tasks] for tasks in waiting],
        }

    def _picture(self, model: Model) -> dict[str, Any]:
        lanes = [*((service, None) for service in SERVICES), *(("", user) for user in USERS)]
        queued = sorted(
            (task for task in model.tasks.values() if task.state is TaskState.QUEUED), key=lambda t: (t.rank, t.id)
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
                    a.wraps,
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
        t.priority, t.level, t.hops, t.last_word_at, t.idle_warned_at, {user: service or "" for user, service in t.had_for.items()}, t.holder, t.transfer_to,
        (t.home or "") if t.holder else None,
        t.transfer_ends_at, {user: (t.had_for[user] or "", one.extensions) for user, one in t.wraps.items()},
        {user: one.codes for user, one in t.noted.items()}, t.paused_until_at,
    )  # fmt: skip


async def _say(verb: Verb, client: Distributor) -> Verdict | int | None:
    answer = await verb(client)
    return answer.verdict if isinstance(answer, Answer) else answer


@pytest.mark.timeout(max(600, EXAMPLES * 5))
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
                # Always the same days, so that one run can be compared with the last; `make soak` looks for new ones.
                derandomize="USHER_MODEL_EXAMPLES" not in os.environ,
            ),
        )
