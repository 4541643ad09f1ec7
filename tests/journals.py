"""Journals that tests have written, against the catalogue."""

from distribution.journal import fault_of
from store.connection import Store

PAGE = 2_000
MOST_SHOWN = 10


async def journal_faults(store: Store, key: str) -> list[str]:
    """What entries of the journal `key` differ in from the catalogue; nothing where `key` is not a journal."""
    faults: dict[str, str] = {}
    last = ""
    while ":journal:" in key and (page := await store.xrange(key, last, PAGE)):
        for entry, fields in page:
            if (fault := fault_of(fields)) and len(faults) < MOST_SHOWN:
                faults.setdefault(fault, f"  {key} {entry}: {fault}")
        last = page[-1][0]
    return list(faults.values())
