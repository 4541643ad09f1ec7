"""Who is asked for what: the order of tasks, the order of agents, and that nobody waits while somebody is free."""

from dataclasses import dataclass
from typing import assert_never

from distribution.verify.report import Rule
from distribution.verify.state import State
from distribution.verify.views import AgentView, ServiceView, TaskView
from distribution.vocabulary import OfferPolicy

SKIPPED_AT_ONCE = 32
"""The distributor passes over so many tasks that an agent was asked for already, then goes on 100 ms later."""

LOOKED_AT = 64
"""So many of those who wait, and who are free, are held against each other at each moment."""

Key = tuple[int, int, int, int, str]


@dataclass(slots=True)
class _Doubt:
    """An agent was passed over. If time alone had just taken something from them, that was right."""

    at: int
    user: str
    entry: str
    what: str


class Order:
    """Checked at each offer, and for `at once` whenever an instant is over."""

    def __init__(self, state: State) -> None:
        self.state = state
        self._doubts: list[_Doubt] = []
        self._unmatched: dict[str, tuple[int, str, bool]] = {}  # lane → since when, which pair, reported

    # --- tasks

    def may_take(self, task: TaskView, agent: AgentView) -> bool:
        """Nothing about this task stands against asking them, and has not for longer than the tolerance."""
        asked = task.asked_until(agent.user)
        if asked and asked >= self.state.now - self.state.tolerance:
            return False
        return not task.service or agent.level(task.service) <= task.level

    def check_task_order(self, chosen: TaskView, agent: AgentView) -> None:
        """Before the offer is noted: does a task wait that ranks before it, and that they could have had?"""
        self.state.report.checked[Rule.ORDER] += 1
        for name in agent.ready:
            service = self.state.service(name)
            if not service.asks or not service.settled or not self.state.has_room(service):
                continue
            passed = self._passed_over(chosen, agent, name or f"@{agent.user}")
            if passed:
                self.state.broken(Rule.ORDER, f"{agent.user} is offered {chosen.id}, and {passed.id} waits before it")
                return

    def _passed_over(self, chosen: TaskView, agent: AgentView, lane: str) -> TaskView | None:
        for rank, id_ in self.state.waiting[lane][:SKIPPED_AT_ONCE]:
            if (rank, id_) >= (chosen.rank, chosen.id):
                return None
            task = self.state.tasks[id_]
            if self.may_take(task, agent):
                return task
        return None

    # --- agents

    def key(self, task: TaskView, service: ServiceView, agent: AgentView) -> Key:
        """Where they stand in the order for this task; the lowest is asked first."""
        preferred = task.preferred.index(agent.user) if agent.user in task.preferred else len(task.preferred)
        level = agent.level(task.service)
        idle = max(agent.idle_since, agent.put_back)
        match service.policy:
            case OfferPolicy.LONGEST_IDLE:
                return preferred, level, 0, idle, agent.user
            case OfferPolicy.ROUND_ROBIN:
                return preferred, level, 0, max(agent.last_offer, agent.put_back), agent.user
            case OfferPolicy.LEAST_OCCUPIED:
                share = 100 * len(agent.held) // agent.capacity
                occupied = 100 if agent.put_back > agent.idle_since else share
                return preferred, level, occupied, idle, agent.user
            case _:
                assert_never(service.policy)

    def check_agent_order(self, task: TaskView, agent: AgentView) -> None:
        """Before the offer is noted: is there somebody who comes before them?"""
        if not task.service:
            return
        service = self.state.service(task.service)
        if not service.settled:
            return
        self.state.report.checked[Rule.AGENTS] += 1
        mine = self.key(task, service, agent)
        fresh = task.asked_until(agent.user) == 0
        for user in self.state.ready[task.service]:
            other = self.state.agents[user]
            asked = task.asked_until(user)
            if user == agent.user or not self._is_open_to(task, other) or (asked and fresh):
                continue
            if asked >= self.state.now - self.state.tolerance:
                continue
            if (fresh or asked) and self.key(task, service, other) > mine:
                continue
            what = f"{task.id} is offered to {agent.user}, and {user} comes before them"
            self._doubts.append(_Doubt(self.state.now, user, self.state.entry, what))
            return

    @staticmethod
    def _is_open_to(task: TaskView, agent: AgentView) -> bool:
        return agent.level(task.service) <= task.level

    # --- at once

    def instant_over(self, following: int) -> None:
        """What was so in the instant that is over, and stays so until the next event."""
        if self._doubts and self._doubts[0].at + self.state.tolerance < following:
            self._settle_doubts(following)
        if not self.state.complete:
            return
        for lane in self.state.touched:
            if self.state.waiting.get(lane):
                self._look(lane)
            elif lane in self._unmatched:
                del self._unmatched[lane]
        self.state.touched.clear()
        for lane, (since, what, reported) in list(self._unmatched.items()):
            if not reported and following - since > self.state.patience:
                self.state.hold(Rule.AT_ONCE, False, what)
                self._unmatched[lane] = (since, what, True)

    def _settle_doubts(self, following: int) -> None:
        for doubt in self._doubts:
            agent = self.state.agents.get(doubt.user)
            if doubt.at + self.state.tolerance < following and (agent is None or agent.lapsed < doubt.at):
                self.state.report.violate(Rule.AGENTS, doubt.entry, doubt.at, doubt.what)
        self._doubts = [doubt for doubt in self._doubts if doubt.at + self.state.tolerance >= following]

    def _look(self, lane: str) -> None:
        """Is there a task that somebody who is free could have been asked for?"""
        name = "" if lane.startswith("@") else lane
        service = self.state.service(name)
        pair = None
        if service.asks and self.state.has_room(service) and service.settled:
            self.state.report.checked[Rule.AT_ONCE] += 1
            pair = self._pair(lane, name, self.state.now)
        if pair is None:
            self._unmatched.pop(lane, None)
        elif lane not in self._unmatched or not self._unmatched[lane][1].startswith(pair[0]):
            self._unmatched[lane] = (self.state.now + pair[1], pair[0] + " although they are free", False)

    def look_again(self, lane: str, at: int) -> None:
        """Somebody may be asked again since then, and nothing has happened: should something have?"""
        name = "" if lane.startswith("@") else lane
        service = self.state.service(name)
        if lane not in self._unmatched and service.asks and self.state.has_room(service) and service.settled:
            pair = self._pair(lane, name, at)
            self.state.hold(Rule.AT_ONCE, pair is None or pair[1] > 0, f"{pair and pair[0]} although they may be again")

    def _pair(self, lane: str, name: str, at: int) -> tuple[str, int] | None:
        """The first pair that could be made, and how much later it may be made because others are skipped first."""
        for number, (_, id_) in enumerate(self.state.waiting[lane][:LOOKED_AT]):
            task = self.state.tasks[id_]
            users = [task.user] if not name else sorted(self.state.ready[name])[:LOOKED_AT]
            for user in users:
                agent = self.state.agents.get(user)
                if agent and name in agent.ready and self.may_take_at(task, agent, at):
                    return f"{id_} waits and {user} is not asked", 100 * (number // SKIPPED_AT_ONCE)
        return None

    def may_take_at(self, task: TaskView, agent: AgentView, at: int) -> bool:
        if task.asked_until(agent.user) > at:
            return False
        return not task.service or self._is_open_to(task, agent)
