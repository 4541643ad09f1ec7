"""What every simulated day is made of: happenings in order, the distributor that decides, and counting what comes of it."""

import heapq
from collections.abc import Awaitable, Callable
from math import inf
from typing import Any

from distribution.deadlines import fire_virtual
from distribution.distributor import Distributor
from distribution.keys import deadlines_key
from distribution.simulate.outcome import Outcome
from store.connection import Store
from store.ids import new_id
from store.keys import root

HOUR, DAY = 3_600_000, 86_400_000
FOR_EVER = 10 * DAY
"""Behind the beginning of a day: nothing of it lasts so long."""


class SimulatedDay:
    """A tenant of its own whose time is an argument. Methods `do_…` are happenings, `hear_…` events of the journal.

    `begins`: a midnight (ms). What has to be there then is set up in the moments before, so that the day's snapshot tells of it.
    """

    def __init__(self, store: Store, begins: int) -> None:
        self.store = store
        self.begins = begins
        self.tenant = f"simulated-{new_id()}"
        self.distributor = Distributor(store)
        self.outcome = Outcome()
        self.now = begins
        self.came: dict[str, int] = {}
        self.waits: dict[str, float] = {}
        self.first: list[tuple[str, tuple[Any, ...]]] = []  # written with the next look
        self.open: set[str] = set()
        self._held: set[str] = set()
        self._happenings: list[tuple[int, int, str, tuple[str, ...]]] = []
        self._count_planned = 0
        self._cursor = ""
        self._counted = begins
        self._due = inf
        self._doing = self._methods("do_")
        self._hearing = self._methods("hear_")

    def _methods(self, prefix: str) -> dict[str, Callable[..., Any]]:
        return {name.removeprefix(prefix): getattr(self, name) for name in dir(self) if name.startswith(prefix)}

    def plan(self, at: int, what: str, *about: str) -> None:
        """Let `do_<what>` happen then; of one instant in the order of planning."""
        self._count_planned += 1
        heapq.heappush(self._happenings, (at, self._count_planned, what, about))

    async def run(self) -> None:
        """Until the last talk is over, and nobody waits who could still be served."""
        # Visitors who still wait by then are not served.
        the_end = self.begins + 2 * DAY
        await self._look()
        while self._happenings or self.open:
            at = self._happenings[0][0] if self._happenings else self.begins + FOR_EVER
            if min(at, self._due) > the_end:
                break
            if self._due <= at:
                self.now = int(self._due)
                await fire_virtual(self.store, self.tenant, self.now)
            else:
                self.now, _, what, about = heapq.heappop(self._happenings)
                happen: Callable[..., Awaitable[None]] = self._doing[what]
                await happen(*about)
            await self._look()
        self.outcome.waits = [self.waits[task] for task in self.came if task in self.waits]

    async def _look(self) -> None:
        """What is new in the journal, and when time alone will change something."""
        where = root(self.tenant)
        first, self.first = self.first, []
        *_, due, entries = await self.store.many(
            [
                *first,
                ("zrange_scores", (deadlines_key(self.tenant, virtual=True), 0, 0)),
                ("xrange", (f"{where}journal:{self.tenant}", self._cursor)),
            ]
        )
        self._due = due[0][1] if due else inf
        for entry, fields in entries:
            self._cursor = entry
            if hear := self._hearing.get(fields["e"]):
                hear(fields)

    def hear_rona(self, fields: dict[str, str]) -> None:
        self.outcome.rona += fields["task"] in self.came

    def hear_declined(self, fields: dict[str, str]) -> None:
        self.outcome.declined += fields["task"] in self.came

    def hear_accepted(self, fields: dict[str, str]) -> None:
        task, at = fields["task"], int(fields["at"])
        if task in self.came:
            self._count(at)
            self._held.add(task)
            self.waits[task] = (at - self.came[task]) / 1000

    def hear_failed(self, fields: dict[str, str]) -> None:
        """The room could not be opened: they wait again."""
        self._count(int(fields["at"]))
        self._held.discard(fields["task"])
        self.waits.pop(fields["task"], None)

    def hear_closed(self, fields: dict[str, str]) -> None:
        self._count(int(fields["at"]))
        self._held.discard(fields["task"])
        self.open.discard(fields["task"])

    def _count(self, at: int) -> None:
        """The slots that were busy until now. What goes on after the day is not in it: nobody is staffed then."""
        until = min(at, self.begins + DAY)
        self.outcome.busy_seconds += len(self._held) * max(0, until - self._counted) / 1000
        self._counted = max(self._counted, until)
