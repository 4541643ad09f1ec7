"""Tasks: their states, their outcomes, and how a stored task is read. What moves them is in `transitions.py`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from json import loads
from types import MappingProxyType

from distribution.user_session import NO_ENTRIES, NO_PAST, Acw, Entries, OfferResult, PastOffer, Phase, UserSession


class TaskState(StrEnum):
    """Where a task is in its life; `docs/architecture.md` tells the story."""

    ARRIVING = "arriving"
    QUEUED = "queued"
    OFFERED = "offered"
    CONNECTING = "connecting"
    ACTIVE = "active"
    ACW = "acw"
    CLOSED = "closed"


class Outcome(StrEnum):
    """What became of a task. Every closed task has one; a talk that is over has it from the beginning of its ACW."""

    HANDLED = "handled"
    ABANDONED_IN_WORKFLOW = "abandoned_in_workflow"
    ABANDONED_IN_QUEUE = "abandoned_in_queue"
    ABANDONED_WHILE_OFFERED = "abandoned_while_offered"
    NOT_ANSWERED = "not_answered"
    DECLINED_BY_ALL = "declined_by_all"
    QUEUE_LIMIT = "queue_limit"
    OUTSIDE_HOURS = "outside_hours"
    VISITOR_GONE = "visitor_gone"
    IDLE = "idle"
    CANCELLED = "cancelled"
    STALE = "stale"
    ERROR = "error"


class Via(StrEnum):
    """The surface an event came from; it goes into the journal."""

    CARD = "card"
    ROOM = "room"
    PORTAL = "portal"
    VISITOR = "visitor"
    SYSTEM = "system"
    SUPERVISOR = "supervisor"
    CONSOLE = "console"  # the Attendant Console


class Priority(StrEnum):
    """Which waits in front of which. STRICT is a band of its own; waiting may raise the others (`age_every_seconds`)."""

    STRICT = "strict"
    HIGH = "high"
    NORMAL = "normal"
    LOW = "low"


_NO_ACW: Mapping[str, Acw] = MappingProxyType({})
_NOBODY: Mapping[str, str | None] = MappingProxyType({})
_NO_ENTRIES_OF: Mapping[str, Entries] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Task:
    """A task as it is now. Instants are milliseconds since the epoch; None where it has not come to that."""

    tenant: str
    id: str
    state: TaskState
    revision: int  # grows with every change that anybody can see
    service: str | None  # None = direct to `user`
    user: str | None
    customer: str  # display name as given, "" if none
    created_at: int
    since_at: int  # waiting since; kept over declines
    offer: str | None  # the running offer; while connecting and later: the one that was accepted
    invited: tuple[str, ...]
    offered_at: int | None
    deliver_by_at: int | None
    deadline_at: int | None  # end of the offer time; set once, when the offer has arrived
    agent: str | None  # who accepted; stays set through acw and closed
    accepted_at: int | None
    active_at: int | None
    ended_at: int | None
    acw_until_at: int | None
    closed_at: int | None
    ended_by: str | None  # "agent" | "visitor" | "supervisor" | "system"
    outcome: Outcome | None
    why: str  # a word for the reason of the last step back or of the end, "" if there is none
    codes: tuple[str, ...]  # these three: as entered by the talker; see `sessions`
    tags: tuple[str, ...]
    note: str
    visitor_here: bool
    visitor_left_at: int | None  # since when none of their connections exists
    asked: Mapping[str, PastOffer]  # user → their latest offer of this task that has ended
    acw_extensions: int = 0  # how often the ACW was extended
    priority: Priority = Priority.NORMAL
    preferred: tuple[str, ...] = ()  # agents to ask first, in this order, when they are free
    level: int = 1  # up to which level of the service it is open
    hops: tuple[str, ...] = ()  # services that it overflowed out of, the first one first
    last_word_at: int | None = None  # of either side, in the talk
    idle_warned_at: int | None = None  # both sides were told that silence will end the talk
    holder: str | None = None  # while it is handed on: who keeps the talk until another agent is in it
    transfer_to: str | None = None  # while it is handed on: a service, or `@user`
    transfer_ends_at: int | None = None  # then it returns to the holder
    home: str | None = None  # while it is handed on: the service for which the holder has it, None = direct
    # Agents who had the talk and gave it on or were lost, the first one first → the service for which they had it.
    had_for: Mapping[str, str | None] = field(default_factory=lambda: _NOBODY)
    wraps: Mapping[str, Acw] = field(default_factory=lambda: _NO_ACW)  # of those: who is in after-call work
    failing: str = ""  # the last attempt to open its room failed, for this reason
    broken: str = ""  # its room was lost, for this reason, and no other one is open yet
    paused_until_at: int | None = None  # its room could not be opened (`why`): nobody is asked before this
    noted: Mapping[str, Entries] = field(default_factory=lambda: _NO_ENTRIES_OF)  # of those: what each has entered

    @property
    def past(self) -> Mapping[str, OfferResult]:
        """User → how their latest offer of this task ended."""
        return {user: offer.result for user, offer in self.asked.items()}

    @property
    def handed_on(self) -> tuple[str, ...]:
        """Agents who had the talk and gave it on or were lost, the first one first."""
        return tuple(self.had_for)

    @property
    def talker(self) -> str | None:
        """The agent who has the talk or is about to, or who had it last. Who transfers it has it until another is in it."""
        return self.holder or self.agent

    @property
    def sessions(self) -> tuple[UserSession, ...]:
        """Every agent's part: first of those who had the talk before, in that order; the talker; the others by name."""
        had = dict.fromkeys((*self.had_for, *filter(None, (self.holder, self.agent))))
        asked = sorted({*self.invited, *self.asked} - had.keys())
        return tuple(self._session(user) for user in (*had, *asked))

    def session_of(self, user: str) -> UserSession | None:
        """This agent's part; None if the task has nothing to do with them."""
        known = user in {self.agent, self.holder} or user in self.invited or user in self.asked or user in self.had_for
        return self._session(user) if known else None

    def service_for(self, user: str) -> str | None:
        """The service for which this agent has it, had it or is asked, or would be; None = direct."""
        if user == self.holder:
            return self.home
        has_it_now = user == self.agent or user in self.invited
        return self.service if has_it_now else self.had_for.get(user, self.service)

    def entries_of_others(self, user: str) -> Mapping[str, Entries]:
        """What those entered who had the talk before, without this agent's own; the first one first."""
        return {giver: self.noted[giver] for giver in self.had_for if giver in self.noted and giver != user}

    def _session(self, user: str) -> UserSession:
        past = self.asked.get(user)
        phase = self._phase(user)
        has_it = user in {self.agent, self.holder}
        return UserSession(
            user=user,
            service=self.service_for(user),
            phase=phase,
            offer=self.offer if phase is Phase.OFFERED else past.offer if past else None,
            result=past.result if past else None,
            asked_again_at=past.asked_again_at if past else None,
            has_talked=has_it or user in self.had_for,
            left_talk=user in self.had_for,
            acw=self.acw_of(user),
            entries=self.entries_of(user),
        )

    def _phase(self, user: str) -> Phase:
        if self.state is TaskState.OFFERED and user in self.invited:
            return Phase.OFFERED
        if user == self.holder:
            return Phase.TALKING
        if user == self.agent and self.state in _PHASES:
            return _PHASES[self.state]
        return Phase.ACW if user in self.wraps else Phase.OVER

    def acw_of(self, user: str) -> Acw | None:
        """This agent's after-call work, while it runs."""
        if user == self.agent and self.state is TaskState.ACW:
            return Acw(self.acw_until_at or 0, self.acw_extensions)
        return self.wraps.get(user)

    def entries_of(self, user: str) -> Entries:
        """What this agent has entered in after-call work."""
        # While the task is transferred its own fields are those of the agent who transfers it.
        if user == self.talker and user not in self.noted:
            return Entries(self.codes, self.tags, self.note)
        return self.noted.get(user, NO_ENTRIES)


_PHASES: Mapping[TaskState, Phase] = MappingProxyType(
    {
        TaskState.CONNECTING: Phase.CONNECTING,
        TaskState.ACTIVE: Phase.TALKING,
        TaskState.ACW: Phase.ACW,
        TaskState.CLOSED: Phase.OVER,
    }
)
"""The phase of the task's agent, by the state of the task."""


def _instant(value: str | None) -> int | None:
    return int(value) if value else None


def _words(value: str | None) -> tuple[str, ...]:
    return tuple(loads(value)) if value else ()


def _listed(value: str | None) -> tuple[str, ...]:
    return tuple(value.split(" ")) if value else ()


# Looking a word up is several times quicker than asking an enumeration for it, and a task is read with every answer.
_STATES = {state.value: state for state in TaskState}
_OUTCOMES = {outcome.value: outcome for outcome in Outcome}
_RESULTS = {result.value: result for result in OfferResult}
_PRIORITIES = {priority.value: priority for priority in Priority}


def _past(value: str | None) -> Mapping[str, PastOffer]:
    """`past` is stored as `user=result:asked again at:offer`, separated by spaces."""
    if not value:
        return NO_PAST
    found: dict[str, PastOffer] = {}
    for entry in value.split(" "):
        user, _, rest = entry.partition("=")
        result, again, offer = rest.split(":", 2)
        found[user] = PastOffer(_RESULTS[result], int(again), offer)
    return found


def _service(lane: str | None) -> str | None:
    """The service of a queue, which is named after it, or `@user`."""
    return None if lane is None or lane.startswith("@") else lane


def _had_for(value: str | None) -> Mapping[str, str | None]:
    """`handed_on` is stored as `user=service`, separated by spaces."""
    if not value:
        return _NOBODY
    entries = (entry.partition("=") for entry in value.split(" "))
    return {user: service or None for user, _, service in entries}


def _wraps(value: str | None) -> Mapping[str, Acw]:
    """`wraps` is stored as `user=extensions used:end`, separated by spaces."""
    if not value:
        return _NO_ACW
    found: dict[str, Acw] = {}
    for entry in value.split(" "):
        user, _, rest = entry.partition("=")
        used, _, until = rest.partition(":")
        found[user] = Acw(int(until), int(used))
    return found


def _noted(value: str | None) -> Mapping[str, Entries]:
    """`noted` is stored as JSON: `{user: {codes, tags, note}}`, the fields as those of a task."""
    if not value:
        return _NO_ENTRIES_OF
    read: dict[str, dict[str, str]] = loads(value)
    return {
        user: Entries(_words(one.get("codes")), _words(one.get("tags")), one.get("note", ""))
        for user, one in read.items()
    }


def read_task(tenant: str, task: str, fields: Mapping[str, str]) -> Task:
    """A task out of its stored fields; what is empty is not stored."""
    get = fields.get
    left, outcome = get("left"), get("outcome")
    return Task(
        tenant=tenant,
        id=task,
        state=_STATES[fields["state"]],
        revision=int(fields["rev"]),
        service=get("service"),
        user=get("user"),
        customer=get("customer", ""),
        created_at=int(fields["created"]),
        since_at=int(fields["since"]),
        offer=get("offer"),
        invited=_listed(get("invited")),
        offered_at=_instant(get("offered")),
        deliver_by_at=_instant(get("deliver_by")),
        deadline_at=_instant(get("deadline")),
        agent=get("agent"),
        accepted_at=_instant(get("accepted")),
        active_at=_instant(get("active")),
        ended_at=_instant(get("ended")),
        acw_until_at=_instant(get("acw_until")),
        closed_at=_instant(get("closed")),
        ended_by=get("ended_by"),
        outcome=_OUTCOMES[outcome] if outcome else None,
        why=get("why", ""),
        codes=_words(get("codes")),
        tags=_words(get("tags")),
        note=get("note", ""),
        visitor_here=not left,
        visitor_left_at=_instant(left),
        asked=_past(get("past")),
        acw_extensions=int(get("acw_extensions", "0")),
        priority=_PRIORITIES[get("priority", "normal")],
        preferred=_listed(get("preferred")),
        level=int(get("level", "1")),
        hops=_listed(get("hops")),
        last_word_at=_instant(get("spoke")),
        idle_warned_at=_instant(get("warned")),
        holder=get("holder"),
        transfer_to=get("transfer_to"),
        transfer_ends_at=_instant(get("transfer_ends")),
        home=_service(get("home")),
        had_for=_had_for(get("handed_on")),
        wraps=_wraps(get("wraps")),
        failing=get("opening_why", ""),
        broken=get("broken", ""),
        paused_until_at=_instant(get("pause")),
        noted=_noted(get("noted")),
    )
