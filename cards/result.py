"""The outcome of a chat as facts: result, duration, who ended it, and the agents' ACW entries."""

from collections.abc import Sequence

from adaptivecards.baseobject import BareObject

from cards import parts
from cards.state import CardData
from cards.wording import Wording, duration
from distribution.user_session import Entries


def result_facts(words: Wording, data: CardData, entered: Sequence[tuple[str, str]] = ()) -> list[BareObject]:
    """The facts, followed by the entries (`entry_facts`, `noted_before`)."""
    task = data.task
    began, ended = task.active_at or task.accepted_at, task.ended_at or task.closed_at
    entries = [
        (words("fact.result"), words(f"outcome.{task.outcome}") if task.outcome else ""),
        (words("fact.duration"), duration(ended - began) if began is not None and ended is not None else ""),
        (words("fact.ended_by"), words(f"by.{task.ended_by}") if task.ended_by else ""),
        *entered,
    ]
    return parts.facts(entries)


def entry_facts(words: Wording, entries: Entries) -> list[tuple[str, str]]:
    """Codes, tags and note, each with its title."""
    return [
        (words("fact.codes"), " · ".join(entries.codes)),
        (words("fact.tags"), " · ".join(entries.tags)),
        (words("fact.note"), entries.note),
    ]


def noted_before(words: Wording, data: CardData) -> list[tuple[str, str]]:
    """The notes of earlier agents, a line each, without the agent whose form is on the card."""
    found: list[tuple[str, str]] = []
    for user, entries in data.task.entries_of_others(data.writer).items():
        name = data.names.get(user, "") or words("taken.somebody")
        line = " · ".join(filter(None, (*entries.codes, *entries.tags, entries.note)))
        found.append((words("fact.noted_by", name=name), line))
    return found
