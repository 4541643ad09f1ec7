"""What a card is drawn from, and the states of the two cards: an agent's own, and the one in the room."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from distribution.tasks import Task, TaskState
from distribution.user_session import Acw, OfferResult, Phase, UserSession


class PersonalState(StrEnum):
    """The states of an agent's own card."""

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
    """The states of the card in the room."""

    CONNECTING = "connecting"
    TALKING = "talking"
    TRANSFERRING = "transferring"
    ACW = "acw"
    ENDED = "ended"
    WAITING = "waiting"  # nobody has the task: it waits for another agent


LIVE = frozenset({PersonalState.OFFER, PersonalState.CONNECTING, PersonalState.ACCEPTED, PersonalState.ACW})
"""TaskCards of something that still goes on. The others are final: nobody's client refreshes them."""


@dataclass(frozen=True, slots=True)
class Category:
    """A category of codes, of which some may (or, if required, one must) be chosen in after-call work."""

    name: str
    codes: tuple[str, ...]
    required: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """One message of what was said so far. `mine` is the agents' side."""

    author: str
    text: str
    mine: bool = False


@dataclass(frozen=True, slots=True)
class Target:
    """A service, or an agent (Entra object id), to whom a chat could be handed on."""

    id: str
    name: str = ""
    service: bool = False


_NOBODY: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class CardData:
    """All that a card shows. Instants are milliseconds since the epoch.

    `viewer` is the Entra object id of the agent whose card it is; on the opening card, of the agent who accepted.
    """

    task: Task
    viewer: str
    language: str
    customer: str  # never empty
    service: str = ""  # its name; empty for a chat straight to one user
    page: str = ""
    said: tuple[Line, ...] = ()  # on an offer its first entry is the message that began the chat
    said_before: int = 0  # how many more were said before those in `said`
    chat_url: str = ""
    categories: tuple[Category, ...] = ()
    tags: tuple[str, ...] = ()
    extensions_left: int = 0
    extension_seconds: int = 0
    offer_seconds: int = 0  # how long an offer waits for an answer
    names: Mapping[str, str] = field(default_factory=lambda: _NOBODY)  # object id → display name
    refresh_for: tuple[str, ...] = ()  # Teams' ids (`29:…`) of those whose clients may refresh the card
    transferred_to: str = ""  # the name of whom, or the service, it was or is being handed on to
    stays: bool = False  # the viewer has handed it on, and is in its room all the same
    targets: tuple[Target, ...] = ()  # to whom its agent could hand the chat on now
    notice: str = ""  # what the viewer is told about their last click

    @property
    def session(self) -> UserSession | None:
        """The viewer's own part."""
        return self.task.session_of(self.viewer)

    @property
    def writer(self) -> str:
        """Whose after-call work the card shows: the viewer's, or else the talker's."""
        return writer_of(self.task, self.viewer)

    @property
    def acw(self) -> Acw | None:
        """The after-call work that the card has a form for."""
        return self.task.acw_of(self.writer)


_BY_PHASE: Mapping[Phase, PersonalState] = {
    Phase.OFFERED: PersonalState.OFFER,
    Phase.CONNECTING: PersonalState.CONNECTING,
    Phase.TALKING: PersonalState.ACCEPTED,
    Phase.ACW: PersonalState.ACW,
}
_BY_RESULT: Mapping[OfferResult, PersonalState] = {
    OfferResult.ACCEPTED: PersonalState.WITHDRAWN,  # the offer was, and the task was then taken away before its room was open
    OfferResult.DECLINED: PersonalState.DECLINED,
    OfferResult.RONA: PersonalState.MISSED,
    OfferResult.UNDELIVERED: PersonalState.WITHDRAWN,
    OfferResult.WITHDRAWN: PersonalState.WITHDRAWN,
    OfferResult.FAILED: PersonalState.FAILED,
}


def writer_of(task: Task, viewer: str) -> str:
    """Whose talk, or after-call work, the card in a room shows to this viewer."""
    return viewer if task.acw_of(viewer) else task.talker or viewer


def personal_state(task: Task, user: str) -> PersonalState | None:
    """What this task is to this agent now; None if it has nothing to do with them."""
    session = task.session_of(user)
    if session is None:
        return None
    if session.phase is not Phase.OVER:
        return _BY_PHASE[session.phase]
    return PersonalState.ENDED if task.agent == user else past_state(task, session)


def past_state(task: Task, session: UserSession) -> PersonalState | None:
    """How this agent's latest offer that is over ended; None if there was none."""
    if session.result is OfferResult.WITHDRAWN and task.agent is not None:
        return PersonalState.TAKEN
    if session.result is OfferResult.ACCEPTED and session.left_talk:
        return PersonalState.TRANSFERRED
    return _BY_RESULT[session.result] if session.result else None


def opening_state(task: Task) -> OpeningState:
    """What the task is to those in its room."""
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
