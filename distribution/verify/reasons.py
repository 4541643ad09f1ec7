"""What stands against offering an agent a task, once more and on its own: the names of `distribution.agents.Reason`."""

from collections.abc import Iterator

from distribution.verify.views import AgentView, ServiceView

BUSY = frozenset({"Busy", "DoNotDisturb", "Focusing", "InACall", "InAMeeting", "Presenting"})
AWAY = frozenset({"Away", "BeRightBack"})
OFF = frozenset({"Offline", "Deleted"})


def reasons(agent: AgentView, service: ServiceView, now: int, *, path_down: bool = False) -> Iterator[str]:
    """Everything that stands against them at `now`; of the slots `ringing` or `connected`."""
    yield from _standing(agent, service.id)
    if not agent.duty:
        yield "off_duty"
    if agent.unavailable:
        yield "not_available"
    yield from _presence(agent, service)
    if agent.rona_until is not None:
        yield "rona"
    if "ringing" in agent.held.values():
        yield "ringing"
    elif len(agent.held) >= agent.capacity:
        yield "connected"
    is_tried_later = agent.retry_at is not None and now < agent.retry_at
    if is_tried_later or not (agent.registered or agent.surfaces):
        yield "unreachable"
    if path_down and agent.registered and not agent.surfaces:
        yield "teams_unreachable"


def _standing(agent: AgentView, service: str) -> Iterator[str]:
    if not agent.licensed or (not service and not agent.direct):
        yield "not_licensed"
    elif service and (service not in agent.services or agent.level(service) == 0):
        yield "not_a_member"
    elif service and not agent.services[service]:
        yield "inactive"


def _presence(agent: AgentView, service: ServiceView) -> Iterator[str]:
    presence = agent.presence
    if presence == "Offline":
        yield "offline"
    elif presence == "Deleted":
        yield "deleted"
    elif presence in BUSY and not service.number("allow_busy"):
        yield "busy"
    elif presence in AWAY and not service.number("allow_away"):
        yield "away"


def is_off(agent: AgentView) -> bool:
    """Something other than what they hold stands against every task alike."""
    return (
        not agent.licensed or not agent.duty or bool(agent.unavailable) or agent.rona_until is not None
        or agent.retry_at is not None or not (agent.registered or agent.surfaces) or agent.presence in OFF
    )  # fmt: skip
