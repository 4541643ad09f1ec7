"""The snapshots of each day: the first one is where the model begins; each later one must tell what the model knows."""

from distribution.verify.handlers import Handlers, Proof
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


EVENTS = Handlers()


@EVENTS.on("snapshot_begin")
def on_snapshot_begin(proof: Proof, fields: Fields) -> None:
    """The first one is where the model begins."""
    state = proof.state
    if not state.report.first:
        state.report.first = fields["day"]
        state.path_down = fields.get("path_down") == "1"


@EVENTS.on("snapshot_end")
def on_snapshot_end(proof: Proof, _fields: Fields) -> None:
    """From now on everything is known."""
    state = proof.state
    state.complete = True


@EVENTS.on("snapshot_service")
def on_snapshot_service(proof: Proof, fields: Fields) -> None:
    """The rules are those of the model."""
    state = proof.state
    name = fields["service"]
    known = state.services.get(name)
    told = ServiceView(name)
    told.learn(fields["rules"], 0)
    told.settled = fields.get("settled", "1") == "1"
    if known is None or (not known.rules and not state.complete):
        state.services[name] = told
    else:
        differs = [rule for rule, value in told.rules.items() if known.rules.get(rule) != value]
        state.hold(Rule.SNAPSHOT, not differs, f"{name or 'Direct'} has other rules: {', '.join(differs)}")


@EVENTS.on("snapshot_agent")
def on_snapshot_agent(proof: Proof, fields: Fields) -> None:
    """The agent is as in the model."""
    state = proof.state
    told = agent_from(fields)
    known = state.agents.get(told.user)
    if known is None and not state.complete:
        told.counted = state.now
        state.agents[told.user] = told
        state.refresh(told)
        proof.deadlines.watch(told)
    elif known is None:
        state.hold(Rule.SNAPSHOT, False, f"{told.user} is an agent, and the journal does not know them")
    else:
        _compare(proof, told.user, AGENT_FACTS, known, told)


@EVENTS.on("snapshot_task")
def on_snapshot_task(proof: Proof, fields: Fields) -> None:
    """The task is as in the model."""
    state = proof.state
    told = task_from(fields)
    known = state.tasks.get(told.id)
    if known is None and not state.complete:
        _begin_with(proof, told)
    elif known is None:
        state.hold(Rule.SNAPSHOT, False, f"{told.id} is open, and the journal does not know it")
    else:
        _compare(proof, told.id, TASK_FACTS, known, told)


def _begin_with(proof: Proof, task: TaskView) -> None:
    state = proof.state
    state.tasks[task.id] = task
    level, task.entered = task.level, state.now
    for service in state.places(task):
        state.running[service] += 1
    if task.state == "queued":
        state.enter(task)
        task.level = level
    proof.deadlines.watch(task)


def _compare(
    proof: Proof, name: str, facts: tuple[str, ...], known: TaskView | AgentView, told: TaskView | AgentView
) -> None:
    state = proof.state
    differs = [
        f"{fact} {getattr(told, fact)!r} instead of {getattr(known, fact)!r}"
        for fact in facts
        if getattr(told, fact) != getattr(known, fact)
    ]
    state.hold(Rule.SNAPSHOT, not differs, f"{name} has {'; '.join(differs)}")
