"""Whether writes may be missing: a replica that took over, a server that restarted, a slot that moved."""

import pytest

from store import keys
from store.connection import Store
from store.due import SCRIPTS

ROOT = keys.shard_root(5)
FIRST = {"run": "r1", "lineage": "l1", "before": "0", "node": "n1", "clustered": 0, "safe": 0}


@pytest.mark.parametrize(
    ("second", "found", "due"),
    [
        ({}, "new", False),
        ({"run": "r2", "lineage": "l2", "before": "l1", "node": "n2"}, "lost", True),
        ({"run": "r2", "lineage": "l2", "before": "l1", "node": "n2", "clustered": 1}, "lost", True),
        ({"run": "r2", "lineage": "l2", "node": "n2", "clustered": 1}, "moved", False),
        ({"run": "r2", "lineage": "l2", "node": "n2"}, "lost", True),
        ({"run": "r2", "lineage": "l2"}, "lost", True),
        ({"run": "r2", "lineage": "l2", "safe": 1}, "restarted", False),
        ({"run": "r2", "lineage": "l2", "safe": 1, "clustered": 1}, "restarted", False),
        ({"run": "r2", "lineage": "l2", "before": "l1", "safe": 1}, "lost", True),
    ],
)
async def test_who_kept_the_shard_before_decides(
    store: Store, second: dict[str, str | int], found: str, *, due: bool
) -> None:
    try:
        script = SCRIPTS["takeover"]
        assert await store.run(script, ROOT, shard=5, **FIRST) == "new"
        for _ in range(2):  # a later look finds the same
            assert await store.run(script, ROOT, shard=5, **{**FIRST, **second}) == found
        assert await store.zrange(f"{ROOT}due", 0, -1) == (["failover:-:5"] if due else [])
    finally:
        await store.delete(f"{ROOT}server", f"{ROOT}due", f"{ROOT}due:failover:-:5")
