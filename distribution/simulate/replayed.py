"""A recorded day once more: the same customers and agents, under the same or other settings."""

import random
from collections import defaultdict
from dataclasses import replace

from distribution.agents import AgentRules, Presence
from distribution.keys import agent_key, task_key
from distribution.service_rules import Level, ServiceRules
from distribution.simulate.day import FOR_EVER, SimulatedDay
from distribution.simulate.outcome import Outcome
from distribution.simulate.recorded import Chat, Elsewhere, Facts, Reaction, Recording
from distribution.tasks import Priority, Via
from store.connection import Store

AT_HAND = Reaction("accepted", 0, 0)
HANDLING = 300_000
"""Of a day on which nobody talked (ms)."""

ANSWERED = frozenset({"accepted", "declined", "rona"})

DIRECT = ServiceRules(
    "Elsewhere", offer_seconds=300, deliver_seconds=60, concurrent=500, queue_seconds=3_600, overflow="wait",
    idle_seconds=0, agent_lost_seconds=0, allow_busy=True, allow_away=True, rona_after_misses=0,
)  # fmt: skip
"""What an agent does beside the service is a task of their own, direct to them."""


async def replay_day(store: Store, recording: Recording, rules: ServiceRules, more_agents: int = 0) -> Outcome:
    """`rules`: the recorded ones or others. `more_agents`: so many beside the recorded ones, from the first chat to the last.

    `store`: a server of its own, as for `simulate`.
    """
    day = ReplayedDay(store, recording)
    await day.begin(rules, more_agents)
    await day.run()
    return day.outcome


class ReplayedDay(SimulatedDay):
    def __init__(self, store: Store, recording: Recording) -> None:
        super().__init__(store, recording.begins)
        self.told = recording
        self.outcome.staffed_seconds = recording.was.staffed_seconds
        self.elsewhere: dict[str, Elsewhere] = {}
        self.asked: defaultdict[tuple[str, str], int] = defaultdict(int)
        reactions = [(user, one) for (_, user), some in recording.reactions.items() for one in some]
        self.habits: defaultdict[str, list[Reaction]] = defaultdict(list)
        for user, reaction in reactions:
            if reaction.how in ANSWERED:
                self.habits[user].append(reaction)
        self.anybody = [one for _, one in reactions if one.how in ANSWERED] or [AT_HAND]
        chats = recording.chats.values()
        talks = [chat.ended - chat.opened for chat in chats if chat.opened and chat.ended and chat.ended > chat.opened]
        self.talks = talks or [HANDLING]
        self.facts: dict[str, Facts] = {}
        self.failures = dict(recording.failures)

    # --- the beginning

    async def begin(self, rules: ServiceRules, more_agents: int) -> None:
        d, t, told = self.distributor, self.tenant, self.told
        initial = sorted(told.first.items(), key=lambda item: (item[1][0], item[0]))
        self.now = self.begins - len(initial) - 2
        await d.set_tenant(t, im_enabled=True, virtual=True, at=self.now)
        await d.set_service(t, told.service, self._playable(rules), at=self.now)
        if rules.overflow not in {"form", "wait"}:
            await d.set_service(t, rules.overflow, ServiceRules("Beyond", overflow="wait"), at=self.now)
        await d.set_direct(t, DIRECT, at=self.now)
        # One after the other, so that who has been idle longest at midnight is it here, too.
        for user, (_, facts) in initial:
            self.now += 1
            await self._follow(user, facts)
        self._plan_all()
        comes = [chat.comes for chat in told.chats.values()]
        for number in range(more_agents if comes else 0):
            self._plan_one_more(f"more{number:04}", min(comes), max(comes))

    def _playable(self, rules: ServiceRules) -> ServiceRules:
        """Nobody writes here, and all ends are recorded: silence ends nothing. Of a level's skills only the agents are known."""
        levels = tuple(
            Level(level.after_seconds, self._members(number, level), level.skills)
            for number, level in enumerate(rules.levels, 1)
        )
        return replace(rules, levels=levels, idle_seconds=0, agent_lost_seconds=0, stale_seconds=0, sweeps=())

    def _members(self, number: int, level: Level) -> tuple[str, ...]:
        recorded = {user for user, its in self.told.levels.items() if its == number}
        return (*level.agents, *sorted(recorded - set(level.agents)))

    def _plan_all(self) -> None:
        """What is of the same instant happens in this order."""
        told = self.told
        for index, hold in enumerate(told.elsewhere):
            task = f"elsewhere{index:06}"
            self.elsewhere[task] = hold
            self.plan(hold.begins, "elsewhere", task)
        # What comes from elsewhere waits in front of all when they become free in the same moment ...
        for index, (at, *_) in enumerate(told.staff):
            self.plan(at, "staff", str(index))
        for at, user in told.resets:
            self.plan(at, "resets", user)
        # ... and what made it go back may be that they are not to be reached.
        for task, hold in self.elsewhere.items():
            if hold.ends is not None:
                self.plan(hold.ends, "back", task)
        for task, chat in told.chats.items():
            self.plan(chat.comes, "comes", task)
            if chat.leaves is not None:
                self.plan(chat.leaves, "leaves", task)
            for at, what, about in chat.doings:
                self.plan(at, what, *about)

    def _plan_one_more(self, user: str, begins: int, ends: int) -> None:
        there = Facts((True, True, True, 1), True, Presence.AVAILABLE, True, "")
        self.told = replace(
            self.told, staff=[*self.told.staff, (begins, user, there), (ends, user, there._replace(duty=False))]
        )
        for index in (-2, -1):
            number = len(self.told.staff) + index
            self.plan(self.told.staff[number][0], "staff", str(number))
        self.outcome.staffed_seconds += (ends - begins) / 1000

    # --- agents

    async def do_staff(self, index: str) -> None:
        _, user, facts = self.told.staff[int(index)]
        await self._follow(user, facts)

    async def _follow(self, user: str, facts: Facts) -> None:
        """What is different from before."""
        d, t, at, known = self.distributor, self.tenant, self.now, self.facts.get(user)
        if known is None or known.rules != facts.rules:
            licensed, member, active, capacity = facts.rules
            services = {self.told.service: active} if member else {}
            its = AgentRules(licensed=licensed, direct_licensed=True, services=services, capacity=capacity)
            await d.set_agent(t, user, its, at=at)
        if known is None or known.unavailable != facts.unavailable:
            await d.set_availability(t, user, facts.unavailable, actor=user, at=at)
        if (known.duty if known else True) != facts.duty:
            await d.set_duty(t, user, on=facts.duty, actor="shift", at=at)
        if known is None or known.reachable != facts.reachable:
            await d.set_registered(t, user, registered=facts.reachable, at=at)
            if facts.reachable:
                # Also after a card that did not arrive.
                await d.reached(t, user, at=at)
        if known is None or known.presence != facts.presence:
            await d.set_presence(t, {user: Presence(facts.presence)}, at=at)
            # Nobody polls Teams here: the reading stays as it is until the journal tells of another one.
            await self.store.hset(agent_key(t, user), {"doubt": self.begins + FOR_EVER})
        self.facts[user] = facts

    async def do_resets(self, user: str) -> None:
        await self.distributor.reset_rona(self.tenant, user, actor="recorded", at=self.now)

    async def do_elsewhere(self, task: str) -> None:
        user = self.elsewhere[task].user
        await self._create(task, user=user, priority=Priority.STRICT)

    async def do_back(self, task: str) -> None:
        await self.distributor.visitor_left(self.tenant, task, at=self.now)

    # --- customers

    async def _create(
        self,
        task: str,
        *,
        priority: Priority,
        service: str | None = None,
        user: str | None = None,
        chat: Chat | None = None,
    ) -> bool:
        answer = await self.distributor.create(
            self.tenant, task, service=service, user=user, priority=priority, workflow=False, at=self.now,
            preferred=chat.preferred if chat else (),
        )  # fmt: skip
        if answer.ok:
            # Who comes stays until they leave: nobody renews their connection here.
            self.first.append(("hset", (task_key(self.tenant, task), {"conns": f"tab={self.begins + FOR_EVER}"})))
        return answer.ok

    async def do_comes(self, task: str) -> None:
        chat = self.told.chats[task]
        self.outcome.chats += 1
        self.came[task] = self.now
        if await self._create(task, service=self.told.service, priority=Priority(chat.priority), chat=chat):
            self.open.add(task)

    async def do_leaves(self, task: str) -> None:
        if task not in self.waits:
            await self.distributor.visitor_left(self.tenant, task, at=self.now)

    async def do_picks(self, task: str, user: str) -> None:
        await self.distributor.pick(self.tenant, task, user, Via.CONSOLE, at=self.now)

    async def do_assigns(self, task: str, user: str) -> None:
        await self.distributor.assign(self.tenant, task, user, actor="recorded", at=self.now)

    async def do_priority(self, task: str, priority: str) -> None:
        await self.distributor.set_priority(self.tenant, task, Priority(priority), actor="recorded", at=self.now)

    # --- offers

    def hear_offered(self, fields: dict[str, str]) -> None:
        task, offer, user = about = fields["task"], fields["offer"], fields["user"]
        if hold := self.elsewhere.get(task):
            self.plan(self.now, "arrives", *about)
            if hold.talks is not None:
                self.plan(max(self.now, hold.talks), "accepts", *about)
            return
        self.outcome.offers += 1
        reaction = self._reaction(task, user)
        if reaction.arrives is not None:
            self.plan(self.now + reaction.arrives, "arrives", task, offer, user)
        what = {"accepted": "accepts", "declined": "declines", "undelivered": "fails"}.get(reaction.how)
        if what:
            self.plan(self.now + reaction.answers, what, *about)

    def _reaction(self, task: str, user: str) -> Reaction:
        """The recorded one; of an offer that they were not made, or that was taken from them before they answered, one of their others."""
        recorded, number = self.told.reactions.get((task, user), []), self.asked[task, user]
        self.asked[task, user] += 1
        known = recorded[number] if number < len(recorded) else None
        if known and known.how != "withdrawn":
            return known
        chance = random.Random(f"{task} {user} {number}")  # noqa: S311  # a repeatable day, no secret
        drawn = chance.choice(self.habits.get(user) or self.anybody)
        return drawn._replace(answers=max(drawn.answers, known.answers + 1)) if known else drawn

    async def do_arrives(self, task: str, offer: str, user: str) -> None:
        await self.distributor.confirm_delivery(self.tenant, task, offer, user, Via.CARD, at=self.now)

    async def do_fails(self, task: str, offer: str, user: str) -> None:
        await self.distributor.undelivered(self.tenant, task, offer, user, "recorded", at=self.now)

    async def do_declines(self, task: str, offer: str, user: str) -> None:
        await self.distributor.decline(self.tenant, task, offer, user, Via.CARD, at=self.now)

    async def do_accepts(self, task: str, offer: str, user: str) -> None:
        await self.distributor.accept(self.tenant, task, offer, user, Via.CARD, at=self.now)

    # --- talks

    def hear_accepted(self, fields: dict[str, str]) -> None:
        super().hear_accepted(fields)
        self._plan_opening(fields["task"], fields["user"])

    def hear_picked(self, fields: dict[str, str]) -> None:
        self.hear_accepted(fields)

    def _plan_opening(self, task: str, user: str) -> None:
        failed = self.failures.pop((task, user), None)
        if failed is not None:
            self.plan(self.now + failed, "cannot_open", task)
            return
        chat = self.told.chats.get(task)
        opening = chat.opened - chat.accepted if chat and chat.opened and chat.accepted else 0
        self.plan(self.now + max(0, opening), "opens", task, user)

    async def do_cannot_open(self, task: str) -> None:
        await self.distributor.opening_failed(self.tenant, task, "recorded", at=self.now)

    async def do_opens(self, task: str, user: str) -> None:
        await self.distributor.opened(self.tenant, task, at=self.now)
        if chat := self.told.chats.get(task):
            self.plan(self.now + self._talk(task, chat), "ends", task, user)

    def _talk(self, task: str, chat: Chat) -> int:
        if chat.opened and chat.ended:
            return chat.ended - chat.opened
        return random.Random(task).choice(self.talks)  # noqa: S311  # a repeatable day, no secret

    async def do_ends(self, task: str, user: str) -> None:
        await self.distributor.terminate(self.tenant, task, by="agent", actor=user, via=Via.ROOM, at=self.now)
        chat = self.told.chats[task]
        if chat.ended is not None:
            for at in chat.extended:
                self.plan(self.now + at - chat.ended, "extends", task, user)
            if chat.early and chat.closed is not None:
                self.plan(self.now + chat.closed - chat.ended, "finishes", task, user)

    async def do_extends(self, task: str, user: str) -> None:
        await self.distributor.extend_acw(self.tenant, task, user, Via.ROOM, at=self.now)

    async def do_finishes(self, task: str, user: str) -> None:
        await self.distributor.finish_acw(self.tenant, task, user, Via.ROOM, at=self.now)

    def hear_overflowed(self, fields: dict[str, str]) -> None:
        self.open.discard(fields["task"])
