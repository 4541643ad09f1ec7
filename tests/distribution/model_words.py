"""What the words of a service's rules mean in the plain model. Each match is exhaustive: a new word is an error here."""

from typing import assert_never

from distribution.service_rules import ServiceRules
from distribution.tasks import Priority
from distribution.vocabulary import HoursEnd, OverflowTo, ServiceKind


def most_asked(kind: ServiceKind) -> int:
    """How many agents one offer asks; 0 = they take tasks themselves."""
    match kind:
        case ServiceKind.DIRECT:
            return 1
        case ServiceKind.BROADCAST:
            return 10
        case ServiceKind.PICKUP:
            return 0
        case _:
            assert_never(kind)


def counts_misses(kind: ServiceKind) -> bool:
    """Whether an agent who lets an offer ring has missed something; in a broadcast, another agent may have it."""
    match kind:
        case ServiceKind.DIRECT | ServiceKind.PICKUP:
            return True
        case ServiceKind.BROADCAST:
            return False
        case _:
            assert_never(kind)


def hours_move_tasks(rules: ServiceRules) -> bool:
    """Whether waiting tasks leave when the opening hours end."""
    match rules.hours_end:
        case HoursEnd.STAY:
            return False
        case HoursEnd.OVERFLOW:
            return rules.overflow != OverflowTo.WAIT
        case _:
            assert_never(rules.hours_end)


def ahead_of_others(priority: Priority, step: int) -> int:
    """By how many ms a task waits in front of those that began to wait with it."""
    match priority:
        case Priority.STRICT:
            return 10**14
        case Priority.HIGH:
            return step
        case Priority.NORMAL:
            return 0
        case Priority.LOW:
            return -step
        case _:
            assert_never(priority)
