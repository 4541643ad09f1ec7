"""The plain model's state: its tasks and agents, and what stands against whom; see `model.Model`."""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Self

from distribution.agents import AgentRules, Presence, Reason
from distribution.service_rules import ServiceRules
from distribution.tasks import Outcome, TaskState
from distribution.user_session import OfferResult
from distribution.verdicts import Verdict

S, V, R, OUT = TaskState, Verdict, OfferResult, Outcome
NOT_AGAIN = {R.DECLINED, R.RONA, R.UNDELIVERED, R.FAILED}
NEVER = 9 * 10**15
BEFORE = {S.ARRIVING, S.QUEUED, S.OFFERED, S.CONNECTING}
ABANDONED = {
    S.ARRIVING: OUT.ABANDONED_IN_WORKFLOW, S.QUEUED: OUT.ABANDONED_IN_QUEUE, S.OFFERED: OUT.ABANDONED_WHILE_OFFERED,
    S.CONNECTING: OUT.ABANDONED_WHILE_OFFERED,
}  # fmt: skip
BUSY = {
    Presence.BUSY, Presence.DO_NOT_DISTURB, Presence.FOCUSING, Presence.IN_A_CALL, Presence.IN_A_MEETING, Presence.PRESENTING,
}  # fmt: skip
AWAY = {Presence.AWAY, Presence.BE_RIGHT_BACK}
OFF = {Presence.OFFLINE, Presence.DELETED}


@dataclass
class ModelTask:
    id: str
    service: str  # "" = direct to `user`
    user: str | None
    state: TaskState
    since: int
    ends: int | None
    conns: dict[str, int]
    created: int = 0
    priority: str = "normal"
    preferred: tuple[str, ...] = ()
    level: int = 1
    rank: int = 0
    hops: tuple[str, ...] = ()
    left: int | None = None
    offers: int = 0
    offer: int | None = None
    invited: tuple[str, ...] = ()
    delivered: frozenset[str] = frozenset()
    deliver_by: int | None = None
    deadline: int | None = None
    agent: str | None = None
    past: dict[str, tuple[OfferResult, int, int]] = field(default_factory=dict[str, tuple[OfferResult, int, int]])
    offered_at: int = 0
    accepted_at: int = 0
    active_at: int = 0
    spoke: int | None = None
    agent_spoke: int = 0
    handed_on: dict[str, str] = field(default_factory=dict[str, str])  # the service for which he had it, "" = direct
    holder: str | None = None
    home: str | None = None  # the service that he had it for, "" = direct
    to: str | None = None
    transfer_ends: int | None = None
    wraps: dict[str, tuple[str, int]] = field(default_factory=dict[str, tuple[str, int]])  # service, extensions
    warned: int | None = None
    acw_until: int | None = None
    extensions: int = 0
    outcome: Outcome | None = None
    ended_by: str | None = None
    codes: tuple[str, ...] = ()
    pause: int | None = None
    opening_fails: int = 0
    noted: dict[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])  # of those who gave it on

    def seen(self) -> tuple[object, ...]:
        """What is compared with a `Task`."""
        past = {user: result for user, (result, _, _) in self.past.items()}
        offer = str(self.offer) if self.offer else None
        return (
            self.id, self.state, self.service or None, self.user, self.since, offer, self.invited, self.deliver_by, self.deadline,
            self.agent, self.acw_until, self.extensions, self.outcome, self.ended_by, self.left, past, self.codes,
            self.priority, self.level, self.hops, self.spoke, self.warned, self.handed_on, self.holder, self.to,
            self.home,
            self.transfer_ends, self.wraps, self.noted, self.pause,
        )  # fmt: skip


@dataclass
class ModelAgent:
    user: str
    rules: AgentRules
    idle_since: int
    duty: bool = True
    unavailable: str = ""
    presence: Presence | None = None
    doubt: int = 0
    off_at: int | None = None
    registered: bool = False
    surfaces: dict[str, int] = field(default_factory=dict[str, int])
    unreached: int = 0
    retry_at: int | None = None
    rona_until: int | None = None
    misses: int = 0
    put_back: int = 0
    last_offer: int = 0
    held: dict[str, str] = field(default_factory=dict[str, str])
    wraps: dict[str, int] = field(default_factory=dict[str, int])  # task → when his own after-call work of it is over


class ModelState:
    """All that the model knows, and what stands against an agent."""

    def __init__(self, now: int) -> None:
        self.now = now
        self.pending: set[str] = set()
        self.turn_of = ""  # the agent whose deadline is looked at
        self.rules: dict[str, ServiceRules] = {}
        self.agents: dict[str, ModelAgent] = {}
        self.tasks: dict[str, ModelTask] = {}
        self.path_down = False  # cards reach nobody
        self.path_ends = 0  # ... until then, if nobody says so again
        self.path_ok = 0  # when a card or a probe last arrived
        self.fresh: list[ModelTask] = []  # came to a queue, which may be full

    def copy(self) -> Self:
        return deepcopy(self)

    def open_surfaces(self, agent: ModelAgent) -> int:
        return sum(expires > self.now for expires in agent.surfaces.values())

    def presence(self, agent: ModelAgent) -> Presence:
        if agent.presence and self.now < agent.doubt + 300_000:
            return agent.presence
        if not self.open_surfaces(agent):
            return Presence.OFFLINE
        return agent.presence if agent.presence not in {None, Presence.OFFLINE} else Presence.AVAILABLE  # type: ignore[return-value]  # None is in the set

    def reasons(self, agent: ModelAgent, service: str) -> tuple[Reason, ...]:
        return tuple(self._reasons(agent, service))

    def _reasons(self, agent: ModelAgent, service: str) -> Iterator[Reason]:
        yield from self._standing(agent, service)
        if not agent.duty:
            yield Reason.OFF_DUTY
        presence, rules = self.presence(agent), self.rules[service]
        if presence is Presence.OFFLINE:
            yield Reason.OFFLINE
        elif presence is Presence.DELETED:
            yield Reason.DELETED
        elif presence in BUSY and not rules.allow_busy:
            yield Reason.BUSY
        elif presence in AWAY and not rules.allow_away:
            yield Reason.AWAY
        if agent.unavailable:
            yield Reason.NOT_AVAILABLE
        if agent.rona_until is not None:
            yield Reason.RONA
        if "ringing" in agent.held.values():
            yield Reason.RINGING
        elif len(agent.held) >= agent.rules.capacity:
            yield Reason.CONNECTED if "talk" in agent.held.values() else Reason.ACW
        # `advance` clears it at its time. Of two whose time ends in the same millisecond the first one is looked at alone.
        if agent.retry_at is not None or not (agent.registered or self.open_surfaces(agent)):
            yield Reason.UNREACHABLE
        if self.path_down and agent.registered and not self.open_surfaces(agent):
            yield Reason.TEAMS_UNREACHABLE

    def _standing(self, agent: ModelAgent, service: str) -> Iterator[Reason]:
        if not agent.rules.licensed or (not service and not agent.rules.direct_licensed):
            yield Reason.NOT_LICENSED
        elif service and service not in agent.rules.services:
            yield Reason.NOT_A_MEMBER
        elif service and not agent.rules.services[service]:
            yield Reason.INACTIVE
        elif service and self.level_of(agent, service) == 0:
            yield Reason.NOT_A_MEMBER

    def level_of(self, agent: ModelAgent, service: str) -> int:
        """The level that adds him; 0 = none does."""
        levels = self.rules[service].levels
        for number, level in enumerate(levels, start=1):
            if agent.user in level.agents or (level.skills and set(level.skills) <= set(agent.rules.skills)):
                return number
        return 0 if levels else 1
