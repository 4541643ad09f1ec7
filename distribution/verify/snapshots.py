"""The snapshots of each day: the first one is where the model begins; each later one must tell what the model knows."""

from distribution.verify.agent_events import AgentEvents
from distribution.verify.report import Rule
from distribution.verify.views import AgentView, Fields, ServiceView, TaskView, agent_from, task_from

AGENT_FACTS = (
    "licensed", "direct", "services", "levels", "capacity", "duty", "reading", "registered", "retry_at", "rona_until",
    "unavailable", "idle_since", "put_back", "last_offer", "held", "wraps",
)  # fmt: skip
"""Not `fresh` and `surfaces`: time may have taken them, and the event that says so come a moment later."""

TASK_FACTS = (
    "service", "user", "state", "since", "priority", "preferred", "ends", "offer", "invited", "deliver_by", "deadline",
    "agent", "acw_until", "left", "warned", "past", "holder", "home", "transfer_ends",
)  # fmt: skip


class Snapshots(AgentEvents):
    def on_snapshot_begin(self, fields: Fields) -> None:
        if not self.report.first:
            self.report.first = fields["day"]
            self.path_down = fields.get("path_down") == "1"

    def on_snapshot_end(self, _fields: Fields) -> None:
        self.complete = True

    def on_snapshot_service(self, fields: Fields) -> None:
        name = fields["service"]
        known = self.services.get(name)
        told = ServiceView(name)
        told.learn(fields["rules"], 0)
        told.settled = fields.get("settled", "1") == "1"
        if known is None or (not known.rules and not self.complete):
            self.services[name] = told
        else:
            differs = [rule for rule, value in told.rules.items() if known.rules.get(rule) != value]
            self.hold(Rule.SNAPSHOT, not differs, f"{name or 'Direct'} has other rules: {', '.join(differs)}")

    def on_snapshot_agent(self, fields: Fields) -> None:
        told = agent_from(fields)
        known = self.agents.get(told.user)
        if known is None and not self.complete:
            told.counted = self.now
            self.agents[told.user] = told
            self.refresh(told)
            self.watch(told)
        elif known is None:
            self.hold(Rule.SNAPSHOT, False, f"{told.user} is an agent, and the journal does not know him")
        else:
            self._compare(told.user, AGENT_FACTS, known, told)

    def on_snapshot_task(self, fields: Fields) -> None:
        told = task_from(fields)
        known = self.tasks.get(told.id)
        if known is None and not self.complete:
            self._begin_with(told)
        elif known is None:
            self.hold(Rule.SNAPSHOT, False, f"{told.id} is open, and the journal does not know it")
        else:
            self._compare(told.id, TASK_FACTS, known, told)

    def _begin_with(self, task: TaskView) -> None:
        self.tasks[task.id] = task
        level, task.entered = task.level, self.now
        for service in self.places(task):
            self.running[service] += 1
        if task.state == "queued":
            self.enter(task)
            task.level = level
        self.watch(task)

    def _compare(
        self, name: str, facts: tuple[str, ...], known: TaskView | AgentView, told: TaskView | AgentView
    ) -> None:
        differs = [
            f"{fact} {getattr(told, fact)!r} instead of {getattr(known, fact)!r}"
            for fact in facts
            if getattr(told, fact) != getattr(known, fact)
        ]
        self.hold(Rule.SNAPSHOT, not differs, f"{name} has {'; '.join(differs)}")
