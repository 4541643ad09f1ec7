"""Detects that another server, or a restarted one, keeps a shard, so that acknowledged writes may be lost.

Each shard records the server that kept it: its run id, its replication id, its node. A replica that took over has the
predecessor's replication id as its second one; a slot that was moved as a whole does not, and has lost nothing; nor has
a
server that restarted with every write on disk. In all other cases writes may be lost: `failover:-:<shard>` becomes due.
"""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

import structlog

from store import keys
from store.connection import Store, StoreDown, StoreError, read_report
from store.network import talk_to
from store.scripts import load_scripts
from store.waiting import is_set_within
from store.wire import Pool

log = structlog.get_logger(__name__)

LOOK_SECONDS: Final = 2.0
_SCRIPTS = load_scripts(Path(__file__).parent / "lua")
_FACTS: Final = (
    ("INFO", "server", "replication"),
    ("CONFIG", "GET", "appendonly"),
    ("CONFIG", "GET", "appendfsync"),
    ("CLUSTER", "MYID"),
)


class Takeovers:
    """Checks every two seconds, and at once when a shard has moved. Every replica checks; one is the first to find
    it."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: dict[str, str] = {}  # root → run id of the server that keeps it
        self._listeners: list[Callable[[str], None]] = []

    def listen(self, callback: Callable[[str], None]) -> None:
        """Call `callback` in this process with the root of each shard that may lack acknowledged writes."""
        self._listeners.append(callback)

    async def run(self) -> None:
        """Run until cancelled. A server that is down is checked the next time."""
        while True:
            news = self._store.network.news
            for pool, roots in self._store.network.homes().items():
                with suppress(StoreDown):
                    await self._look(pool, [root for root in roots if root != keys.ALL])
            await is_set_within(news, LOOK_SECONDS)

    async def _look(self, pool: Pool, roots: list[str]) -> None:
        info, only, fsync, node = await talk_to(pool, _FACTS)
        if isinstance(info, Exception):
            return
        facts = read_report(info)
        run = facts["run_id"]
        if all(self._known.get(root) == run for root in roots):
            return
        clustered = not isinstance(node, Exception)
        args = {
            "run": run,
            "lineage": facts["master_replid"],
            "before": facts["master_replid2"],
            "node": node if clustered else pool.name,
            "clustered": int(clustered),
            "safe": int(_says(only, "yes") and _says(fsync, "always")),
        }
        calls = [(_SCRIPTS["takeover"], root, {**args, "shard": shard}) for shard, root in _numbered(roots)]
        lost: list[str] = []
        for root, found in zip(roots, await self._store.run_each(calls), strict=True):
            if isinstance(found, StoreError):
                log.error("takeover_not_noted", shard=root, exc_info=found)
            elif not isinstance(found, StoreDown):
                before, self._known[root] = self._known.get(root), run
                # Changes before this process's first check are not its concern.
                lost += [root] if found == "lost" and before not in {None, run} else []
        if lost:
            log.warning("store_failed_over", server=pool.name, shards=lost, then="cards are compared again")
        for root in lost:
            for listener in self._listeners:
                listener(root)


def _numbered(roots: list[str]) -> list[tuple[int, str]]:
    number = {root: shard for shard, root in enumerate(keys.roots())}
    return [(number[root], root) for root in roots]


def _says(answer: list[str] | Exception, value: str) -> bool:
    return not isinstance(answer, Exception) and answer[1:] == [value]
