"""The distributor once more, in plain Python and without a thought for speed: what the scripts are compared with.

One rule decides all matching: whenever anything happened, go through the waiting tasks in the order of their rank, and give
each to the selectable agent who comes first, those who were not asked yet before those who may be asked again.
"""

from collections.abc import Iterator

from distribution.agents import Presence
from distribution.service_rules import ServiceRules
from distribution.vocabulary import OverflowReason
from tests.distribution.model_agents import ModelAgents
from tests.distribution.model_state import ABANDONED, OUT, ModelAgent, ModelTask, R, S
from tests.distribution.model_tasks import ModelTasks


class Model(ModelTasks, ModelAgents):
    """The verbs of both, and what time does by itself."""

    def advance(self, to: int) -> None:
        """Everything happens at its own instant; what falls on the same one in the order of the deadlines' names."""
        while True:
            due = [(at, name) for name, at in self._deadlines() if at <= to]
            if not due:
                self.now = to
                return
            self.now = min(at for at, _ in due)
            self.pending = {name for at, name in due if at == self.now}
            for name in sorted(self.pending):
                self.pending.discard(name)
                kind, _, id_ = name.partition(":")
                self.turn_of = id_ if kind == "agent" else ""
                if kind == "agent":
                    self._tick_agent(self.agents[id_])
                elif kind == "path":
                    self.path_down = False
                else:
                    self._tick_task(self.tasks[id_])
                self.match()
                self.turn_of = ""

    def _deadlines(self) -> Iterator[tuple[str, int]]:
        for agent in self.agents.values():
            counts = agent.presence is not None and (agent.presence is not Presence.OFFLINE or agent.surfaces)
            lapse = agent.doubt + 300_000 if counts else None
            # A lapse and a retry change only what is computed: they count once, when they are still ahead.
            ahead = [at for at in (*agent.surfaces.values(), lapse, agent.retry_at) if at is not None and at > self.now]
            due = [agent.rona_until] if agent.rona_until is not None else []
            due += agent.wraps.values()
            if self._reads_offline(agent):
                due += [at for _, at in self._lost_talks(agent) if at < agent.doubt + 300_000]
            for at in ahead + due:
                yield f"agent:{agent.user}", at
        if self.path_down:
            yield "path", self.path_ends
        for task in self.tasks.values():
            for at in self._task_deadlines(task):
                yield f"task:{task.id}", at

    # --- silence

    def _idle(self, task: ModelTask) -> tuple[int | None, int | None]:
        """When both sides are warned, and when the talk ends."""
        rules, since = self.rules[task.service], max(task.active_at, task.spoke or 0)
        warn, ends = 1000 * rules.idle_warn_seconds, 1000 * rules.idle_seconds
        if task.state is not S.ACTIVE:
            return None, None
        if task.warned is None:
            return since + warn, None
        return None, max(since + ends, task.warned + ends - warn)

    def _stale(self, task: ModelTask) -> int:
        rules = self.rules[task.service]
        quiet = max(task.created, task.since, task.offered_at, task.accepted_at, task.active_at, task.spoke or 0)
        sweeps = [at for at in rules.sweeps if at >= quiet + 1000 * rules.sweep_quiet_seconds]
        return min([quiet + 1000 * rules.stale_seconds, *sweeps[:1]])

    def _tick_silence(self, task: ModelTask) -> None:
        warns, ends = self._idle(task)
        if warns is not None and self.now >= warns:
            task.warned = self.now
        elif ends is not None and self.now >= ends:
            self._end(task, OUT.IDLE if task.left is None else OUT.VISITOR_GONE, "system")
        if task.state not in {S.ACW, S.CLOSED} and self.now >= self._stale(task):
            if task.holder:
                self._come_home(task)
            if task.state is S.ACTIVE:
                self._end(task, OUT.STALE, "system")
            else:
                self._close(task, OUT.STALE, "system")

    def _task_deadlines(self, task: ModelTask) -> Iterator[int]:
        rules = self.rules[task.service]
        if task.state is S.CLOSED:
            return
        if task.state is S.ACW:
            assert task.acw_until
            yield task.acw_until
            return
        if task.left is None:
            yield max(task.conns.values())
        else:
            yield task.left + 1000 * self._grace(task, rules)
        yield from (at for at in (*self._idle(task), self._stale(task)) if at is not None)
        if task.transfer_ends and task.state is not S.CONNECTING:
            yield task.transfer_ends
        if task.state is S.QUEUED:
            leaves = None if task.holder else self.leaves_at(task)
            yield from (at for at in (task.ends, leaves, task.pause) if at is not None)
            after = [level.after_seconds for level in rules.levels] if task.service else []
            yield from (at for seconds in after if (at := task.since + seconds * 1000) > self.now)
            yield from (at for user in task.past if (at := self.asked_until(task, user)) > self.now)
        elif task.state is S.OFFERED:
            assert task.deliver_by
            yield from ((task.deadline or 0) if user in task.delivered else task.deliver_by for user in task.invited)

    def _grace(self, task: ModelTask, rules: ServiceRules) -> int:
        active = task.state is S.ACTIVE or task.holder
        return rules.visitor_grace_active_seconds if active else rules.visitor_grace_waiting_seconds

    def _lost_talks(self, agent: ModelAgent) -> Iterator[tuple[ModelTask, int]]:
        """His talks, and when he counts as lost for each."""
        for task in [self.tasks[id_] for id_ in agent.held]:
            if agent.off_at is not None and task.state is S.ACTIVE and task.agent == agent.user:
                since = max(agent.off_at, task.active_at, task.agent_spoke)
                yield task, since + 1000 * self.rules[task.service].agent_lost_seconds

    def _lose_talk(self, agent: ModelAgent, task: ModelTask) -> None:
        assert task.offer
        task.past[agent.user] = (R.WITHDRAWN, 0, task.offer)
        self._release(task, agent.user)
        self.gave_on(task, agent.user, task.service)
        task.agent, task.accepted_at, task.warned = None, 0, None
        task.ends = self.now + 1000 * self.rules[task.service].queue_seconds
        self._back(task, R.WITHDRAWN)

    def _tick_agent(self, agent: ModelAgent) -> None:
        self._prune(agent)
        if agent.rona_until is not None and self.now >= agent.rona_until:
            self._unflag(agent)
        if agent.retry_at is not None and self.now >= agent.retry_at:
            agent.retry_at = None
        for task, at in list(self._lost_talks(agent)):
            if self._reads_offline(agent) and self.now >= at:
                self._lose_talk(agent, task)
        for id_, at in list(agent.wraps.items()):
            if self.now >= at:
                self._end_wrap(self.tasks[id_], agent.user)

    def _tick_task(self, task: ModelTask) -> None:
        if task.state is S.ACW:
            assert task.acw_until
            if self.now >= task.acw_until:
                self._close(task, OUT.HANDLED, "system")
            return
        if task.left is None and self.now >= max(task.conns.values()):
            task.left, task.conns = max(task.conns.values()), {}
        if task.left is not None and self.now >= task.left + 1000 * self._grace(task, self.rules[task.service]):
            if task.holder:
                self._come_home(task)
            if task.state is S.ACTIVE:
                self._end(task, OUT.VISITOR_GONE, "visitor")
            else:
                self._close(task, ABANDONED[task.state], "visitor")
        if task.state not in {S.ACW, S.CLOSED}:
            self._tick_silence(task)
        if task.transfer_ends and task.state is not S.CONNECTING and self.now >= task.transfer_ends:
            self._come_home(task)
        if task.state is S.OFFERED:
            self._tick_offer(task)
        elif task.state is S.QUEUED:
            self._tick_queued(task)

    def _tick_offer(self, task: ModelTask) -> None:
        assert task.deliver_by
        deliver_by, deadline, delivered = task.deliver_by, task.deadline or 0, task.delivered
        for user in task.invited:
            if user in delivered and self.now >= deadline:
                self._miss(task, user)
            elif user not in delivered and self.now >= deliver_by:
                self._not_delivered(task, user)

    def _tick_queued(self, task: ModelTask) -> None:
        leaves = None if task.holder else self.leaves_at(task)
        before = task.service
        if task.pause is not None and self.now >= task.pause:
            task.pause = None
        if task.ends is not None and self.now >= task.ends:
            self.overflow(task, OverflowReason.QUEUE_TIME)
        elif leaves is not None and self.now >= leaves:
            self.overflow(task, OverflowReason.HOURS)
        if task.state is S.QUEUED and task.service == before:
            self.open_levels(task)
