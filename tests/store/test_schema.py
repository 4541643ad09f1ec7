"""The schema: written down once, raised by a later release, respected by an earlier one."""

import pytest

from store import keys, schema
from store.connection import Store, StoreRefused

KEY = f"{keys.ALL}schema"


async def test_a_new_store_is_marked_and_checked_again(store: Store) -> None:
    await schema.check_schema(store)
    found = await store.hgetall(KEY)
    assert found == {"schema": "1", "oldest_reader": "1", "oldest_writer": "1", "shards": str(keys.SHARDS)}
    await schema.check_schema(store)
    assert await store.hgetall(KEY) == found


async def test_data_of_a_later_release_is_refused(store: Store) -> None:
    await store.hset(KEY, {"schema": "9", "oldest_reader": "9", "oldest_writer": "9", "shards": "16"})
    with pytest.raises(StoreRefused, match="later release of Usher"):
        await schema.check_schema(store)


async def test_data_that_a_later_release_lets_us_write_is_left_as_it_is(store: Store) -> None:
    written = {"schema": "2", "oldest_reader": "1", "oldest_writer": "1", "shards": "16"}
    await store.hset(KEY, written)
    await schema.check_schema(store)
    assert await store.hgetall(KEY) == written


async def test_an_older_schema_is_raised(store: Store) -> None:
    await store.hset(KEY, {"schema": "0", "oldest_reader": "0", "oldest_writer": "0", "shards": "16"})
    await schema.check_schema(store)
    assert await store.hget(KEY, "schema") == "1"


async def test_another_number_of_shards_is_refused(store: Store) -> None:
    await store.hset(KEY, {"schema": "1", "oldest_writer": "1", "shards": "32"})
    with pytest.raises(StoreRefused, match="created for 32 shards"):
        await schema.check_schema(store)
