"""Offers: who is asked, what becomes of it, and who has the task then."""

from distribution.verify.handlers import Handlers, Proof
from distribution.verify.report import Rule
from distribution.verify.views import ASKED, AgentView, Fields, TaskView, instant

HE_IS_HERE = frozenset({"busy", "away", "offline", "unreachable", "teams_unreachable"})
"""What does not stand against an agent who takes a task himself."""


EVENTS = Handlers()


@EVENTS.on("offered")
def on_offered(proof: Proof, fields: Fields) -> None:
    """Nothing stands against the agent, the limit has a place, and no task or agent comes before."""
    state = proof.state
    task, agent = state.task_of(fields), state.agent_named(fields["user"])
    if task:
        _check_offer(proof, task, agent, fields)
    if agent:
        if "idle" in fields and not agent.held:
            state.check_idle(agent, int(fields["idle"]))
        state.take(agent, fields["task"], "ringing")
    if task:
        _offer(proof, task, fields)


def _check_offer(proof: Proof, task: TaskView, agent: AgentView | None, fields: Fields) -> None:
    state = proof.state
    user, offer = fields["user"], fields["offer"]
    more = task.state == "offered" and task.offer == offer
    state.hold(Rule.FITS, task.state == "queued" or more, f"{task.id} is offered while it is {task.state}")
    state.hold(Rule.WINNER, more or int(offer) > task.offers, f"{task.id}: offer {offer} is not new")
    if "rank" in fields:  # older journals have neither
        rank, ready = int(fields["rank"]), int(fields["ready"])
        state.hold(Rule.AGENTS, 1 <= rank <= ready, f"{task.id}: {user} is number {rank} of {ready}")
    service = state.service(task.service)
    if not more:
        room = task.home == task.service or state.has_room(service)
        state.hold(Rule.LIMIT, room, f"{task.id}: {task.service} has as many chats as it may have")
    if agent is None:
        state.hold(Rule.ELIGIBLE, not state.complete, f"{task.id} is offered to {user}, who is no agent")
        return
    meant = {"not_a_member", "inactive", "not_licensed"} if task.aim == user else set[str]()
    against = [reason for reason in state.reasons(agent, task.service) if reason not in meant]
    slots = {"ringing", "connected"} & set(against)
    state.hold(
        Rule.CAPACITY, not slots, f"{task.id} is offered to {user}, who holds {len(agent.held)} of {agent.capacity}"
    )
    against = [reason for reason in against if reason not in slots]
    if task.asked_until(user) > state.now and task.assigned != user:
        against.append("asked_already")
    if task.service and agent.level(task.service) > task.level and task.assigned != user:
        against.append("level")
    state.hold(Rule.ELIGIBLE, not against, f"{task.id} is offered to {user}: {', '.join(against)}")
    if state.complete and task.assigned != user:
        proof.order.check_agent_order(task, agent)
        if not more:
            proof.order.check_task_order(task, agent)


def _offer(proof: Proof, task: TaskView, fields: Fields) -> None:
    state = proof.state
    user, offer = fields["user"], fields["offer"]
    if task.offer != offer or task.state != "offered":
        state.move(task, "offered")
        task.offer, task.offers, task.deadline, task.assigned = offer, int(offer), None, ""
        task.pause = None
        task.invited.clear()
        task.delivered.clear()
        task.deliver_by = state.now + state.service(task.service).ms("deliver_seconds")
    task.invited.add(user)
    proof.deadlines.watch(task)


@EVENTS.on("assigned")
def on_assigned(proof: Proof, fields: Fields) -> None:
    """The offer that follows may break the order."""
    state = proof.state
    task = state.task_of(fields)
    if task:
        task.assigned = fields["user"]


@EVENTS.on("delivered")
def on_delivered(proof: Proof, fields: Fields) -> None:
    """The agent is invited, and the offer time has the length of the rules."""
    state = proof.state
    task, user = state.task_of(fields), fields["user"]
    if not task:
        return
    state.fits(task, fields, "offered")
    state.hold(Rule.FITS, user in task.invited, f"{task.id} arrived at {user}, who is not invited")
    deadline = instant(fields, "deadline")
    if state.now >= (task.deadline or 0):
        proof.deadlines.check_set(
            task.id, "offer time", deadline, state.now + state.service(task.service).ms("offer_seconds")
        )
    task.deadline = deadline
    task.delivered.add(user)
    proof.deadlines.watch(task)


@EVENTS.on("declined")
def on_declined(proof: Proof, fields: Fields) -> None:
    """An invited agent loses the offer."""
    _lose(proof, fields)


@EVENTS.on("withdrawn")
def on_withdrawn(proof: Proof, fields: Fields) -> None:
    """An invited agent loses the offer."""
    _lose(proof, fields)


@EVENTS.on("rona")
def on_rona(proof: Proof, fields: Fields) -> None:
    """The offer time is over, and the agent loses the offer."""
    state = proof.state
    task = state.task_of(fields)
    if task:
        proof.deadlines.check_due(task.id, "offer time", task.deadline if fields["user"] in task.delivered else None)
    _lose(proof, fields)


@EVENTS.on("undelivered")
def on_undelivered(proof: Proof, fields: Fields) -> None:
    """The agent loses the offer; `time` is not before its delivery is overdue."""
    state = proof.state
    task = state.task_of(fields)
    if task and fields["how"] == "time":
        proof.deadlines.check_due(task.id, "delivery", task.deliver_by)
    _lose(proof, fields)


def _lose(proof: Proof, fields: Fields) -> None:
    """An invited agent has the offer no longer."""
    state = proof.state
    task, user, result = state.tasks.get(fields["task"]), fields["user"], fields["e"]
    agent = state.agent_named(user)
    if agent and result in ASKED:
        agent.put_back = state.now
    state.release(user, fields["task"])
    if not task:
        return
    state.fits(task, fields, "offered")
    invited = user in task.invited and task.offer == fields["offer"]
    state.hold(Rule.FITS, invited, f"{task.id}: {result} by {user}, who is not invited to offer {fields['offer']}")
    task.invited.discard(user)
    remember(proof, task, user, result)
    proof.deadlines.watch(task)


def remember(proof: Proof, task: TaskView, user: str, result: str) -> None:
    state = proof.state
    again = state.now + state.service(task.service).ms("reoffer_seconds") if result in ASKED else 0
    task.past[user] = (result, again)
    if again:
        proof.deadlines.watch_lane(task, again)


@EVENTS.on("requeued")
def on_requeued(proof: Proof, fields: Fields) -> None:
    """No agent is invited or has the task, which waits again."""
    state = proof.state
    task = state.task_of(fields)
    if task:
        state.fits(task, fields, "offered", "connecting", "active")
        state.hold(Rule.FITS, not task.invited, f"{task.id} goes back while {task.invited} are invited")
        task.agent = ""
        task.won = task.offer = ""
        task.deliver_by = task.deadline = None
        task.delivered.clear()
        state.move(task, "queued")
        proof.deadlines.watch(task)


# --- somebody has it


@EVENTS.on("accepted")
def on_accepted(proof: Proof, fields: Fields) -> None:
    """The invited agent takes the running offer, and no other agent has it."""
    state = proof.state
    task, user, offer = state.task_of(fields), fields["user"], fields["offer"]
    if task:
        state.fits(task, fields, "offered")
        mine = task.offer == offer and user in task.invited and task.won != offer
        state.hold(Rule.WINNER, mine, f"{task.id}: {user} takes offer {offer}; won by {task.agent or 'nobody'}")
        state.hold(Rule.WINNER, task.invited <= {user}, f"{task.id}: {user} takes it, and it rings at others")
    _win(proof, task, fields)


@EVENTS.on("picked")
def on_picked(proof: Proof, fields: Fields) -> None:
    """Nothing but absence stands against the agent, who takes a waiting task."""
    state = proof.state
    task, agent = state.task_of(fields), state.agent_named(fields["user"])
    if task:
        state.fits(task, fields, "queued")
        service = state.service(task.service)
        room = task.home == task.service or state.has_room(service)
        state.hold(Rule.LIMIT, room, f"{task.id}: {task.service} has as many chats as it may have")
        if fields["passed"] != "0":
            state.report.picked(state.entry, f"{fields['user']} picks {task.id} and passes over {fields['passed']}")
    if task and agent:
        against = [reason for reason in state.reasons(agent, task.service) if reason not in HE_IS_HERE]
        slots = {"ringing", "connected"} & set(against)
        state.hold(Rule.CAPACITY, not slots, f"{agent.user} picks {task.id} and has no free slot")
        others = [reason for reason in against if reason not in slots]
        state.hold(Rule.ELIGIBLE, not others, f"{agent.user} picks {task.id}: {', '.join(others)}")
    if agent:
        agent.last_offer = state.now
    _win(proof, task, fields)


def _win(proof: Proof, task: TaskView | None, fields: Fields) -> None:
    state = proof.state
    user, offer = fields["user"], fields["offer"]
    agent = state.agent_named(user)
    if task:
        task.pause = None
    if agent:
        state.take(agent, fields["task"], "talk")
    if task:
        state.move(task, "connecting")
        task.agent, task.won, task.offer, task.offers = user, offer, offer, int(offer)
        task.invited.clear()
        task.deliver_by = task.deadline = None
        task.past[user] = ("accepted", 0)
        task.unspoken[user] = state.now
        proof.deadlines.watch(task)
