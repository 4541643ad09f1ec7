"""The state that the journal tells of: tasks, agents, services, which tasks wait, and which agents are free."""

from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Iterator

from distribution.verify.reasons import is_off, reasons
from distribution.verify.report import AgentTimes, Report, Rule
from distribution.verify.views import RUNNING, AgentView, Fields, ServiceView, TaskView

CATCH_UP_MS = 5_000
"""So soon after an outage everything is done that fell into it."""


class State:
    """`tolerance`: by how many ms something may be late."""

    def __init__(self, report: Report, tolerance: int) -> None:
        self.report = report
        self.tolerance = tolerance
        self.now = 0
        self.entry = ""
        self.path_down = False  # cards reach nobody
        self.complete = False  # everything is known: the snapshot that it began with is over
        self.tasks: dict[str, TaskView] = {}
        self.agents: dict[str, AgentView] = {}
        self.services: dict[str, ServiceView] = {}
        self.waiting: defaultdict[str, list[tuple[int, str]]] = defaultdict(list)  # lane → rank and task, in order
        self.ready: defaultdict[str, set[str]] = defaultdict(set)  # service → agents
        self.running: defaultdict[str, int] = defaultdict(int)
        self.touched: set[str] = set()  # lanes to look at when the instant is over

    @property
    def patience(self) -> int:
        """By how many ms something may be late now: more while what an outage has held up is made up for."""
        if not self.report.outages:
            return self.tolerance
        return self.tolerance + max(0, self.report.outages[-1].end + CATCH_UP_MS - self.now)

    # --- findings

    def broken(self, rule: Rule, what: str) -> None:
        self.report.violate(rule, self.entry, self.now, what)

    def hold(self, rule: Rule, fine: bool, what: str) -> None:
        self.report.checked[rule] += 1
        if not fine:
            self.report.violate(rule, self.entry, self.now, what)

    # --- the subject of the event

    def service(self, name: str) -> ServiceView:
        found = self.services.get(name)
        if found is None:
            found = self.services[name] = ServiceView(name)
        return found

    def task_of(self, fields: Fields) -> TaskView | None:
        """None when it is not known, which is only right while the first snapshot is still being told."""
        task = self.tasks.get(fields["task"])
        if task is None and self.complete:
            self.hold(Rule.FITS, False, f"{fields['e']} of {fields['task']}, which is not open")
        if task is not None and task.pause is not None and self.now >= task.pause:
            task.pause = None
        return task

    def agent_named(self, user: str) -> AgentView | None:
        return self.agents.get(user)

    # --- tasks

    def move(self, task: TaskView, state: str) -> None:
        """Into another state, with the queue and the count of concurrent chats that belong to it."""
        self.leave(task)
        before = self.places(task)
        task.state, task.entered = state, self.now
        self.recount(before, task)
        if state == "queued":
            self.enter(task)

    @staticmethod
    def places(task: TaskView) -> set[str]:
        """Among whose concurrent chats it counts; one that is handed on keeps its place at home."""
        counted = {task.service if task.state in RUNNING else "", task.home if task.holder else ""}
        return counted - {""}

    def recount(self, before: set[str], task: TaskView) -> None:
        after = self.places(task)
        for service in after - before:
            self.running[service] += 1
        for service in before - after:
            self.running[service] -= 1
            self.touched.add(service)

    def enter(self, task: TaskView) -> None:
        service = self.service(task.service)
        task.rank = task.rank_in(service)
        task.level = service.levels_open(self.now - task.since) if task.service else 1
        insort(self.waiting[task.lane], (task.rank, task.id))
        self.touched.add(task.lane)

    def leave(self, task: TaskView) -> None:
        queue = self.waiting[task.lane]
        index = bisect_left(queue, (task.rank, task.id))
        if index < len(queue) and queue[index][1] == task.id:
            del queue[index]
            self.touched.add(task.lane)

    def has_room(self, service: ServiceView) -> bool:
        return not service.id or self.running[service.id] < service.number("concurrent", 10**9)

    # --- agents

    def reasons(self, agent: AgentView, service: str) -> Iterator[str]:
        """What stands against offering them a task of this service now."""
        return reasons(agent, self.service(service), self.now, path_down=self.path_down)

    def refresh(self, agent: AgentView) -> None:
        """They changed: for which services are they free now?"""
        if is_off(agent) or len(agent.held) >= agent.capacity or "ringing" in agent.held.values():
            after: frozenset[str] = frozenset()
        else:
            names = [name for name, active in agent.services.items() if active and agent.level(name)]
            after = frozenset(
                name for name in (*names, *([""] if agent.direct else ())) if not any(self.reasons(agent, name))
            )
        for name in agent.ready - after:
            self.ready[name].discard(agent.user)
        for name in after - agent.ready:
            self.ready[name].add(agent.user)
            self.touched.add(name or f"@{agent.user}")
        agent.ready = after

    def count(self, agent: AgentView) -> None:
        """Add up their times until now, before anything about them changes."""
        times = self.report.times.get(agent.user)
        if times is None:
            times = self.report.times[agent.user] = AgentTimes()
            agent.counted = self.now
        spent = self.now - agent.counted
        if not spent:
            return
        agent.counted = self.now
        if agent.held:
            times.busy += spent
        elif is_off(agent):
            times.off += spent
        else:
            times.idle += spent

    def release(self, user: str, task: str) -> None:
        """They do not hold it any more. One that they had accepted makes them idle from now."""
        agent = self.agents.get(user)
        if agent is None:
            return
        self.count(agent)
        if agent.held.pop(task, "ringing") != "ringing":
            agent.idle_since = self.now
        if agent.removed and not agent.held:
            self.forget(agent)
        else:
            self.refresh(agent)

    def forget(self, agent: AgentView) -> None:
        for name in agent.ready:
            self.ready[name].discard(agent.user)
        self.agents.pop(agent.user, None)

    # --- what several events share

    def fits(self, task: TaskView, fields: Fields, *states: str) -> None:
        self.hold(Rule.FITS, task.state in states, f"{fields['e']} of {task.id}, which is {task.state}")

    def check_idle(self, agent: AgentView, idle: int) -> None:
        """What the distributor takes for the beginning of their idle time is when they let go of their last task, or came back."""
        self.hold(
            Rule.TIMES,
            agent.idle_since == idle,
            f"{agent.user} is idle since {idle}, and since {agent.idle_since} here",
        )

    def take(self, agent: AgentView, task: str, slot: str) -> None:
        self.count(agent)
        agent.held[task] = slot
        if slot == "ringing":
            agent.last_offer = self.now
        self.refresh(agent)
