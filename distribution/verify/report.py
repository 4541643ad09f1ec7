"""What is proved, and what was found."""

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum

MOST_KEPT = 1_000
"""So many violations, and picks, are kept by name; all are counted."""


class Rule(StrEnum):
    """What the distributor promises; the value is what the table says."""

    READABLE = "every entry can be read"
    FITS = "every event fits what was before"
    WINNER = "one winner per offer"
    CAPACITY = "capacity never exceeded"
    LIMIT = "concurrent chats within the limit"
    ELIGIBLE = "only agents are asked who have no reason against them"
    ORDER = "no task passed over"
    AGENTS = "agents asked in order"
    AT_ONCE = "nobody waits while somebody is free"
    DEADLINES = "every deadline honoured"
    TIMES = "idle and busy times add up"
    SNAPSHOT = "snapshots tell the same as the journal"
    ENDS = "every task closed or alive"


@dataclass(frozen=True, slots=True)
class Violation:
    """A rule that was broken; `entry` is the id of the journal's entry that shows it."""

    rule: Rule
    entry: str
    at: int
    what: str


@dataclass(frozen=True, slots=True)
class Outage:
    """Nothing was written from `begin` to `end` (ms), although something was due: the store or all replicas were away."""

    begin: int
    end: int
    waiting: int  # how many tasks and agents had a deadline in it


@dataclass(slots=True)
class AgentTimes:
    """How an agent spent the time that the journal tells of (ms). Busy = holds a task; off = something else stands against them."""

    idle: int = 0
    busy: int = 0
    off: int = 0


@dataclass(slots=True)
class Report:
    """Of one tenant's journal."""

    tenant: str
    first: str = ""  # the snapshot that it began with
    last: str = ""
    entries: int = 0
    closed: int = 0
    alive: int = 0
    checked: Counter[Rule] = field(default_factory=lambda: Counter[Rule](dict.fromkeys(Rule, 0)))
    broken: Counter[Rule] = field(default_factory=Counter[Rule])
    violations: list[Violation] = field(default_factory=list[Violation])
    picks: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])  # out of order: entry, what
    outages: list[Outage] = field(default_factory=list[Outage])
    unknown: dict[str, tuple[int, str]] = field(
        default_factory=dict[str, tuple[int, str]]
    )  # event → how often, first entry
    times: dict[str, AgentTimes] = field(default_factory=dict[str, AgentTimes])

    @property
    def ok(self) -> bool:
        return not self.broken

    def violate(self, rule: Rule, entry: str, at: int, what: str) -> None:
        self.broken[rule] += 1
        if self.broken[rule] <= MOST_KEPT:
            self.violations.append(Violation(rule, entry, at, what))

    def picked(self, entry: str, what: str) -> None:
        if len(self.picks) < MOST_KEPT:
            self.picks.append((entry, what))
