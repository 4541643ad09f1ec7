"""Tasks, agents and services as the journal tells of them. Instants are milliseconds."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import assert_never

from distribution.agents import pairs
from distribution.tasks import Priority
from distribution.user_session import OfferResult
from distribution.vocabulary import HoursEnd, OfferPolicy, OverflowTo, ServiceKind

NEVER = 10**18
PRIORITY_BAND, STRICT_BAND = 10**13, 10**14
RUNNING = frozenset({"offered", "connecting", "active"})


def _counts_as_asked(result: OfferResult) -> bool:
    match result:
        case OfferResult.DECLINED | OfferResult.RONA | OfferResult.UNDELIVERED | OfferResult.FAILED:
            return True
        case OfferResult.ACCEPTED | OfferResult.WITHDRAWN:
            return False
        case _:
            assert_never(result)


ASKED = frozenset(filter(_counts_as_asked, OfferResult))
"""Ways an offer ends after which the agent is not asked again for a while, and goes to the end of the order."""

Fields = Mapping[str, str]


def instant(fields: Fields, name: str) -> int | None:
    value = fields.get(name)
    return int(value) if value else None


@dataclass(slots=True)
class ServiceView:
    """The rules of a service; durations are seconds, as in `ServiceRules`."""

    id: str
    rules: dict[str, str] = field(default_factory=dict[str, str])
    numbers: dict[str, int] = field(default_factory=dict[str, int])
    kind: ServiceKind = ServiceKind.DIRECT
    policy: OfferPolicy = OfferPolicy.LONGEST_IDLE
    hours_end: HoursEnd = HoursEnd.STAY
    levels: tuple[int, ...] = ()  # when each opens: ms of waiting
    changed: int = 0
    settled: bool = True  # everybody has followed the last change

    def learn(self, words: str, at: int) -> None:
        self.rules.update(pairs(words))
        self.numbers = {name: int(value) for name, value in self.rules.items() if value.lstrip("-").isdigit()}
        self.kind = ServiceKind(self.rules.get("kind", self.kind))
        self.policy = OfferPolicy(self.rules.get("policy", self.policy))
        self.hours_end = HoursEnd(self.rules.get("hours_end", self.hours_end))
        levels = self.rules.get("levels", "")
        self.levels = tuple(int(level.partition(":")[0]) * 1000 for level in levels.split("|")) if levels else ()
        self.changed = at

    def ms(self, name: str) -> int:
        return self.numbers.get(name, 0) * 1000

    def number(self, name: str, default: int = 0) -> int:
        return self.numbers.get(name, default)

    @property
    def asks(self) -> bool:
        """Whether its tasks are offered at all."""
        match self.kind:
            case ServiceKind.DIRECT | ServiceKind.BROADCAST:
                return True
            case ServiceKind.PICKUP:
                return False
            case _:
                assert_never(self.kind)

    @property
    def hours_move_tasks(self) -> bool:
        """Whether waiting tasks leave when the opening hours end."""
        match self.hours_end:
            case HoursEnd.STAY:
                return False
            case HoursEnd.OVERFLOW:
                return self.rules.get("overflow") != OverflowTo.WAIT
            case _:
                assert_never(self.hours_end)

    def levels_open(self, waited: int) -> int:
        return max(1, sum(after <= waited for after in self.levels))

    def closes_at(self, now: int) -> int | None:
        """When the opening hours end; None when it is closed now."""
        hours = self.rules.get("hours", "always")
        if hours == "always":
            return NEVER
        for span in hours.split(","):
            start, _, end = span.partition("-")
            if end and int(start) <= now < int(end):
                return int(end)
        return None


@dataclass(slots=True)
class TaskView:
    id: str
    service: str  # "" = direct to `user`
    user: str
    state: str
    since: int
    priority: Priority = Priority.NORMAL
    preferred: tuple[str, ...] = ()
    level: int = 1
    ends: int | None = None
    entered: int = 0  # when it came to the state it is in
    rank: int = 0
    offer: str = ""
    offers: int = 0  # how many there were
    invited: set[str] = field(default_factory=set[str])
    delivered: set[str] = field(default_factory=set[str])
    deliver_by: int | None = None
    deadline: int | None = None
    agent: str = ""
    won: str = ""
    acw_until: int | None = None
    left: int | None = None
    warned: int | None = None  # both sides were told that silence will end the talk
    holder: str = ""  # while it is handed on: who keeps the talk
    home: str = ""  # ... and the service that it came from
    aim: str = ""  # ... and the agent it is meant for, if it is for one
    home_offer: str = ""  # ... and the offer that they had accepted
    transfer_ends: int | None = None
    pause: int | None = None  # its room could not be opened: nobody is asked before this
    opening_fails: int = 0
    past: dict[str, tuple[str, int]] = field(
        default_factory=dict[str, tuple[str, int]]
    )  # user → result, asked again from
    unspoken: dict[str, int] = field(default_factory=dict[str, int])  # took it, and has not written yet → taken at
    assigned: str = ""  # the agent that a supervisor gives it to just now
    late: set[tuple[str, int]] = field(default_factory=set[tuple[str, int]])  # deadlines that were reported already

    @property
    def lane(self) -> str:
        return self.service or f"@{self.user}"

    def asked_until(self, user: str) -> int:
        found = self.past.get(user)
        return max(found[1] if found else 0, self.pause or 0)

    def rank_in(self, service: ServiceView) -> int:
        step = service.ms("age_every_seconds") or PRIORITY_BAND
        match self.priority:
            case Priority.STRICT:
                return self.since - STRICT_BAND
            case Priority.HIGH:
                return self.since - step
            case Priority.NORMAL:
                return self.since
            case Priority.LOW:
                return self.since + step
            case _:
                assert_never(self.priority)


@dataclass(slots=True)
class AgentView:
    user: str
    licensed: bool = False
    direct: bool = False
    services: dict[str, bool] = field(default_factory=dict[str, bool])
    levels: dict[str, int] = field(default_factory=dict[str, int])
    capacity: int = 1
    duty: bool = True
    reading: str = ""
    fresh: bool = False
    registered: bool = False
    surfaces: bool = False
    retry_at: int | None = None
    rona_until: int | None = None
    unavailable: str = ""
    idle_since: int = 0
    put_back: int = 0
    last_offer: int = 0
    held: dict[str, str] = field(default_factory=dict[str, str])  # task → ringing, talk, acw
    wraps: dict[str, int] = field(default_factory=dict[str, int])  # task handed on → end of their ACW
    removed: bool = False
    ready: frozenset[str] = frozenset()  # services for which nothing stands against them
    offline_since: int = 0
    lapsed: int = 0  # when time alone last took something from them
    counted: int = 0  # up to when their times are added up

    @property
    def presence(self) -> str:
        """The one that counts: a lapsed or missing reading is Offline, unless an open page vouches for them."""
        if self.fresh:
            return self.reading
        if not self.surfaces:
            return "Offline"
        return self.reading if self.reading not in {"", "Offline"} else "Available"

    def level(self, service: str) -> int:
        return self.levels.get(service, 1)


def task_from(fields: Fields) -> TaskView:
    """Out of a `snapshot_task`."""
    past: dict[str, tuple[str, int]] = {}
    for user, rest in pairs(fields.get("past")):
        result, again, _ = rest.split(":")
        past[user] = (result, int(again))
    return TaskView(
        id=fields["task"],
        service=fields.get("service", ""),
        user=fields.get("user", ""),
        state=fields["state"],
        since=int(fields["since"]),
        priority=Priority(fields.get("priority", "normal")),
        preferred=tuple(fields.get("preferred", "").split()),
        level=int(fields.get("level", "1")),
        ends=instant(fields, "ends"),
        pause=instant(fields, "pause"),
        opening_fails=int(fields.get("opening_fails", "0")),
        offer=fields.get("offer", ""),
        offers=int(fields.get("offers", "0")),
        invited=set(fields.get("invited", "").split()),
        delivered=set(fields.get("delivered", "").split()),
        deliver_by=instant(fields, "deliver_by"),
        deadline=instant(fields, "deadline"),
        agent=fields.get("agent", ""),
        won=fields.get("won", ""),
        acw_until=instant(fields, "acw_until"),
        left=instant(fields, "left"),
        holder=fields.get("holder", ""),
        home="" if fields.get("home", "").startswith("@") else fields.get("home", ""),
        aim=fields.get("transfer_to", "").removeprefix("@") if fields.get("transfer_to", "").startswith("@") else "",
        transfer_ends=instant(fields, "transfer_ends"),
        warned=instant(fields, "warned"),
        past=past,
        unspoken={user: int(at) for user, at in pairs(fields.get("unspoken"))},
    )


def agent_from(fields: Fields) -> AgentView:
    """Out of a `snapshot_agent`."""
    return AgentView(
        user=fields["user"],
        licensed=fields.get("licensed") == "1",
        direct=fields.get("direct") == "1",
        services=services_of(fields),
        levels=levels_of(fields),
        capacity=int(fields.get("capacity", "1")),
        duty=fields.get("duty") == "1",
        reading=fields.get("reading", ""),
        fresh=fields.get("fresh") == "1",
        registered=fields.get("registered") == "1",
        surfaces=fields.get("surfaces", "0") != "0",
        retry_at=instant(fields, "retry_at"),
        rona_until=instant(fields, "rona_until"),
        unavailable=fields.get("unavailable", ""),
        idle_since=int(fields.get("idle_since", "0")),
        put_back=int(fields.get("put_back", "0")),
        last_offer=int(fields.get("last_offer", "0")),
        held=dict(pairs(fields.get("held"))),
        wraps={task: int(until) for task, until in pairs(fields.get("wraps"))},
    )


def services_of(fields: Fields) -> dict[str, bool]:
    return {service: active == "1" for service, active in pairs(fields.get("services"))}


def levels_of(fields: Fields) -> dict[str, int]:
    return {service: int(level) for service, level in pairs(fields.get("levels"))}
