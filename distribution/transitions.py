"""What moves a task from one state to another: events from outside, and what the scripts do by themselves.

The Lua scripts take the states in which an event is allowed out of `TRANSITIONS`. A test walks every (state, event) pair;
the diagrams in `docs/architecture.md` are drawn from these tables (`diagrams.py`).
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType

from distribution.tasks import TaskState
from distribution.user_session import Phase


class Event(StrEnum):
    """What can happen to a task from outside; the name is also the script's."""

    QUEUE = "queue"
    CONFIRM_DELIVERY = "confirm_delivery"
    UNDELIVERED = "undelivered"
    UNSENT = "unsent"
    ACCEPT = "accept"
    DECLINE = "decline"
    OPENED = "opened"
    OPENING_FAILED = "opening_failed"
    TERMINATE = "terminate"
    CANCEL = "cancel"
    VISITOR_HERE = "visitor_here"
    VISITOR_AWAY = "visitor_away"
    VISITOR_LEFT = "visitor_left"
    SAVE_WRAPUP = "save_wrapup"
    FINISH_ACW = "finish_acw"
    EXTEND_ACW = "extend_acw"
    PICK = "pick"
    ASSIGN = "assign"
    SET_PRIORITY = "set_priority"
    TRANSFER = "transfer"
    TAKE_BACK = "take_back"
    ROOM_LOST = "room_lost"


class Step(StrEnum):
    """What the scripts do by themselves: because something became possible, or a time has come."""

    MATCH = "an agent is found"
    MISS = "nobody answers in time"
    WITHDRAW = "the agent goes away"
    GIVE_UP = "the queue time ends"
    AGENT_LOST = "the agent is lost"
    RETURN = "the transfer fails"
    SILENCE = "silence"
    VISITOR_GONE = "the visitor is gone"
    SWEEP = "the daily sweep"
    ACW_OVER = "ACW time ends"


_ARRIVING, _QUEUED, _OFFERED, _CONNECTING, _ACTIVE, _ACW, _CLOSED = TaskState
_BEFORE_THE_TALK = (_ARRIVING, _QUEUED, _OFFERED, _CONNECTING)
Moves = Mapping[TaskState, frozenset[TaskState]]


def _moves(states: Iterable[TaskState], *to: TaskState) -> Moves:
    """From each of these states into each of `to`; without `to` they stay."""
    return MappingProxyType({state: frozenset(to or (state,)) for state in states})


def _ends() -> Moves:
    """The end of a task, wherever it is: a talk is followed by ACW where the service has it."""
    return MappingProxyType({**_moves(_BEFORE_THE_TALK, _CLOSED), _ACTIVE: frozenset({_ACW, _CLOSED})})


MOVES: Mapping[Event, Moves] = MappingProxyType(
    {
        Event.QUEUE: _moves([_ARRIVING], _QUEUED, _CLOSED),
        Event.CONFIRM_DELIVERY: _moves([_OFFERED]),
        Event.UNDELIVERED: _moves([_OFFERED], _OFFERED, _QUEUED, _ACTIVE),
        Event.UNSENT: _moves([_OFFERED], _OFFERED, _QUEUED),
        Event.ACCEPT: _moves([_OFFERED], _CONNECTING),
        Event.DECLINE: _moves([_OFFERED], _OFFERED, _QUEUED, _ACTIVE, _CLOSED),
        Event.OPENED: _moves([_CONNECTING], _ACTIVE),
        Event.OPENING_FAILED: _moves([_CONNECTING], _QUEUED, _ACTIVE, _CLOSED),
        Event.TERMINATE: _ends(),
        Event.CANCEL: _moves(_BEFORE_THE_TALK, _CLOSED),
        Event.VISITOR_HERE: _moves((*_BEFORE_THE_TALK, _ACTIVE)),
        Event.VISITOR_AWAY: _moves((*_BEFORE_THE_TALK, _ACTIVE)),
        Event.VISITOR_LEFT: _ends(),
        Event.SAVE_WRAPUP: _moves([_ACTIVE, _ACW]),
        Event.FINISH_ACW: _moves([_ACW], _CLOSED),
        Event.EXTEND_ACW: _moves([_ACW]),
        Event.PICK: _moves([_QUEUED], _CONNECTING),
        Event.ASSIGN: _moves([_QUEUED], _OFFERED),
        Event.SET_PRIORITY: _moves(_BEFORE_THE_TALK),
        Event.TRANSFER: _moves([_ACTIVE], _QUEUED),
        Event.TAKE_BACK: _moves([_QUEUED, _OFFERED, _CONNECTING], _ACTIVE),
        Event.ROOM_LOST: _moves([_ACTIVE], _QUEUED, _CLOSED),
    }
)
"""Where an event takes a task from each state in which it does something. While a task is transferred (`Task.holder`) it goes
back to ACTIVE where another would wait again or close."""

TRANSITIONS: Mapping[Event, frozenset[TaskState]] = MappingProxyType(
    {event: frozenset(moves) for event, moves in MOVES.items()}
)
"""The states in which an event does something. Elsewhere it is `unchanged` (already so), `gone` (a late click) or `wrong_state`."""

STEPS: Mapping[Step, Moves] = MappingProxyType(
    {
        Step.MATCH: _moves([_QUEUED], _OFFERED),
        Step.MISS: _moves([_OFFERED], _QUEUED, _CLOSED),
        Step.WITHDRAW: _moves([_OFFERED], _QUEUED),
        Step.GIVE_UP: _moves([_QUEUED], _CLOSED),
        Step.AGENT_LOST: _moves([_CONNECTING, _ACTIVE], _QUEUED),
        Step.RETURN: _moves([_QUEUED, _OFFERED, _CONNECTING], _ACTIVE),
        Step.SILENCE: _moves([_ACTIVE], _ACW, _CLOSED),
        Step.VISITOR_GONE: _ends(),
        Step.SWEEP: _ends(),
        Step.ACW_OVER: _moves([_ACW], _CLOSED),
    }
)
"""Where the scripts' own steps take a task."""

PHASES: Mapping[Phase, Mapping[str, Phase]] = MappingProxyType(
    {
        Phase.OFFERED: {
            "accept": Phase.CONNECTING,
            "decline, miss, not delivered, withdrawn": Phase.OVER,
        },
        Phase.CONNECTING: {
            "the room is open": Phase.TALKING,
            "the room cannot be opened, the task ends": Phase.OVER,
        },
        Phase.TALKING: {
            "the talk ends, another agent takes it over": Phase.ACW,
            "the talk ends without ACW, the agent is lost": Phase.OVER,
        },
        Phase.ACW: {"done, time ends": Phase.OVER},
        Phase.OVER: {"asked again": Phase.OFFERED},
    }
)
"""What takes a user session from one phase to the next."""
