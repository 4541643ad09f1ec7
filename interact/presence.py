"""Whether somebody would answer: one word for the visitor, derived from the reasons that stand against the agents."""

from collections.abc import Iterable
from typing import Final

from distribution.agents import Agent, Reason

AVAILABLE: Final = "available"
BUSY: Final = "busy"
AWAY: Final = "away"
OFFLINE: Final = "offline"
CLOSED: Final = "closed"
"""Outside the opening hours: visitors who write now are turned away."""

_BUSY: Final = frozenset({Reason.BUSY, Reason.RINGING, Reason.CONNECTED, Reason.ACW, Reason.RONA, Reason.NOT_AVAILABLE})


def presence_word(agents: Iterable[Agent], service: str) -> str:
    """The best word that holds for any of them; `service` is "" for a chat straight to one user."""
    words = {_word(agent.reasons.get(service)) for agent in agents}
    return next((word for word in (AVAILABLE, BUSY, AWAY) if word in words), OFFLINE)


def _word(against: tuple[Reason, ...] | None) -> str:
    if against is None:
        return OFFLINE
    reasons = set(against)
    if not reasons:
        return AVAILABLE
    if reasons <= _BUSY:
        return BUSY
    return AWAY if reasons <= _BUSY | {Reason.AWAY} else OFFLINE
