"""The journal's catalogue: each event with its fields, their types and their meaning.

`python -m distribution.journal` writes `docs/journal.md` from it. Tests check every entry that they write against it
(`fault_of`). Two packages above write events too; they are here because reports and `verify` read one journal.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from distribution.journal_agents import AGENT_EVENTS, RULE_EVENTS, SNAPSHOT_EVENTS
from distribution.journal_tasks import OFFER_EVENTS, TALK_EVENTS, WAITING_EVENTS
from distribution.journal_types import TYPES, Event

PAGE = Path(__file__).parents[1] / "docs" / "journal.md"

GROUPS: Mapping[str, tuple[Event, ...]] = {
    "A task until it is offered": WAITING_EVENTS,
    "Offers": OFFER_EVENTS,
    "The talk and its end": TALK_EVENTS,
    "Agents": AGENT_EVENTS,
    "Rules, and the path to Teams": RULE_EVENTS,
    "Snapshots": SNAPSHOT_EVENTS,
}

EVENTS: Mapping[str, Event] = {event.name: event for events in GROUPS.values() for event in events}

_COMMON = frozenset({"e", "at"})
_INSTANT = re.compile(r"\d{1,16}")


def fault_of(entry: Mapping[str, str]) -> str | None:
    """In what an entry differs from the catalogue; None when it does not."""
    event = EVENTS.get(entry.get("e", ""))
    if event is None:
        return f"{entry.get('e')!r} is not in the catalogue (distribution/journal.py)"
    return next(_faults(event, entry), None)


def _faults(event: Event, entry: Mapping[str, str]) -> Iterator[str]:
    if not _INSTANT.fullmatch(entry.get("at", "")):
        yield f"{event.name} has no instant"
    for field in event.fields:
        value = entry.get(field.name, "")
        if not value and not field.optional:
            yield f"{event.name} has no {field.name}"
        elif value and not field.type.matches(value):
            yield f"{event.name}: {field.name} is {value!r}, which is no {field.type.name}"
    for name in entry.keys() - event.names - _COMMON:
        yield f"{event.name} has the field {name}, which is not in the catalogue"


def page() -> str:
    """`docs/journal.md`."""
    parts = [_HEAD, "## Types\n", "| type | what it is |\n|---|---|"]
    parts[-1] += "".join(f"\n| {kind.name} | {_cell(kind.meaning)} |" for kind in TYPES)
    for title, events in GROUPS.items():
        parts += [f"\n## {title}", *(_section(event) for event in events)]
    return "\n".join(parts) + "\n"


_HEAD = """# The journal

Written by `python -m distribution.journal` from the catalogue in `distribution/journal.py`.

The journal of a tenant is the stream `<root>journal:<tenant>` ([redis.md](redis.md)), cut to about a million entries. Scripts
write it in the same call as the change itself. It holds ids, numbers and words from lists: no names, no messages. `usher verify` replays it ([operations.md](operations.md)), `usher simulate` takes days from it, and reports count in it.

Every entry has the fields `e` (the event) and `at` (the instant in the tenant's time, ms since the epoch). Entries are in the
order in which the changes happened. An *optional* field is left out, or is empty, where the meaning says so. Journals from
earlier versions lack fields that were added later; readers treat those as optional.
"""


def _section(event: Event) -> str:
    written = f" Written by `{event.owner}`." if event.owner != "distribution" else ""
    rows = [
        f"| `{field.name}` | {field.type.name}{', optional' if field.optional else ''} | {_cell(field.meaning)} |"
        for field in event.fields
    ]
    table = "\n\n" + "\n".join(["| field | type | meaning |", "|---|---|---|", *rows]) if rows else ""
    return f"\n### `{event.name}`\n\n{event.meaning}{written}{table}"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
