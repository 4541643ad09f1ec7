"""Agents: what stands against offering them a task, and the rules that services and licences lay down."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from distribution.service_rules import ID, BadRules


class Reason(StrEnum):
    """Why an agent is not offered a task. They are selectable when none of these stands against them."""

    NOT_LICENSED = "not_licensed"
    NOT_A_MEMBER = "not_a_member"
    INACTIVE = "inactive"  # switched off for this service
    OFF_DUTY = "off_duty"
    OFFLINE = "offline"
    DELETED = "deleted"  # Entra does not know them any more
    BUSY = "busy"
    AWAY = "away"
    NOT_AVAILABLE = "not_available"  # they said so, with a reason of the tenant's list
    RONA = "rona"
    RINGING = "ringing"
    CONNECTED = "connected"  # no free slot
    ACW = "acw"
    UNREACHABLE = (
        "unreachable"  # neither registered with the bot nor on an open surface, or the last card did not arrive
    )
    TEAMS_UNREACHABLE = "teams_unreachable"  # reached by cards alone, and at the moment cards reach nobody


class Presence(StrEnum):
    """Teams presence, in Graph's words for `availability` and `activity`; DELETED is ours: there is no such user."""

    AVAILABLE = "Available"
    AWAY = "Away"
    BE_RIGHT_BACK = "BeRightBack"
    BUSY = "Busy"
    DELETED = "Deleted"
    DO_NOT_DISTURB = "DoNotDisturb"
    FOCUSING = "Focusing"
    IN_A_CALL = "InACall"
    IN_A_MEETING = "InAMeeting"
    OFFLINE = "Offline"
    PRESENTING = "Presenting"
    UNKNOWN = "PresenceUnknown"


@dataclass(frozen=True, slots=True)
class Agent:
    """An agent as the distributor sees them now."""

    tenant: str
    user: str
    revision: int
    on_duty: bool
    presence: Presence  # the last known one
    registered: bool
    surfaces: int  # open, signed-in pages
    rona: bool
    rona_until_at: int | None
    idle_since_at: int | None  # None while they hold a task
    tasks: tuple[str, ...]  # ringing, connecting, active, acw
    reasons: Mapping[str, tuple[Reason, ...]]  # service → what stands against them; "" = direct to them
    selectable_for: tuple[str, ...]  # the services (and "") without a reason
    levels: Mapping[
        str, int
    ]  # service → the level that adds them (1 = from the beginning); services they are in no level of are left out
    unavailable: str  # the reason that they chose for not being available, "" when they are
    wrapping: Mapping[str, int]  # task that they handed on → end of their own ACW of it (ms)


@dataclass(frozen=True, slots=True)
class AgentRules:
    """What licences and memberships lay down for an agent."""

    licensed: bool  # IM modality
    direct_licensed: bool  # Interact User
    services: Mapping[str, bool]  # service → active there
    capacity: int = 1
    skills: tuple[str, ...] = ()


def check_agent_rules(rules: AgentRules) -> None:
    """Raise BadRules for a capacity out of 1 to 10, and for a skill that is no id."""
    if not 1 <= rules.capacity <= 10:
        raise BadRules("capacity", "must be between 1 and 10")
    for skill in rules.skills:
        if not ID.fullmatch(skill):
            raise BadRules("skills", f"{skill!r} is no id")


def read_agent(tenant: str, user: str, reply: Sequence[str]) -> Agent:
    """The reply of `agent.lua`: `[surfaces open now, reasons, field, value, …]`; reasons = `service=a,b` separated by spaces."""
    fields = iter(reply[2:])
    values = dict(zip(fields, fields, strict=True))
    get = values.get
    reasons = {service: _reasons(names) for service, _, names in (part.partition("=") for part in reply[1].split(" "))}
    held, rona_until = get("held"), get("rona_until")
    idle_since = get("idle_since")
    return Agent(
        tenant=tenant,
        user=user,
        revision=int(values["rev"]),
        on_duty=get("duty") == "1",
        presence=Presence(get("presence", Presence.UNKNOWN)),
        registered=get("registered") == "1",
        surfaces=int(reply[0]),
        rona=get("rona") == "1",
        rona_until_at=int(rona_until) if rona_until else None,
        idle_since_at=int(idle_since) if idle_since and not held else None,
        tasks=tuple(part.partition("=")[0] for part in held.split(" ")) if held else (),
        reasons=reasons,
        selectable_for=tuple(service for service, against in reasons.items() if not against),
        levels=_levels(get("services"), get("levels")),
        unavailable=get("unavailable", ""),
        wrapping={task: int(until) for task, until in pairs(get("wraps"))},
    )


_NO_MATTER = frozenset({Reason.NOT_A_MEMBER, Reason.INACTIVE})


def against_handing(agent: Agent, service: str) -> tuple[Reason, ...]:
    """What stands against handing a chat of this service ("" = direct) to them by name: they need be no member of it.

    In the chat's own service if they are in it, else where least stands against them.
    """
    own = agent.reasons.get(service)
    elsewhere = [against for name, against in agent.reasons.items() if name]
    there = own if own is not None and service else min(elsewhere, key=len, default=())
    return tuple(reason for reason in there if reason not in _NO_MATTER)


def pairs(packed: str | None) -> list[tuple[str, str]]:
    """`a=1 b=2` as the scripts store it."""
    parts = (part.partition("=") for part in packed.split(" ")) if packed else ()
    return [(name, value) for name, _, value in parts]


def _levels(services: str | None, levels: str | None) -> dict[str, int]:
    every = dict.fromkeys((service for service, _ in pairs(services)), 1)
    every |= {service: int(level) for service, level in pairs(levels)}
    return {service: level for service, level in every.items() if level}


def _reasons(names: str) -> tuple[Reason, ...]:
    return tuple(Reason(name) for name in names.split(",")) if names else ()
