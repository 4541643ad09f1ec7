"""The rules of after-call work (ACW), one place for cards, pages and scripts: what an agent may enter, and what is
missing.

Surfaces only draw: they pass the input to `check_entries`, store `Checked.entries`, and show each fault in their words.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from directory.model import ServiceSettings
from distribution.user_session import LONGEST_NOTE, Entries


class EntryFault(StrEnum):
    """What is wrong with something that an agent entered."""

    UNKNOWN_CODE = "unknown_code"
    UNKNOWN_TAG = "unknown_tag"
    LONG_NOTE = "long_note"

    @property
    def field(self) -> str:
        """The field that it is about: `codes`, `tags` or `note`."""
        return {EntryFault.UNKNOWN_CODE: "codes", EntryFault.UNKNOWN_TAG: "tags", EntryFault.LONG_NOTE: "note"}[self]


@dataclass(frozen=True, slots=True)
class Checked:
    """`entries`: what is valid; the note up to its limit. `faults`: each with the code or tag, or "" for the note."""

    entries: Entries
    faults: tuple[tuple[EntryFault, str], ...]


def check_entries(settings: ServiceSettings, entries: Entries) -> Checked:
    """Codes and tags must be the service's own, each once; the note has at most LONGEST_NOTE characters."""
    known = {code for category in settings.codes for code in category.codes}
    faults = [(EntryFault.UNKNOWN_CODE, code) for code in entries.codes if code not in known]
    faults += [(EntryFault.UNKNOWN_TAG, tag) for tag in entries.tags if tag not in settings.tags]
    if len(entries.note) > LONGEST_NOTE:
        faults.append((EntryFault.LONG_NOTE, ""))
    codes = dict.fromkeys(code for code in entries.codes if code in known)
    tags = dict.fromkeys(tag for tag in entries.tags if tag in settings.tags)
    return Checked(Entries(tuple(codes), tuple(tags), entries.note[:LONGEST_NOTE]), tuple(faults))


def missing_categories(settings: ServiceSettings, codes: Sequence[str]) -> tuple[str, ...]:
    """The names of the required categories of which no code is chosen. ACW ends early only when there are none."""
    return tuple(
        category.name
        for category in settings.codes
        if category.required and not any(code in codes for code in category.codes)
    )
