"""The data's schema, and whether this release may use it."""

from pathlib import Path
from typing import cast

from store import keys
from store.connection import Store, StoreRefused
from store.scripts import load_scripts

# Changes are additive for one release: releases that know `OLDEST_READER` can read data of `SCHEMA`.
SCHEMA = 1
OLDEST_READER = 1
OLDEST_WRITER = 1

_SCRIPTS = load_scripts(Path(__file__).parent / "lua")


async def check_schema(store: Store) -> None:
    """Record the schema of a new store, raise that of an older one, and raise StoreRefused for one that this release
    must
    not write.

    Called at every start, before any other read or write.
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
            f"The data was created for {found} shards, and this release has {keys.SHARDS}. "
            "The number is fixed when a store is created."
        )
