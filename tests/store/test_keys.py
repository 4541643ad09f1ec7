"""The catalogue of keys: complete, unambiguous, and what docs/redis.md says."""

import re
import uuid
import zlib

import pytest

from store import keys, keys_page
from store.ids import new_id
from store.keys import CATALOGUE, KeySpec

TYPES = {"string", "hash", "set", "zset", "list", "stream", "channel"}


def test_the_document_is_the_catalogue() -> None:
    page = keys_page.PAGE.read_text(encoding="utf-8")
    assert page == keys_page.with_table(page), "run `python -m store.keys_page`"


def test_a_missing_row_would_be_seen() -> None:
    page = keys_page.PAGE.read_text(encoding="utf-8")
    row = next(line for line in page.splitlines() if line.startswith("| `<root>clock:"))
    assert page.replace(row, "") != keys_page.with_table(page.replace(row, ""))


@pytest.mark.parametrize("spec", CATALOGUE, ids=lambda spec: spec.pattern)
def test_every_entry_is_whole(spec: KeySpec) -> None:
    assert spec.pattern.startswith(("<root>", "<all>"))
    assert spec.type in TYPES
    assert spec.meaning.endswith(".")
    assert spec.type == "channel" or spec.may_stay or re.match(r"\d", spec.ttl)
    # What it names is found again, by itself.
    key = re.sub(r"<[^>]+>", "x", spec.pattern.replace("<root>", "usher:{3}:").replace("<all>", "usher:{all}:"))
    assert spec.type == "channel" or keys.spec_of(key) == spec


def test_no_two_entries_are_the_same() -> None:
    patterns = [spec.pattern for spec in CATALOGUE]
    assert len(patterns) == len(set(patterns))


def test_what_is_not_declared_is_not_found() -> None:
    assert keys.spec_of("usher:{3}:nobody:x") is None
    assert keys.spec_of("usher:{3}:bell") is None
    assert keys.spec_of("other:clock:x") is None


def test_a_tenant_belongs_to_one_shard_for_ever() -> None:
    # Changing this would orphan every tenant's data.
    assert keys.root("5f1c0f3e-8f4a-4f0e-9b7e-2d6a1c3b4e5f") == "usher:{11}:"
    tenant = str(uuid.uuid4())
    assert keys.shard_of(tenant) == zlib.crc32(tenant.encode()) % 16
    assert keys.root(tenant) in keys.roots()
    assert len(set(keys.roots())) == 16


def test_all_shards_are_used() -> None:
    assert {keys.shard_of(str(uuid.uuid4())) for _ in range(1_000)} == set(range(16))


def test_ids_are_short_unique_and_in_the_order_of_time() -> None:
    ids = [new_id() for _ in range(2_000)]
    assert all(re.fullmatch("[0-9a-z]{20}", one) for one in ids)
    assert len(set(ids)) == len(ids)
    assert [one[:9] for one in ids] == sorted(one[:9] for one in ids)
