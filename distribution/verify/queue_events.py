"""A task until it is offered: created, waiting, and leaving the queue of a service."""

from typing import assert_never

from distribution.tasks import Priority
from distribution.verify.handlers import Handlers, Proof
from distribution.verify.report import Rule
from distribution.verify.views import Fields, TaskView
from distribution.vocabulary import OverflowReason

EVENTS = Handlers()


@EVENTS.on("created")
def on_created(proof: Proof, fields: Fields) -> None:
    """A task that was not there begins; without a workflow it waits at once."""
    state = proof.state
    id_, service = fields["task"], fields["service"]
    state.hold(Rule.FITS, id_ not in state.tasks, f"{id_} is created twice")
    task = TaskView(id_, service, fields["user"], "arriving", state.now, entered=state.now)
    task.priority = Priority(fields.get("priority") or "normal")
    task.preferred = tuple(fields.get("preferred", "").split())
    state.tasks[id_] = task
    if fields["workflow"] == "0":
        wait(proof, task, state.now)


def wait(proof: Proof, task: TaskView, since: int) -> None:
    """From now on it is in the queue, and its queue time begins."""
    state = proof.state
    task.since = since
    task.ends = state.now + state.service(task.service).ms("queue_seconds")
    state.move(task, "queued")
    proof.deadlines.watch(task)


@EVENTS.on("queued")
def on_queued(proof: Proof, fields: Fields) -> None:
    """The workflow is over, and the task waits from now on."""
    state = proof.state
    task = state.task_of(fields)
    if task:
        state.fits(task, fields, "arriving")
        wait(proof, task, state.now)


@EVENTS.on("level_opened")
def on_level_opened(proof: Proof, fields: Fields) -> None:
    """The level's time has come since the task began to wait."""
    state = proof.state
    task = state.task_of(fields)
    if not task:
        return
    state.fits(task, fields, "queued")
    service, level = state.service(task.service), int(fields["level"])
    if level <= task.level:
        return  # it came back to the queue in the same call, and everything that was open counted already
    if level <= len(service.levels):
        due = task.since + service.levels[level - 1]
        proof.deadlines.check_due(task.id, "level", due, since=max(task.entered, service.changed))
    state.leave(task)
    state.enter(task)
    task.level = level
    proof.deadlines.watch(task)


@EVENTS.on("priority")
def on_priority(proof: Proof, fields: Fields) -> None:
    """The task gets its place by the new priority."""
    state = proof.state
    task = state.task_of(fields)
    if task:
        task.priority = Priority(fields["priority"])
        if task.state == "queued":
            state.leave(task)
            state.enter(task)


@EVENTS.on("overflowed")
def on_overflowed(proof: Proof, fields: Fields) -> None:
    """The queue time, the limit or the hours are over; the task waits in the queue of the other service."""
    state = proof.state
    task = state.task_of(fields)
    if not task:
        return
    state.fits(task, fields, "queued")
    check_leaving(proof, task, OverflowReason(fields["why"]))
    state.leave(task)
    task.service = fields["to"]
    wait(proof, task, task.since)


@EVENTS.on("waits_on")
def on_waits_on(proof: Proof, fields: Fields) -> None:
    """As `overflowed`, and the task stays without a queue time."""
    state = proof.state
    task = state.task_of(fields)
    if task:
        check_leaving(proof, task, OverflowReason(fields["why"]))
        task.ends = None


def check_leaving(proof: Proof, task: TaskView, why: OverflowReason) -> None:
    """The service cannot take it for this reason."""
    state = proof.state
    match why:
        case OverflowReason.QUEUE_TIME:
            proof.deadlines.check_due(task.id, "queue time", task.ends, since=task.entered)
        case OverflowReason.QUEUE_LIMIT:
            limit = state.service(task.service).number("queue_limit")
            full = 0 < limit < len(state.waiting[task.lane])
            state.hold(Rule.FITS, full, f"{task.id} leaves the queue as if it were full")
        case OverflowReason.HOURS:
            pass  # a change of the hours may be why, so their end alone does not decide
        case _:
            assert_never(why)
