"""Where a chat stands, in the visitor's words. Everything is derived from the task as it is now."""

from typing import Any, Final

from conversations.messages import Conversation
from distribution.tasks import Task, TaskState

NEW: Final = "new"
WAITING: Final = "waiting"
CONNECTED: Final = "connected"
ENDED: Final = "ended"

_STATES: Final = {
    TaskState.ARRIVING: WAITING,
    TaskState.QUEUED: WAITING,
    TaskState.OFFERED: WAITING,
    TaskState.CONNECTING: WAITING,
    TaskState.ACTIVE: CONNECTED,
    TaskState.ACW: ENDED,  # the agent's after-call work is no business of the visitor's
    TaskState.CLOSED: ENDED,
}


def state_of(conversation: Conversation, task: Task | None) -> str:
    """`new`, `waiting`, `connected` or `ended`."""
    if conversation.closed_at is not None:
        return ENDED
    if task is not None:
        # An agent who transfers a chat stays with the visitor until another agent has joined.
        return CONNECTED if task.holder is not None else _STATES[task.state]
    # Its task existed and is gone: long over.
    return ENDED if conversation.begun_at is not None else NEW


def _by_visitor(conversation: Conversation, task: Task | None) -> bool:
    """Without a task only the visitor can have ended the chat."""
    return task.ended_by == "visitor" if task is not None else conversation.begun_at is None


def _notice(task: Task | None) -> str | None:
    if task is None:
        return None
    if task.holder is not None or (task.handed_on and _STATES[task.state] == WAITING):
        return "passed_on"
    return "idle" if task.idle_warned_at is not None else None


def status_frame(
    conversation: Conversation, task: Task | None, *, service: str, agent: str | None, position: int | None
) -> dict[str, Any]:
    """The `status` of a frame. `service`: the name that the visitor knows; `agent`: the connected agent as visitors
    see them.

    `notice`: `idle` (silence is about to end the chat), or `passed_on` (somebody else is being asked to take the chat over:
    the agent hands it on, or is lost, or their room is; then the chat is `waiting`).
    """
    state = state_of(conversation, task)
    return {
        "state": state,
        "service": service,
        "agent": agent if state in {CONNECTED, ENDED} else None,
        "notice": _notice(task) if state in {CONNECTED, WAITING} else None,
        "position": position if state == WAITING else None,
        "outcome": task.outcome.value if state == ENDED and task is not None and task.outcome else None,
        "visitor_ended": state == ENDED and _by_visitor(conversation, task),
    }
