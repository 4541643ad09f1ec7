"""Every deadline: kept on time, never early, and none that passes without anything happening."""

import heapq
from collections.abc import Iterator

from distribution.verify.order import Order
from distribution.verify.report import Outage, Rule
from distribution.verify.state import CATCH_UP_MS, State
from distribution.verify.views import NEVER, AgentView, ServiceView, TaskView

OUTAGE_MS = 10_000
"""A journal in which nothing happens for so long, although something is due: nobody is there to do it."""

GRACE = "visitor's grace time"
SILENCE = "silence"


class Deadlines:
    """A task's and an agent's deadlines follow from what they are now; the heap only says when to look."""

    def __init__(self, state: State, order: Order) -> None:
        self.state = state
        self.order = order
        self._heap: list[tuple[int, str, str]] = []

    # --- what is due when

    def task_dues(self, task: TaskView) -> Iterator[tuple[str, int]]:
        """By name; ms."""
        service = self.state.service(task.service)
        yield from self._talk_dues(task, service)
        if task.state == "queued":
            yield from self._queue_dues(task, service)
        elif task.state == "offered" and task.invited:
            if task.deadline is not None and task.invited & task.delivered:
                yield "offer time", task.deadline
            if task.deliver_by is not None and task.invited - task.delivered:
                yield "delivery", task.deliver_by
        elif task.state == "active" and task.warned is not None:
            yield SILENCE, task.warned + service.ms("idle_seconds") - service.ms("idle_warn_seconds")
        elif task.state == "acw" and task.acw_until is not None:
            yield "ACW", task.acw_until

    @staticmethod
    def _queue_dues(task: TaskView, service: ServiceView) -> Iterator[tuple[str, int]]:
        if task.ends is not None:
            yield "queue time", task.ends
        if service.hours_move_tasks and not task.holder:
            held = max(task.entered, service.changed)  # from then on the hours of now count for it
            yield "opening hours", service.closes_at(held) or held
        if task.level < len(service.levels):
            yield "level", max(task.since + service.levels[task.level], service.changed)

    @staticmethod
    def _talk_dues(task: TaskView, service: ServiceView) -> Iterator[tuple[str, int]]:
        if task.transfer_ends is not None and task.state != "connecting":
            yield "transfer", task.transfer_ends
        if task.left is not None and task.state not in {"acw", "closed"}:
            talk = task.state == "active" or task.holder
            grace = "visitor_grace_active_seconds" if talk else "visitor_grace_waiting_seconds"
            yield GRACE, task.left + service.ms(grace)

    @staticmethod
    def agent_dues(agent: AgentView) -> Iterator[tuple[str, int]]:
        if agent.rona_until is not None:
            yield "RONA reset", agent.rona_until
        if agent.retry_at is not None:
            yield "retry", agent.retry_at
        yield from (("ACW of a task handed on", until) for until in agent.wraps.values())

    # --- looking

    def watch(self, subject: TaskView | AgentView) -> None:
        """Something about it changed."""
        if isinstance(subject, TaskView):
            due, kind, id_ = min((at for _, at in self.task_dues(subject)), default=NEVER), "task", subject.id
        else:
            due, kind, id_ = min((at for _, at in self.agent_dues(subject)), default=NEVER), "agent", subject.user
        if due < NEVER:
            heapq.heappush(self._heap, (due, kind, id_))

    def deadlines_before(self, following: int) -> None:
        """Nothing happens until `following`: is anything overdue by then?"""
        over = following - self.state.tolerance
        past: list[tuple[int, str, str]] = []
        while self._heap and self._heap[0][0] < over:
            past.append(heapq.heappop(self._heap))
        if self._is_outage(past, following):
            for _, kind, id_ in past:
                heapq.heappush(self._heap, (following + CATCH_UP_MS, kind, id_))
            return
        for due, kind, id_ in past:
            if kind == "lane":
                self.order.look_again(id_, due)
            elif kind == "task" and (task := self.state.tasks.get(id_)):
                self._overdue(task, list(self.task_dues(task)), over)
            elif kind == "agent" and (agent := self.state.agents.get(id_)):
                self._agent_overdue(agent, over)

    def _agent_overdue(self, agent: AgentView, over: int) -> None:
        for name, at in self.agent_dues(agent):
            if at < over:
                self.state.hold(Rule.DEADLINES, False, f"{name} of {agent.user} was over at {at}, and nothing happened")

    def _is_outage(self, past: list[tuple[int, str, str]], following: int) -> bool:
        """Whether nobody was there until `following`: long enough, and although something was due."""
        if following - self.state.now < OUTAGE_MS:
            return False
        waiting = sum(self._waits(kind, id_, following - OUTAGE_MS) for kind, id_ in {item[1:] for item in past})
        if waiting:
            self.state.report.outages.append(Outage(self.state.now, following, waiting))
        return waiting > 0

    def _waits(self, kind: str, id_: str, until: int) -> bool:
        """Whether a deadline of this task or agent passed since the last event, and before `until`."""
        since = self.state.now - self.state.tolerance
        task = self.state.tasks.get(id_) if kind == "task" else None
        if task:
            return any(since <= max(at, task.entered) <= until for _, at in self.task_dues(task))
        agent = self.state.agents.get(id_) if kind == "agent" else None
        return agent is not None and any(since <= at <= until for _, at in self.agent_dues(agent))

    def _held_up(self, due: int) -> bool:
        """Whether an outage is why this comes only now."""
        if not self.state.report.outages:
            return False
        outage = self.state.report.outages[-1]
        return outage.begin - self.state.tolerance <= due and self.state.now <= outage.end + CATCH_UP_MS

    def watch_lane(self, task: TaskView, at: int) -> None:
        """From `at` on an agent may be asked for it again."""
        heapq.heappush(self._heap, (at, "lane", task.lane))

    def _overdue(self, task: TaskView, dues: list[tuple[str, int]], over: int) -> None:
        for name, at in dues:
            if max(at, task.entered) >= over:
                heapq.heappush(self._heap, (max(at, task.entered), "task", task.id))
            elif (name, at) not in task.late:
                task.late.add((name, at))
                self.state.hold(Rule.DEADLINES, False, f"{name} of {task.id} was over at {at}, and nothing happened")

    def check_due(self, subject: str, name: str, due: int | None, *, since: int = 0) -> None:
        """It happened now because time passed: not before `due`, and not later than the tolerance after it (or `since`)."""
        self.state.report.checked[Rule.DEADLINES] += 1
        if due is None:
            self.state.broken(Rule.DEADLINES, f"{name} of {subject} ended, which was not running")
        elif self.state.now < due:
            self.state.broken(Rule.DEADLINES, f"{name} of {subject} was over {due - self.state.now} ms early")
        elif self.state.now > max(due, since) + self.state.tolerance and not self._held_up(due):
            self.state.broken(
                Rule.DEADLINES, f"{name} of {subject} was over {self.state.now - max(due, since)} ms late"
            )

    def check_set(self, subject: str, name: str, until: int | None, wanted: int) -> None:
        """The instant that the event names is the one that the rules ask for."""
        self.state.hold(
            Rule.DEADLINES, until == wanted, f"{name} of {subject} is set to {until}, and the rules say {wanted}"
        )
