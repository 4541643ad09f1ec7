"""What became of a chat, as facts: result, duration, who ended it, and what was noted in after-call work."""

from adaptivecards.baseobject import BareObject

from cards import parts
from cards.state import CardState
from cards.wording import Wording, duration


def result_facts(words: Wording, state: CardState, *, wrapup: bool) -> list[BareObject]:
    """The facts; `wrapup` adds codes, tags and note (left out where a form shows them)."""
    task = state.task
    began, ended = task.active_at or task.accepted_at, task.ended_at or task.closed_at
    entries = [
        (words("fact.result"), words(f"outcome.{task.outcome}") if task.outcome else ""),
        (words("fact.duration"), duration(ended - began) if began is not None and ended is not None else ""),
        (words("fact.ended_by"), words(f"by.{task.ended_by}") if task.ended_by else ""),
    ]
    if wrapup:
        entries += [
            (words("fact.codes"), " · ".join(task.codes)),
            (words("fact.tags"), " · ".join(task.tags)),
            (words("fact.note"), task.note),
        ]
    return parts.facts(entries)
