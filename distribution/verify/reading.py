"""A journal out of the store: from a snapshot on, a page at a time, so that memory does not grow with it."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime

from distribution.keys import task_key
from distribution.verify.replay import Replay
from distribution.verify.report import Report, Rule
from store.connection import Store
from store.keys import root

PAGE = 2_000
TOLERANCE_MS = 100
"""By so much a deadline may be late: what the distributor promises under load."""


class NoSnapshot(Exception):
    """The journal has no snapshot of the day that was asked for (or none at all)."""

    def __init__(self, tenant: str, day: date | None) -> None:
        super().__init__(f"The journal of {tenant} has no snapshot{f' of {day}' if day else ''}.")


async def verify(
    store: Store,
    tenant: str,
    *,
    start: date | None = None,
    tolerance: int = TOLERANCE_MS,
    now: int | None = None,
) -> Report:
    """Read from the snapshot of the UTC day `start` (None: the first one there is) to the end, and prove every rule.

    `now`: of a virtual tenant, its time; otherwise the server's. Raises NoSnapshot.
    """
    report = Report(tenant)
    replay = Replay(report, tolerance)
    day = midnight(start) if start else None
    last = ""
    async for entry, fields in entries(store, tenant, ""):
        if not report.first and (fields.get("e") != "snapshot_begin" or (day and fields.get("day") != str(day))):
            continue
        replay.apply(entry, fields)
        last = entry
    if not report.first:
        raise NoSnapshot(tenant, start)
    await _finish(store, tenant, replay, last, now)
    return report


async def entries(store: Store, tenant: str, after: str) -> AsyncIterator[tuple[str, dict[str, str]]]:
    """Those behind the entry `after` ('': all), a page at a time."""
    key = f"{root(tenant)}journal:{tenant}"
    while page := await store.xrange(key, after, PAGE):
        for entry in page:
            yield entry
        after = page[-1][0]


async def _finish(store: Store, tenant: str, replay: Replay, last: str, now: int | None) -> None:
    """What is open in the journal must be open in the store, too; what moved between the two readings is left out."""
    asked = list(replay.state.tasks)
    states: dict[str, str] = {}
    for begin in range(0, len(asked), PAGE):
        some = asked[begin : begin + PAGE]
        found = await store.many([("hget", (task_key(tenant, task), "state")) for task in some])
        states.update({task: state or "" for task, state in zip(some, found, strict=True)})
    server = await store.time_ms(root(tenant)) if now is None else now
    async for entry, fields in entries(store, tenant, last):
        replay.apply(entry, fields)
        states.pop(fields.get("task", ""), None)
    replay.finish(server, states)
    replay.state.report.checked[Rule.ENDS] += replay.state.report.closed


def midnight(day: date) -> int:
    """When the UTC day begins (ms)."""
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() * 1000)
