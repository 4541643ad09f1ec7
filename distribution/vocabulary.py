"""The words that a service's rules choose from, and the reasons that follow from them.

Python code matches on them exhaustively (`assert_never`), so that a new word that a reader forgets is a type error, and an
unknown one in a journal is an error too. The scripts have the words as text; tests hold both together.
"""

from enum import StrEnum


class ServiceKind(StrEnum):
    """How a waiting task finds its agent."""

    DIRECT = "direct"  # one agent at a time is asked
    BROADCAST = "broadcast"  # up to ten agents are asked at once, and the first one to accept has it
    PICKUP = "pickup"  # no agent is asked; they take it themselves


class OfferPolicy(StrEnum):
    """The order in which ready agents are asked; `lua/include/policy.lua`."""

    LONGEST_IDLE = "longest_idle"
    ROUND_ROBIN = "round_robin"
    LEAST_OCCUPIED = "least_occupied"


class HoursEnd(StrEnum):
    """What becomes of waiting tasks when the opening hours end."""

    STAY = "stay"
    OVERFLOW = "overflow"


class OverflowTo(StrEnum):
    """Where a task goes that the service cannot take, unless that is the id of another service."""

    FORM = "form"  # it ends, and the visitor may leave a message
    WAIT = "wait"  # it stays in the queue, without a queue time


class OverflowReason(StrEnum):
    """Why the service cannot take it."""

    QUEUE_TIME = "queue_time"
    QUEUE_LIMIT = "queue_limit"
    HOURS = "hours"
