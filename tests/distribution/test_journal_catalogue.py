"""The journal's catalogue: what is written is in it, and what is in it is written. `tests/conftest.py` checks each entry."""

from pathlib import Path

import pytest

from distribution.journal import EVENTS, PAGE, fault_of, page
from store.commands import Command
from store.connection import Store
from store.keys import root
from store.scripts import load_scripts
from tests.journals import PAGE as ENTRIES_READ
from tests.journals import journal_faults

ROOT = Path(__file__).resolve().parents[2]
NO_EVENTS = {"-", "none"}


def promised() -> dict[str, set[str]]:
    """Package → the events in the headers of its scripts."""
    return {
        folder.parent.name: {event for script in load_scripts(folder).values() for event in script.journal} - NO_EVENTS
        for folder in ROOT.glob("*/lua")
        if folder.parent.name != "store"
    }


def test_the_page_is_written_from_the_catalogue() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "python -m distribution.journal"


def test_headers_and_catalogue_name_the_same_events() -> None:
    by_owner: dict[str, set[str]] = {}
    for event in EVENTS.values():
        by_owner.setdefault(event.owner, set()).add(event.name)
    assert {package: events for package, events in promised().items() if events} == by_owner


ENTRY = {"e": "duty", "at": "1800000000000", "user": "anna", "on": "1", "actor": "system"}


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({}, None),
        ({"e": "levitated"}, "'levitated' is not in the catalogue (distribution/journal.py)"),
        ({"at": "now"}, "duty has no instant"),
        ({"actor": ""}, "duty has no actor"),
        ({"on": "yes"}, "duty: on is 'yes', which is no flag"),
        ({"mood": "good"}, "duty has the field mood, which is not in the catalogue"),
    ],
)
def test_an_entry_that_differs_from_the_catalogue_has_a_fault(changes: dict[str, str], fault: str | None) -> None:
    assert fault_of(ENTRY | changes) == fault


def test_an_optional_field_may_be_missing_or_empty() -> None:
    entry = {"e": "queued", "at": "1800000000000", "task": "t1"}
    assert fault_of(entry) is None
    assert fault_of(entry | {"service": ""}) is None
    assert fault_of(entry | {"service": "sales desk"}) == "queued: service is 'sales desk', which is no id"


@pytest.mark.foreign_journal
async def test_a_journal_is_checked_to_its_end(store: Store, tenant: str) -> None:
    key = f"{root(tenant)}journal:{tenant}"
    assert await journal_faults(store, key) == []
    for entry in [*[ENTRY] * (ENTRIES_READ + 1), ENTRY | {"on": "yes"}]:
        await store.ask(Command(("XADD", key, "*", *(word for pair in entry.items() for word in pair)), str))
    (fault,) = await journal_faults(store, key)
    assert "duty: on is 'yes', which is no flag" in fault
