"""Agents, and the rules of services."""

from distribution.verify.handlers import Handlers, Proof
from distribution.verify.reasons import OFF
from distribution.verify.report import Rule
from distribution.verify.views import AgentView, Fields, instant, levels_of, services_of

EVENTS = Handlers()


@EVENTS.on("service")
def on_service(proof: Proof, fields: Fields) -> None:
    """Rules change; members and waiting tasks follow until `refreshed`."""
    state = proof.state
    service = state.service(fields["service"])
    service.learn(fields["rules"], state.now)
    service.settled = False
    _follow(proof, service.id)


@EVENTS.on("refreshed")
def on_refreshed(proof: Proof, fields: Fields) -> None:
    """Every member and waiting task follows the rules."""
    state = proof.state
    service = state.service(fields["service"])
    service.settled = True
    _follow(proof, service.id)


def _follow(proof: Proof, service: str) -> None:
    """Its members may have become free for it or not, and its tasks may be due at other times."""
    state = proof.state
    for agent in state.agents.values():
        if not service or service in agent.services:
            state.refresh(agent)
    for task in state.tasks.values():
        if task.service == service and task.state == "queued":
            proof.deadlines.watch(task)
    state.touched.add(service)


@EVENTS.on("agent")
def on_agent(proof: Proof, fields: Fields) -> None:
    """An agent is new or has other licences, services or capacity."""
    state = proof.state
    agent = state.agents.get(fields["user"])
    if agent is None:
        if not state.complete:
            # Only the snapshot can tell whether they are new.
            return
        agent = state.agents[fields["user"]] = AgentView(fields["user"], idle_since=state.now, counted=state.now)
    state.count(agent)
    agent.licensed, agent.direct = fields["licensed"] == "1", fields["direct"] == "1"
    agent.services, agent.levels = services_of(fields), levels_of(fields)
    agent.capacity, agent.removed = int(fields["capacity"]), False
    state.refresh(agent)


@EVENTS.on("levels")
def on_levels(proof: Proof, fields: Fields) -> None:
    """The agent has other levels."""
    state = proof.state
    if agent := change(proof, fields):
        agent.levels = levels_of(fields)
        state.refresh(agent)


@EVENTS.on("agent_removed")
def on_agent_removed(proof: Proof, fields: Fields) -> None:
    """The agent gets no task any more, and is forgotten with their last one."""
    state = proof.state
    if agent := change(proof, fields):
        agent.licensed = agent.direct = False
        agent.services = {}
        agent.removed = True
        state.refresh(agent)
        if not agent.held:
            state.forget(agent)


def change(proof: Proof, fields: Fields) -> AgentView | None:
    """The agent of the event, with their times added up until now; None when there is no such agent."""
    state = proof.state
    agent = state.agents.get(fields["user"])
    if agent:
        state.count(agent)
    elif state.complete:
        state.hold(Rule.FITS, False, f"{fields['e']} of {fields['user']}, who is no agent")
    return agent


@EVENTS.on("duty")
def on_duty(proof: Proof, fields: Fields) -> None:
    """Coming on duty begins the agent's idle time."""
    state = proof.state
    if agent := change(proof, fields):
        agent.duty = fields["on"] == "1"
        if agent.duty:
            agent.idle_since = state.now
        state.refresh(agent)


@EVENTS.on("active")
def on_active(proof: Proof, fields: Fields) -> None:
    """The agent is switched on or off for a service."""
    state = proof.state
    if agent := change(proof, fields):
        agent.services[fields["service"]] = fields["on"] == "1"
        state.refresh(agent)


@EVENTS.on("availability")
def on_availability(proof: Proof, fields: Fields) -> None:
    """The agent is available or not."""
    state = proof.state
    if agent := change(proof, fields):
        agent.unavailable = fields["reason"]
        state.refresh(agent)


@EVENTS.on("presence")
def on_presence(proof: Proof, fields: Fields) -> None:
    """Teams says something else of the agent; coming online begins their idle time."""
    state = proof.state
    agent = change(proof, fields)
    if agent is None:
        return
    if fields.get("was") in OFF and fields["presence"] not in OFF:
        agent.idle_since = state.now
    if agent.presence not in OFF and fields["presence"] in OFF:
        agent.offline_since = state.now
    if agent.fresh and fields["fresh"] == "0":
        agent.lapsed = state.now
    agent.reading, agent.fresh = fields["reading"], fields["fresh"] == "1"
    state.refresh(agent)


@EVENTS.on("surface")
def on_surface(proof: Proof, fields: Fields) -> None:
    """The agent's first page opens, or the last one closes."""
    state = proof.state
    if agent := change(proof, fields):
        agent.surfaces = fields["open"] != "0"
        if not agent.surfaces:
            agent.lapsed = state.now
        state.refresh(agent)


@EVENTS.on("registered")
def on_registered(proof: Proof, fields: Fields) -> None:
    """Cards reach the agent, or do not."""
    state = proof.state
    if agent := change(proof, fields):
        agent.registered = fields["on"] == "1"
        state.refresh(agent)


@EVENTS.on("unreachable")
def on_unreachable(proof: Proof, fields: Fields) -> None:
    """The agent is not asked until the instant that the event says."""
    state = proof.state
    if agent := change(proof, fields):
        agent.retry_at = instant(fields, "until")
        state.refresh(agent)
        proof.deadlines.watch(agent)


@EVENTS.on("reached")
def on_reached(proof: Proof, fields: Fields) -> None:
    """The agent may be asked again."""
    state = proof.state
    if agent := change(proof, fields):
        agent.retry_at = None
        state.refresh(agent)


@EVENTS.on("tried_again")
def on_tried_again(proof: Proof, fields: Fields) -> None:
    """The time of `unreachable` is over."""
    state = proof.state
    if agent := change(proof, fields):
        proof.deadlines.check_due(agent.user, "retry", agent.retry_at)
        agent.retry_at = None
        state.refresh(agent)


@EVENTS.on("path_down")
def on_path_down(proof: Proof, _fields: Fields) -> None:
    """Agents that only cards reach are passed over."""
    _path(proof, down=True)


@EVENTS.on("path_up")
def on_path_up(proof: Proof, _fields: Fields) -> None:
    """Cards reach agents again."""
    _path(proof, down=False)


def _path(proof: Proof, *, down: bool) -> None:
    state = proof.state
    state.hold(Rule.FITS, not state.complete or state.path_down is not down, "the path to Teams is so already")
    state.path_down = down
    for agent in state.agents.values():
        state.refresh(agent)


@EVENTS.on("rona_set")
def on_rona_set(proof: Proof, fields: Fields) -> None:
    """The flag lasts as long as the rules say."""
    state = proof.state
    if agent := change(proof, fields):
        until = instant(fields, "until")
        wanted = state.now + state.service(fields["service"]).ms("rona_reset_seconds")
        proof.deadlines.check_set(agent.user, "RONA reset", until, wanted)
        agent.rona_until = until
        state.refresh(agent)
        proof.deadlines.watch(agent)


@EVENTS.on("rona_reset")
def on_rona_reset(proof: Proof, fields: Fields) -> None:
    """The flag is gone; `time` is not before its end."""
    state = proof.state
    if agent := change(proof, fields):
        if fields["how"] == "time":
            proof.deadlines.check_due(agent.user, "RONA reset", agent.rona_until)
        agent.rona_until = None
        state.refresh(agent)
