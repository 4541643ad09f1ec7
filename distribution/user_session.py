"""A user session: one agent's part in a task, from the first offer to the end of their after-call work (ACW).

A task has one user session for each agent who was asked for it. `Task.sessions` derives them; everything outside of this
package reads an agent's part from there.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class OfferResult(StrEnum):
    """How an agent's latest offer of a task ended."""

    ACCEPTED = "accepted"
    DECLINED = "declined"
    RONA = "rona"
    UNDELIVERED = "undelivered"
    WITHDRAWN = "withdrawn"
    FAILED = (
        "failed"  # accepted, but the room could not be opened, or was lost; `Task.why` says why until the next offer
    )


class Phase(StrEnum):
    """Where a user session is in its life."""

    OFFERED = "offered"  # the agent is asked now
    CONNECTING = "connecting"  # they accepted, and the room is being opened
    TALKING = "talking"  # also while they transfer the task, until another agent is in it
    ACW = "acw"
    OVER = "over"  # the offer ended without a talk, or the talk and its ACW are over


@dataclass(frozen=True, slots=True)
class Entries:
    """What an agent has entered in after-call work."""

    codes: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    note: str = ""

    def __bool__(self) -> bool:
        return bool(self.codes or self.tags or self.note)


@dataclass(frozen=True, slots=True)
class Acw:
    """Running after-call work, by the rules of `UserSession.service`."""

    until_at: int  # ms since the epoch
    extensions: int  # how often the agent has extended it


@dataclass(frozen=True, slots=True)
class PastOffer:
    """An agent's latest offer of a task that has ended."""

    result: OfferResult
    asked_again_at: int  # ms since the epoch; the agent is not asked for this task before then
    offer: str


LONGEST_NOTE: Final = 2_000
"""Characters."""

NO_ENTRIES: Final = Entries()
NO_PAST: Final[Mapping[str, PastOffer]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class UserSession:
    """One agent's part in a task, as it is now."""

    user: str
    service: str | None  # for which they have it, had it or are asked; None = direct
    phase: Phase
    offer: str | None  # the running offer, or the latest one
    result: OfferResult | None  # how their latest offer ended; None while they are asked for the first time
    asked_again_at: int | None  # ms since the epoch; None while no offer of theirs has ended
    has_talked: bool  # they have the talk, or had it: it is theirs to read and to note
    left_talk: bool  # they had it, and transferred it or lost it; they may be asked again
    acw: Acw | None  # while it runs
    entries: Entries

    @property
    def may_end(self) -> bool:
        """Whether this agent ends the chat as its agent."""
        return self.phase in {Phase.CONNECTING, Phase.TALKING}
