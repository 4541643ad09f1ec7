"""The data of a card, and the states of the two cards: personal card and opening card."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from distribution.tasks import Task, TaskState
from distribution.user_session import Acw, OfferResult, Phase, UserSession


class PersonalState(StrEnum):
    """The states of an agent's personal card."""

    OFFER = "offer"
    CONNECTING = "connecting"
    ACCEPTED = "accepted"
    ACW = "acw"
    ENDED = "ended"
    DECLINED = "declined"
    MISSED = "missed"
    WITHDRAWN = "withdrawn"
    TAKEN = "taken"
    TRANSFERRED = "transferred"
    FAILED = "failed"


class OpeningState(StrEnum):
    """The states of the opening card, which is in the room."""

    CONNECTING = "connecting"
    TALKING = "talking"
    TRANSFERRING = "transferring"
    ACW = "acw"
    ENDED = "ended"
    WAITING = "waiting"  # nobody has the task: it waits for another agent


LIVE = frozenset({PersonalState.OFFER, PersonalState.CONNECTING, PersonalState.ACCEPTED, PersonalState.ACW})
"""States that can still change. The others are final: no client refreshes them."""


@dataclass(frozen=True, slots=True)
class Category:
    """A category of codes, of which some may (or, if required, one must) be chosen in after-call work."""

    name: str
    codes: tuple[str, ...]
    required: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """One message of the chat so far. `mine` is the agents' side."""

    author: str
    text: str
    mine: bool = False


@dataclass(frozen=True, slots=True)
class Target:
    """A possible target of a transfer: a service, or an agent (Entra object id)."""

    id: str
    name: str = ""
    service: bool = False


_NOBODY: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class CardData:
    """The data of a card. Instants are milliseconds since the epoch.

    `viewer` is the Entra object id of the agent whose card it is; on the opening card, of the agent who accepted.
    """

    task: Task
    viewer: str
    language: str
    customer: str  # never empty
    service: str = ""  # its name; empty for a chat straight to one user
    page: str = ""
    said: tuple[Line, ...] = ()  # on an offer the first entry is the message that started the chat
    said_before: int = 0  # how many earlier messages are not in `said`
    chat_url: str = ""
    categories: tuple[Category, ...] = ()
    tags: tuple[str, ...] = ()
    extensions_left: int = 0
    extension_seconds: int = 0
    offer_seconds: int = 0  # how long an offer waits for an answer
    names: Mapping[str, str] = field(default_factory=lambda: _NOBODY)  # object id → display name
    refresh_for: tuple[str, ...] = ()  # Teams' ids (`29:…`) of people whose clients may refresh the card
    transferred_to: str = ""  # the name of the agent or service to which it was or is being transferred
    stays: bool = False  # the viewer has transferred it and is still in its room
    targets: tuple[Target, ...] = ()  # to which the agent can transfer the chat now
    notice: str = ""  # a sentence about the viewer's last click

    @property
    def session(self) -> UserSession | None:
        """The viewer's user session."""
        return self.task.session_of(self.viewer)

    @property
    def writer(self) -> str:
        """The agent whose ACW the card shows: the viewer, or else the talker."""
        return writer_of(self.task, self.viewer)

    @property
    def acw(self) -> Acw | None:
        """The ACW for which the card has a form."""
        return self.task.acw_of(self.writer)


_BY_PHASE: Mapping[Phase, PersonalState] = {
    Phase.OFFERED: PersonalState.OFFER,
    Phase.CONNECTING: PersonalState.CONNECTING,
    Phase.TALKING: PersonalState.ACCEPTED,
    Phase.ACW: PersonalState.ACW,
}
_BY_RESULT: Mapping[OfferResult, PersonalState] = {
    OfferResult.ACCEPTED: PersonalState.WITHDRAWN,  # the offer was accepted, but the task was withdrawn before its room was open
    OfferResult.DECLINED: PersonalState.DECLINED,
    OfferResult.RONA: PersonalState.MISSED,
    OfferResult.UNDELIVERED: PersonalState.WITHDRAWN,
    OfferResult.WITHDRAWN: PersonalState.WITHDRAWN,
    OfferResult.FAILED: PersonalState.FAILED,
}


def writer_of(task: Task, viewer: str) -> str:
    """The agent whose talk or ACW the opening card shows to this viewer."""
    return viewer if task.acw_of(viewer) else task.talker or viewer


def personal_state(task: Task, user: str) -> PersonalState | None:
    """The state of this agent's personal card; None if they have no session in the task."""
    session = task.session_of(user)
    if session is None:
        return None
    if session.phase is not Phase.OVER:
        return _BY_PHASE[session.phase]
    return PersonalState.ENDED if task.agent == user else past_state(task, session)


def past_state(task: Task, session: UserSession) -> PersonalState | None:
    """The state for a session that is over; None if its offer has no result."""
    if session.result is OfferResult.WITHDRAWN and task.agent is not None:
        return PersonalState.TAKEN
    if session.result is OfferResult.ACCEPTED and session.left_talk:
        return PersonalState.TRANSFERRED
    return _BY_RESULT[session.result] if session.result else None


def opening_state(task: Task) -> OpeningState:
    """The state of the opening card."""
    return OpeningState.TRANSFERRING if task.holder is not None else _OPENING[task.state]


_OPENING: Mapping[TaskState, OpeningState] = {
    TaskState.ARRIVING: OpeningState.WAITING,
    TaskState.QUEUED: OpeningState.WAITING,
    TaskState.OFFERED: OpeningState.WAITING,
    TaskState.CONNECTING: OpeningState.CONNECTING,
    TaskState.ACTIVE: OpeningState.TALKING,
    TaskState.ACW: OpeningState.ACW,
    TaskState.CLOSED: OpeningState.ENDED,
}
