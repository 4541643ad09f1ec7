"""What a card is drawn from, and which picture a task is to one agent."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from distribution.tasks import Task
from distribution.user_session import Acw, OfferResult, Phase, UserSession


class Picture(StrEnum):
    """The pictures of an agent's own card."""

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


LIVE = frozenset({Picture.OFFER, Picture.CONNECTING, Picture.ACCEPTED, Picture.ACW})
"""Pictures of something that still goes on. The others are final: nobody's client refreshes them."""


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
class CardState:
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
    notice: str = ""  # what the viewer is told about his last click

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


_BY_PHASE: Mapping[Phase, Picture] = {
    Phase.OFFERED: Picture.OFFER,
    Phase.CONNECTING: Picture.CONNECTING,
    Phase.TALKING: Picture.ACCEPTED,
    Phase.ACW: Picture.ACW,
}


_BY_RESULT: Mapping[OfferResult, Picture] = {
    OfferResult.ACCEPTED: Picture.WITHDRAWN,  # the offer was, and the task was then taken away before its room was open
    OfferResult.DECLINED: Picture.DECLINED,
    OfferResult.RONA: Picture.MISSED,
    OfferResult.UNDELIVERED: Picture.WITHDRAWN,
    OfferResult.WITHDRAWN: Picture.WITHDRAWN,
    OfferResult.FAILED: Picture.FAILED,
}


def writer_of(task: Task, viewer: str) -> str:
    """Whose talk, or after-call work, the card in a room shows to this viewer."""
    return viewer if task.acw_of(viewer) else task.talker or viewer


def picture_of(task: Task, user: str) -> Picture | None:
    """What this task is to this agent now; None if it has nothing to do with them."""
    session = task.session_of(user)
    if session is None:
        return None
    if session.phase is not Phase.OVER:
        return _BY_PHASE[session.phase]
    if task.agent == user:
        return Picture.ENDED
    if session.result is OfferResult.WITHDRAWN and task.agent is not None:
        return Picture.TAKEN
    if session.result is OfferResult.ACCEPTED and session.left_talk:
        return Picture.TRANSFERRED
    return _BY_RESULT[session.result] if session.result else None
