"""A recorded day: what came from outside, of customers and agents of one service, and what came of it."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import NamedTuple

from distribution.service_rules import ServiceRules
from distribution.simulate.outcome import Outcome
from distribution.verify.reasons import OFF


class Facts(NamedTuple):
    """What of an agent does not follow from the chats of the service."""

    rules: tuple[bool, bool, bool, int]  # licensed, a member, active there, capacity
    duty: bool
    presence: str
    reachable: bool
    unavailable: str

    @property
    def seats(self) -> int:
        """Slots of an agent who is there."""
        licensed, member, active, capacity = self.rules
        there = licensed and member and active and self.duty and not self.unavailable and self.presence not in OFF
        return capacity if there else 0


class Reaction(NamedTuple):
    """What an agent did about an offer; ms from the offer on. `how`: accepted, declined, rona, undelivered or withdrawn."""

    how: str
    arrives: int | None
    answers: int


@dataclass(slots=True)
class Elsewhere:
    """What held a slot of an agent beside the chats that are replayed: other services, and what ran at midnight."""

    user: str
    begins: int
    talks: int | None = None  # when they accepted
    ends: int | None = None


@dataclass(slots=True)
class Chat:
    """Instants in ms; None = it has not come to that."""

    comes: int
    priority: str = "normal"
    preferred: tuple[str, ...] = ()
    leaves: int | None = None  # while waiting
    agent: str = ""  # who had the talk first
    accepted: int | None = None
    opened: int | None = None
    ended: int | None = None
    closed: int | None = None
    early: bool = False  # the after-call work was ended by its agent
    extended: list[int] = field(default_factory=list[int])
    over: bool = False  # what follows is not of this service any more
    doings: list[tuple[int, str, tuple[str, ...]]] = field(default_factory=list[tuple[int, str, tuple[str, ...]]])


@dataclass(slots=True)
class Recording:
    """`doings` of a chat and of agents: what somebody did by hand then, as happenings of the replay."""

    service: str
    begins: int
    rules: ServiceRules
    chats: dict[str, Chat] = field(default_factory=dict[str, Chat])
    first: dict[str, tuple[int, Facts]] = field(default_factory=dict[str, tuple[int, Facts]])  # idle since, at midnight
    staff: list[tuple[int, str, Facts]] = field(default_factory=list[tuple[int, str, Facts]])
    levels: dict[str, int] = field(default_factory=dict[str, int])
    elsewhere: list[Elsewhere] = field(default_factory=list[Elsewhere])
    reactions: defaultdict[tuple[str, str], list[Reaction]] = field(
        default_factory=lambda: defaultdict[tuple[str, str], list[Reaction]](list)
    )
    failures: dict[tuple[str, str], int] = field(
        default_factory=dict[tuple[str, str], int]
    )  # chat, agent → ms from Accept
    resets: list[tuple[int, str]] = field(default_factory=list[tuple[int, str]])
    was: Outcome = field(default_factory=Outcome)

    @property
    def agents(self) -> int:
        """How many could have been asked at some time of the day."""
        there = {user for _, user, facts in self.staff if facts.seats}
        return len(there | {user for user, (_, facts) in self.first.items() if facts.seats})
