"""Agents: what stands against offering them a task, and the rules that services and licences lay down."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from distribution.tasks import Priority
from distribution.vocabulary import HoursEnd, OfferPolicy, ServiceKind


class Reason(StrEnum):
    """Why an agent is not offered a task. He is selectable when none of these stands against him."""

    NOT_LICENSED = "not_licensed"
    NOT_A_MEMBER = "not_a_member"
    INACTIVE = "inactive"  # switched off for this service
    OFF_DUTY = "off_duty"
    OFFLINE = "offline"
    DELETED = "deleted"  # Entra does not know them any more
    BUSY = "busy"
    AWAY = "away"
    NOT_AVAILABLE = "not_available"  # he said so, with a reason of the tenant's list
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
    """An agent as the distributor sees him now."""

    tenant: str
    user: str
    revision: int
    on_duty: bool
    presence: Presence  # the last known one
    registered: bool
    surfaces: int  # open, signed-in pages
    rona: bool
    rona_until_at: int | None
    idle_since_at: int | None  # None while he holds a task
    tasks: tuple[str, ...]  # ringing, connecting, active, acw
    reasons: Mapping[str, tuple[Reason, ...]]  # service → what stands against him; "" = direct to him
    selectable_for: tuple[str, ...]  # the services (and "") without a reason
    levels: Mapping[
        str, int
    ]  # service → the level that adds him (1 = from the beginning); services he is in no level of are left out
    unavailable: str  # the reason that he chose for not being available, "" when he is
    wrapping: Mapping[str, int]  # task that he handed on → end of his own ACW of it (ms)


@dataclass(frozen=True, slots=True)
class Level:
    """Whom a level of a service adds to those of the levels before it, once a task has waited `after_seconds`.

    An agent belongs to the first level that names him, or all of whose `skills` he has.
    """

    after_seconds: int = 0
    agents: tuple[str, ...] = ()
    skills: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ServiceRules:
    """What a service (or the tenant's *Direct* settings) lays down. Durations in seconds, instants in milliseconds."""

    name: str
    kind: ServiceKind = ServiceKind.DIRECT
    policy: OfferPolicy = OfferPolicy.LONGEST_IDLE
    priority: Priority = Priority.NORMAL  # of tasks that come without one
    age_every_seconds: int = 0  # waiting so long raises a task's rank by one priority; 0 = never
    levels: tuple[Level, ...] = ()  # none: every member from the beginning
    agents_may_pick: bool = False  # from every surface; a pickup service's tasks from the Attendant Console in any case
    offer_seconds: int = 20
    acw_seconds: int = 0
    acw_extension_seconds: int = 0
    acw_extensions: int = 0  # how often ACW may be extended
    persistent_rona: bool = False
    rona_after_misses: int = 2  # so many misses in a row flag the agent also without persistent RONA; 0 = never
    rona_reset_seconds: int = 600
    concurrent: int = 20
    queue_seconds: int = 300
    queue_limit: int = 0  # so many may wait; 0 = no limit
    overflow: str = (
        "form"  # when the queue time or limit is reached: `form` (it ends), `wait` (on), or another service's id
    )
    hours: tuple[tuple[int, int], ...] | None = None  # when it is open, (from, until) in order; None = always
    hours_end: HoursEnd = HoursEnd.STAY  # what becomes of waiting tasks when the hours end: `stay` or `overflow`
    im_enabled: bool = True
    allow_busy: bool = False
    allow_away: bool = False
    licensed: bool = True
    visitor_grace_waiting_seconds: int = 60
    visitor_grace_active_seconds: int = 300
    idle_warn_seconds: int = 600  # of silence in a talk, from both sides
    idle_seconds: int = 900  # then it ends; 0 = never
    agent_lost_seconds: int = (
        600  # Offline for so long, and nothing written: his talk waits for another agent; 0 = never
    )
    stale_seconds: int = 0  # nothing has happened for so long: the sweep ends the task; 0 = only at `sweeps`
    sweeps: tuple[int, ...] = ()  # when the daily sweep looks, in order
    sweep_quiet_seconds: int = 3_600  # what the daily sweep takes for stale
    reoffer_seconds: int = 30
    deliver_seconds: int = 10
    # also in directory/service_model.py
    opening_pause_seconds: int = 5  # before the next offer, once a room was not opened; doubles with each attempt
    opening_attempts: int = 5  # then the task ends with the outcome `error`


@dataclass(frozen=True, slots=True)
class AgentRules:
    """What licences and memberships lay down for an agent."""

    licensed: bool  # IM modality
    direct_licensed: bool  # Interact User
    services: Mapping[str, bool]  # service → active there
    capacity: int = 1
    skills: tuple[str, ...] = ()


_NAME = re.compile(r"[A-Za-z0-9_.@-]{1,80}")
"""What ids look like where they are packed with others: none of the signs that part them."""

_LONGEST_WAIT_SECONDS = 3_600

_CHOICES: Mapping[str, type[StrEnum]] = {
    "kind": ServiceKind,
    "policy": OfferPolicy,
    "priority": Priority,
    "hours_end": HoursEnd,
}

_BOUNDS: Mapping[str, tuple[int, int]] = {
    "offer_seconds": (5, 300),
    "acw_seconds": (0, 3_600),
    "acw_extension_seconds": (0, 3_600),
    "acw_extensions": (0, 10),
    "rona_after_misses": (0, 100),
    "rona_reset_seconds": (10, 28_800),
    "concurrent": (1, 500),
    "queue_seconds": (5, 3_600),
    "visitor_grace_waiting_seconds": (1, 3_600),
    "visitor_grace_active_seconds": (1, 86_400),
    "reoffer_seconds": (0, 3_600),
    "deliver_seconds": (1, 60),
    "opening_pause_seconds": (0, 300),
    "opening_attempts": (1, 100),
    "age_every_seconds": (0, 3_600),
    "queue_limit": (0, 100_000),
    "idle_warn_seconds": (0, 86_400),
    "idle_seconds": (0, 86_400),
    "agent_lost_seconds": (0, 86_400),
    "stale_seconds": (0, 604_800),
    "sweep_quiet_seconds": (60, 86_400),
}


class BadRules(ValueError):
    """A setting that makes no sense; `field` names it."""

    def __init__(self, field: str, why: str) -> None:
        super().__init__(f"{field}: {why}")
        self.field = field
        self.why = why


def check_service_rules(rules: ServiceRules) -> None:
    """Raise BadRules for the first field that makes no sense."""
    for field, known in _CHOICES.items():
        if getattr(rules, field) not in set(known):
            raise BadRules(field, f"must be one of {', '.join(sorted(known))}")
    for field, (least, most) in _BOUNDS.items():
        if not least <= getattr(rules, field) <= most:
            raise BadRules(field, f"must be between {least} and {most}")
    if not _NAME.fullmatch(rules.overflow):
        raise BadRules("overflow", "must be form, wait or the id of another service")
    if rules.idle_seconds and rules.idle_warn_seconds >= rules.idle_seconds:
        raise BadRules("idle_warn_seconds", "must be before idle_seconds")
    _check_levels(rules.levels)
    _check_hours(rules.hours)


def _check_levels(levels: Sequence[Level]) -> None:
    for index, level in enumerate(levels):
        before = levels[index - 1] if index else None
        if before is None and level.after_seconds != 0:
            raise BadRules("levels", "the first level must open at once (after_seconds 0)")
        if before is not None and level.after_seconds <= before.after_seconds:
            raise BadRules("levels", f"level {index + 1} must open after level {index}")
        if level.after_seconds > _LONGEST_WAIT_SECONDS:
            raise BadRules("levels", f"level {index + 1} must open within {_LONGEST_WAIT_SECONDS} s")
        if not level.agents and not level.skills:
            raise BadRules("levels", f"level {index + 1} names neither agents nor skills")
        for name in (*level.agents, *level.skills):
            if not _NAME.fullmatch(name):
                raise BadRules("levels", f"{name!r} is no id")


def _check_hours(hours: Sequence[tuple[int, int]] | None) -> None:
    end = 0
    for start, until in hours or ():
        if not end <= start < until:
            raise BadRules("hours", "must be intervals in order that do not overlap")
        end = until


def check_agent_rules(rules: AgentRules) -> None:
    """Raise BadRules for a capacity out of 1 to 10, and for a skill that is no id."""
    if not 1 <= rules.capacity <= 10:
        raise BadRules("capacity", "must be between 1 and 10")
    for skill in rules.skills:
        if not _NAME.fullmatch(skill):
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
    """What stands against handing a chat of this service ("" = direct) to him by name: he need be no member of it.

    In the chat's own service if he is in it, else where least stands against him.
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
