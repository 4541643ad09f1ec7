"""Which schema the data in the store has, and whether this release may work with it."""

from pathlib import Path
from typing import cast

from store import keys
from store.connection import Store, StoreRefused
from store.scripts import load_scripts

# Changes are additive for one release: what `SCHEMA` writes can be read by releases that know `OLDEST_READER`.
SCHEMA = 1
OLDEST_READER = 1
OLDEST_WRITER = 1

_SCRIPTS = load_scripts(Path(__file__).parent / "lua")


async def check_schema(store: Store) -> None:
    """Write down the schema of a new store, raise that of an older one, and raise StoreRefused for one we must not touch.

    Called at every start, before anything else is read or written.
    """
    answer = cast(
        "list[str]",
        await store.run(
            _SCRIPTS["schema_check"],
            keys.ALL,
            schema=SCHEMA,
            reader=OLDEST_READER,
            writer=OLDEST_WRITER,
            shards=keys.SHARDS,
        ),
    )
    verdict, found = answer
    if verdict == "newer":
        raise StoreRefused(
            f"The data was written by a later release of Usher (schema {found}; this one knows {SCHEMA}). "
            "Start that release, or restore a backup."
        )
    if verdict == "shards":
        raise StoreRefused(
            f"The data was laid out for {found} shards, and this release has {keys.SHARDS}. "
            "The number is fixed when a store is created."
        )
