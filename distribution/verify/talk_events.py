"""A task from the talk to its end, and its visitor."""

from distribution.verify.deadlines import GRACE, SILENCE
from distribution.verify.handlers import Handlers, Proof
from distribution.verify.offer_events import remember
from distribution.verify.queue_events import check_leaving
from distribution.verify.reasons import OFF
from distribution.verify.report import Rule
from distribution.verify.views import Fields, TaskView, instant
from distribution.vocabulary import OverflowReason

OPEN = ("arriving", "queued", "offered", "connecting", "active", "acw")

LONGEST_PAUSE_MS = 300_000
NOT_MEANWHILE = 9 * 10**15
"""Who hands a talk on is not asked for it before it is back, or with somebody else."""


EVENTS = Handlers()


@EVENTS.on("opened")
def on_opened(proof: Proof, fields: Fields) -> None:
    """The room opens for the agent who took the task."""
    state = proof.state
    task = state.task_of(fields)
    if task:
        state.fits(task, fields, "connecting")
        state.hold(Rule.WINNER, task.agent == fields["user"], f"{task.id} opens for {fields['user']}")
        task.opening_fails = 0
        state.move(task, "active")
        proof.deadlines.watch(task)


@EVENTS.on("first_word")
def on_first_word(proof: Proof, fields: Fields) -> None:
    """Written once each time that an agent takes the task."""
    state = proof.state
    task, user = state.task_of(fields), fields["user"]
    if not task:
        return
    has_it = user in {task.agent, task.holder}
    state.hold(Rule.WINNER, has_it, f"{user} writes in {task.id}, which {task.holder or task.agent or 'nobody'} has")
    taken = task.unspoken.pop(user, None)
    told = int(fields["after_accept"])
    state.hold(Rule.FITS, taken is not None, f"{task.id}: a first word of {user}, who has written already")
    state.hold(Rule.TIMES, taken is None or state.now - taken == told, f"{task.id}: {user} took it {told} ms ago")


@EVENTS.on("idle_warned")
def on_idle_warned(proof: Proof, fields: Fields) -> None:
    """The talk has been silent as long as the rules say."""
    state = proof.state
    task = state.task_of(fields)
    if task:
        state.fits(task, fields, "active")
        service = state.service(task.service)
        silent = instant(fields, "since")
        due = None if silent is None else silent + service.ms("idle_warn_seconds")
        proof.deadlines.check_due(task.id, "warning of silence", due, since=max(task.entered, service.changed))
        task.warned = state.now
        proof.deadlines.watch(task)


@EVENTS.on("silence_broken")
def on_silence_broken(proof: Proof, fields: Fields) -> None:
    """The talk does not end by silence."""
    state = proof.state
    task = state.task_of(fields)
    if task:
        task.warned = None
        proof.deadlines.watch(task)


def check_end(proof: Proof, task: TaskView, why: str) -> None:
    """The task ends for this reason: was it the time for it?"""
    match why:
        case "acw_over":
            proof.deadlines.check_due(task.id, "ACW", task.acw_until)
        case "visitor_gone":
            proof.deadlines.check_due(
                task.id, GRACE, dict(proof.deadlines.task_dues(task)).get(GRACE), since=task.entered
            )
        case "idle" if task.warned is not None:
            proof.deadlines.check_due(task.id, SILENCE, dict(proof.deadlines.task_dues(task)).get(SILENCE))
        case OverflowReason.QUEUE_TIME | OverflowReason.QUEUE_LIMIT:
            check_leaving(proof, task, OverflowReason(why))
        case _:
            pass


@EVENTS.on("agent_lost")
def on_agent_lost(proof: Proof, fields: Fields) -> None:
    """They do not come back to their talk: it goes back into the queue, with a queue time of its own."""
    state = proof.state
    task, agent = state.task_of(fields), state.agent_named(fields["user"])
    if task and agent:
        patience = state.service(task.service).ms("agent_lost_seconds")
        state.hold(
            Rule.DEADLINES,
            agent.presence in OFF and state.now - max(agent.offline_since, task.entered) >= patience,
            f"{agent.user} is lost for {task.id} before they are offline for {patience} ms",
        )
    state.release(fields["user"], fields["task"])
    if task:
        state.fits(task, fields, "active")
        remember(proof, task, fields["user"], "withdrawn")
        task.warned = None
        task.ends = state.now + state.service(task.service).ms("queue_seconds")


@EVENTS.on("room_lost")
def on_room_lost(proof: Proof, fields: Fields) -> None:
    """The room is gone: the talk goes back into the queue, with a queue time of its own."""
    state = proof.state
    task, agent = state.task_of(fields), state.agent_named(fields["user"])
    if agent:
        agent.put_back = state.now
    state.release(fields["user"], fields["task"])
    if task:
        state.fits(task, fields, "active")
        remember(proof, task, fields["user"], "failed")
        task.agent, task.warned = "", None
        task.ends = state.now + state.service(task.service).ms("queue_seconds")


@EVENTS.on("failed")
def on_failed(proof: Proof, fields: Fields) -> None:
    """The room could not be opened; the event that puts it back into the queue follows."""
    state = proof.state
    task, user = state.task_of(fields), fields["user"]
    agent = state.agent_named(user)
    if agent:
        agent.put_back = state.now
    state.release(user, fields["task"])
    if task:
        state.fits(task, fields, "connecting")
        remember(proof, task, user, "failed")
        task.agent = ""
        _pause(proof, task, instant(fields, "pause"))


def _pause(proof: Proof, task: TaskView, until: int | None) -> None:
    """Nobody is asked for a while; the pause doubles with each attempt, and a chat that is handed on has none."""
    state = proof.state
    if task.holder:
        return
    task.opening_fails += 1
    service = state.service(task.service)
    if "opening_pause_seconds" not in service.rules:  # written before there were pauses
        return
    wanted = min(service.ms("opening_pause_seconds") * 2 ** min(task.opening_fails - 1, 20), LONGEST_PAUSE_MS)
    proof.deadlines.check_set(
        task.id, "pause after a room that could not be opened", until or state.now, state.now + wanted
    )
    task.pause = until


# --- handed on


@EVENTS.on("transferred")
def on_transferred(proof: Proof, fields: Fields) -> None:
    """Its holder is not asked for it; who is meant by name needs no place in the order."""
    state = proof.state
    task, to = state.task_of(fields), fields["to"]
    if not task:
        return
    state.fits(task, fields, "active")
    state.hold(Rule.WINNER, task.agent == fields["user"], f"{fields['user']} hands {task.id} on, and has not got it")
    before = state.places(task)
    task.holder, task.home, task.agent, task.ends = task.agent, task.service, "", None
    task.transfer_ends, task.warned = instant(fields, "ends"), None
    task.past[task.holder] = ("accepted", NOT_MEANWHILE)
    task.home_offer, task.offer = task.offer, ""
    if to.startswith("@"):
        task.aim = task.assigned = to.removeprefix("@")
    else:
        task.service = to
    state.recount(before, task)
    state.move(task, "queued")
    proof.deadlines.watch(task)


@EVENTS.on("returned")
def on_returned(proof: Proof, fields: Fields) -> None:
    """A transfer fails, and its holder has the talk again."""
    state = proof.state
    task, user = state.task_of(fields), fields["user"]
    if not task:
        return
    state.hold(Rule.WINNER, task.holder == user, f"{task.id} returns to {user}, and {task.holder} held it")
    if fields["why"] == "not_answered":
        proof.deadlines.check_due(task.id, "transfer", task.transfer_ends)
    if task.state == "connecting" and task.agent:
        state.release(task.agent, task.id)
        if task.past.get(task.agent, ("", 0))[0] == "accepted":  # a room that failed has been told of already
            task.past[task.agent] = ("withdrawn", 0)
    state.leave(task)
    before = state.places(task)
    task.past[user] = ("accepted", 0)
    task.service, task.agent, task.state, task.entered = task.home, user, "active", state.now
    _no_transfer(task)
    task.offer = task.won = task.home_offer
    task.deliver_by = task.deadline = None
    task.invited.clear()
    task.delivered.clear()
    state.recount(before, task)
    proof.deadlines.watch(task)


@staticmethod
def _no_transfer(task: TaskView) -> None:
    task.holder = task.home = task.aim = ""
    task.transfer_ends = None


@EVENTS.on("handed_on")
def on_handed_on(proof: Proof, fields: Fields) -> None:
    """A transfer succeeds, and the first agent has ACW as long as the rules say."""
    state = proof.state
    task, user = state.task_of(fields), fields["user"]
    if not task:
        return
    state.fits(task, fields, "active")
    fits = task.holder == user and task.agent == fields["to"]
    state.hold(Rule.WINNER, fits, f"{task.id} goes from {user} to {fields['to']}")
    acw_until, agent = instant(fields, "acw_until"), state.agent_named(user)
    wanted = state.now + state.service(task.home).ms("acw_seconds")
    proof.deadlines.check_set(task.id, "ACW of the agent before", acw_until or state.now, wanted)
    before = state.places(task)
    _no_transfer(task)
    state.recount(before, task)
    task.past[user] = ("accepted", acw_until or 0)
    if acw_until and agent:
        agent.wraps[task.id] = acw_until
        state.take(agent, task.id, "acw")
        proof.deadlines.watch(agent)
    else:
        state.release(user, task.id)
    proof.deadlines.watch(task)


@EVENTS.on("wrapped")
def on_wrapped(proof: Proof, fields: Fields) -> None:
    """Their after-call work of a task that they handed on is over."""
    state = proof.state
    agent, task = state.agent_named(fields["user"]), state.tasks.get(fields["task"])
    if agent:
        until = agent.wraps.pop(fields["task"], None)
        if fields["how"] == "acw_over":
            proof.deadlines.check_due(fields["task"], "ACW of a task handed on", until)
        state.release(agent.user, fields["task"])
    if task:
        task.past[fields["user"]] = ("accepted", 0)


@EVENTS.on("ended")
def on_ended(proof: Proof, fields: Fields) -> None:
    """The talk is over for a reason whose time has come, and ACW begins, as long as the rules say."""
    state = proof.state
    task, user = state.task_of(fields), fields["user"]
    agent = state.agent_named(user)
    if agent:
        state.take(agent, fields["task"], "acw")
    if task:
        state.fits(task, fields, "active")
        check_end(proof, task, fields["why"])
        task.acw_until = instant(fields, "acw_until")
        proof.deadlines.check_set(
            task.id, "ACW", task.acw_until, state.now + state.service(task.service).ms("acw_seconds")
        )
        state.move(task, "acw")
        proof.deadlines.watch(task)


@EVENTS.on("acw_extended")
def on_acw_extended(proof: Proof, fields: Fields) -> None:
    """The ACW ends as much later as the rules say."""
    state = proof.state
    task, agent = state.tasks.get(fields["task"]), state.agent_named(fields["user"])
    if agent and fields["task"] in agent.wraps:
        agent.wraps[fields["task"]] = int(fields["acw_until"])
        if task:
            task.past[agent.user] = ("accepted", int(fields["acw_until"]))
        proof.deadlines.watch(agent)
    elif task:
        state.fits(task, fields, "acw")
        longer = state.now + state.service(task.service).ms("acw_extension_seconds")
        until = instant(fields, "acw_until")
        proof.deadlines.check_set(task.id, "ACW", until, max(task.acw_until or 0, longer))
        task.acw_until = until
        proof.deadlines.watch(task)


@EVENTS.on("closed")
def on_closed(proof: Proof, fields: Fields) -> None:
    """The task is over for a reason whose time has come, and no agent is invited."""
    state = proof.state
    id_, user = fields["task"], fields["user"]
    task = state.task_of(fields)
    if user:
        state.release(user, id_)
    if not task:
        return
    state.fits(task, fields, fields["from"])
    state.hold(Rule.FITS, task.state != "offered" or not task.invited, f"{id_} closes and rings at {task.invited}")
    state.hold(Rule.FITS, user == task.agent, f"{id_} closes for {user or 'nobody'}, and {task.agent} had it")
    check_end(proof, task, fields["why"])
    state.move(task, "closed")
    del state.tasks[id_]
    state.report.closed += 1


@EVENTS.on("visitor_away")
def on_visitor_away(proof: Proof, fields: Fields) -> None:
    """The visitor's last connection ended when the event says."""
    state = proof.state
    task = state.task_of(fields)
    if task:
        state.fits(task, fields, *OPEN)
        task.left = instant(fields, "since")
        proof.deadlines.check_due(task.id, "visitor's connection", task.left)
        proof.deadlines.watch(task)


@EVENTS.on("visitor_back")
def on_visitor_back(proof: Proof, fields: Fields) -> None:
    """The visitor was away, and is not any more."""
    state = proof.state
    task = state.task_of(fields)
    if task:
        state.hold(Rule.FITS, task.left is not None, f"{task.id}: the visitor is back, and was not away")
        task.left = None
        proof.deadlines.watch(task)
