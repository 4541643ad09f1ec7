"""The settings of a service that the distributor obeys: one definition of each, with its default, bounds and meaning.

The directory's model (`directory/service_model.py`) and docs/services.md take all of it from here, by the name of the field.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, Field, dataclass, field, fields
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from distribution.tasks import Priority
from distribution.vocabulary import HoursEnd, OfferPolicy, ServiceKind


@dataclass(frozen=True, slots=True)
class Between:
    """A whole number from `low` to `high`, both included."""

    low: int
    high: int
    unit: str = ""

    def __contains__(self, value: object) -> bool:
        return isinstance(value, int) and self.low <= value <= self.high

    def __call__(self, value: int) -> int:
        """The value; raises ValueError when it is out of bounds."""
        if value not in self:
            raise ValueError(f"must be {self}, and is {value:,}")
        return value

    def __str__(self) -> str:
        return f"from {self.low:,} to {self.high:,}{self.unit and ' ' + self.unit}"


@dataclass(frozen=True, slots=True)
class Setting:
    """What is known of one setting: its default, what it means, and which values it may have."""

    name: str
    default: Any
    meaning: str
    bounds: Between | None
    words: type[StrEnum] | None


def _about(meaning: str, bounds: Between | None = None) -> Mapping[str, Any]:
    return {"meaning": meaning, "bounds": bounds}


def _seconds(low: int, high: int, meaning: str) -> Mapping[str, Any]:
    return _about(meaning, Between(low, high, "seconds"))


@dataclass(frozen=True, slots=True)
class Level:
    """The agents that a level of a service adds to those of the levels before it, once a task has waited `after_seconds`.

    An agent belongs to the first level that names them, or all of whose `skills` they have.
    """

    after_seconds: int = 0
    agents: tuple[str, ...] = ()
    skills: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ServiceRules:
    """What a service (or the tenant's *Direct* settings) sets. Durations in seconds, instants in milliseconds."""

    name: str
    kind: ServiceKind = field(
        default=ServiceKind.DIRECT,
        metadata=_about(
            "`direct` asks one agent after the other, `broadcast` ten at once (the first to accept gets the chat), `pickup` nobody: "
            "agents pick."
        ),
    )
    policy: OfferPolicy = field(
        default=OfferPolicy.LONGEST_IDLE,
        metadata=_about(
            "Which agent is asked first: idle longest, in turn, or with the fewest chats for their capacity."
        ),
    )
    priority: Priority = field(
        default=Priority.NORMAL,
        metadata=_about(
            "Which chats come first where agents have several services. `strict` comes before everything else."
        ),
    )
    age_every_seconds: int = field(
        default=0,
        metadata=_seconds(
            0,
            3_600,
            "Raises a waiting chat's priority by one step each time this period passes (never to `strict`); 0 disables it.",
        ),
    )
    levels: tuple[Level, ...] = ()  # none: every member from the beginning
    agents_may_pick: bool = field(
        default=False,
        metadata=_about("Agents may pick waiting chats of a service that is not `pickup`, and from every surface."),
    )
    offer_seconds: int = field(default=20, metadata=_seconds(5, 300, "The time to answer an offer, from its arrival."))
    acw_seconds: int = field(default=0, metadata=_seconds(0, 3_600, "After-call work (ACW); 0 disables it."))
    acw_extension_seconds: int = field(
        default=0, metadata=_seconds(0, 3_600, "The time that one extension of ACW gives.")
    )
    acw_extensions: int = field(default=0, metadata=_about("How often ACW can be extended.", Between(0, 10)))
    persistent_rona: bool = field(
        default=False,
        metadata=_about(
            "An agent who misses or declines an offer gets no more until `rona_reset_seconds` are over or they reset it."
        ),
    )
    rona_after_misses: int = field(
        default=2,
        metadata=_about(
            "This many misses in a row do the same without `persistent_rona`; 0 disables it.", Between(0, 100)
        ),
    )
    rona_reset_seconds: int = field(default=600, metadata=_seconds(10, 28_800, "How long RONA lasts."))
    concurrent: int = field(
        default=20, metadata=_about("Maximum concurrent chats, counted from the offer; others wait.", Between(1, 500))
    )
    queue_seconds: int = field(default=300, metadata=_seconds(5, 3_600, "How long a chat may wait; then it overflows."))
    queue_limit: int = field(
        default=0,
        metadata=_about("Maximum waiting chats; a further one overflows at once. 0 = no limit.", Between(0, 100_000)),
    )
    overflow: str = field(
        default="form",
        metadata=_about(
            "What becomes of a chat that overflows: `form` (it ends, and the visitor is told), `wait` (it goes on waiting), or a service's "
            "id."
        ),
    )
    hours: tuple[tuple[int, int], ...] | None = None  # when it is open, (from, until) in order; None = always
    hours_end: HoursEnd = field(
        default=HoursEnd.STAY,
        metadata=_about("What becomes of waiting chats when the service closes: they `stay`, or `overflow`."),
    )
    im_enabled: bool = True
    allow_busy: bool = field(default=False, metadata=_about("Also ask agents who are busy in Teams."))
    allow_away: bool = field(default=False, metadata=_about("Also ask agents who are away in Teams."))
    licensed: bool = True
    visitor_grace_waiting_seconds: int = field(
        default=60, metadata=_seconds(1, 3_600, "A waiting visitor whose connection has been gone this long has left.")
    )
    visitor_grace_active_seconds: int = field(
        default=300,
        metadata=_seconds(1, 86_400, "A visitor in a chat whose connection has been gone this long has left."),
    )
    idle_warn_seconds: int = field(
        default=600,
        metadata=_seconds(0, 86_400, "Both sides are warned after this long without a message; 0 disables it."),
    )
    idle_seconds: int = field(
        default=900, metadata=_seconds(0, 86_400, "The chat ends after this long without a message; 0 disables it.")
    )
    agent_lost_seconds: int = field(
        default=600,
        metadata=_seconds(
            0,
            86_400,
            "An agent who has been offline this long, and has written nothing, loses the chat: it waits for another agent; 0 disables it.",
        ),
    )
    stale_seconds: int = field(
        default=0,
        metadata=_seconds(
            0, 604_800, "A chat in which nothing has happened this long is ended; 0 = only by the daily sweep."
        ),
    )
    sweeps: tuple[int, ...] = ()  # when the daily sweep looks, in order
    sweep_quiet_seconds: int = field(
        default=3_600, metadata=_seconds(60, 86_400, "The daily sweep ends chats that have been quiet this long.")
    )
    reoffer_seconds: int = field(
        default=30,
        metadata=_seconds(0, 3_600, "The same agent is asked again only when nobody else can be, and not before this."),
    )
    deliver_seconds: int = field(
        default=10, metadata=_seconds(1, 60, "How long an offer may take to arrive; then another agent is asked.")
    )
    opening_pause_seconds: int = field(
        default=5,
        metadata=_seconds(
            0,
            300,
            "After a room could not be opened, nobody is asked for this time; it doubles with each attempt, up to 300 seconds.",
        ),
    )
    opening_attempts: int = field(
        default=5,
        metadata=_about(
            "After this many rooms that could not be opened a chat ends with an error, and the visitor is told.",
            Between(1, 100),
        ),
    )


def _read(found: Field[Any]) -> Setting:
    words = type(found.default) if isinstance(found.default, StrEnum) else None
    return Setting(found.name, found.default, found.metadata["meaning"], found.metadata["bounds"], words)


SETTINGS: Final[Mapping[str, Setting]] = MappingProxyType(
    {one.name: _read(one) for one in fields(ServiceRules) if one.metadata and one.default is not MISSING}
)
"""The rules that an owner sets as they are. The others (name, levels, hours, sweeps, licences) are derived from settings."""

ID = re.compile(r"[A-Za-z0-9_.@-]{1,80}")
"""What ids look like where they are packed with others: without the characters that separate them."""

_LONGEST_WAIT_SECONDS = 3_600


class BadRules(ValueError):
    """A setting that makes no sense; `field` names it."""

    def __init__(self, field: str, why: str) -> None:
        super().__init__(f"{field}: {why}")
        self.field = field
        self.why = why


def check_service_rules(rules: ServiceRules) -> None:
    """Raise BadRules for the first field that makes no sense."""
    for setting in SETTINGS.values():
        value = getattr(rules, setting.name)
        if setting.words is not None and value not in set(setting.words):
            raise BadRules(setting.name, f"must be one of {', '.join(sorted(setting.words))}")
        if setting.bounds is not None and value not in setting.bounds:
            raise BadRules(setting.name, f"must be {setting.bounds}")
    if not ID.fullmatch(rules.overflow):
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
            if not ID.fullmatch(name):
                raise BadRules("levels", f"{name!r} is no id")


def _check_hours(hours: Sequence[tuple[int, int]] | None) -> None:
    end = 0
    for start, until in hours or ():
        if not end <= start < until:
            raise BadRules("hours", "must be intervals in order that do not overlap")
        end = until
