"""How many subjects a process handles at once, by class and tenant."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final


@dataclass(frozen=True, slots=True)
class Limit:
    """`most`: the limit of a class. `share`: the part of it that one tenant may use."""

    most: int
    share: int


LIMITS: Final[Mapping[str, Limit]] = {
    "offer": Limit(24, 16),
    "arrival": Limit(12, 8),
    "relay": Limit(32, 20),
    "card": Limit(16, 8),
    "room": Limit(24, 8),
    "other": Limit(8, 4),
}
"""Most classes wait for Microsoft (arrivals and others wait for the store), so the numbers follow from its response
times.

A call to Teams takes about 0.2 s and is cancelled after 15 s; one tenant may get 50 a second. So 10 handlers keep one
tenant at its
limit, and a share of 16 or 20 allows for answers that take twice as long. Offers, relay and cards together are 72 of
the
100 connections to the Connector: however slow Teams is, turns find a connection. A room takes 3 s and four calls; Graph
may take 20 s for each of them, and a tenant with such a slow Graph uses a third of the slots, not all.

Every process counts separately. The limits protect the process (its memory, its connections, its slots for others);
the count ends with the process, while a count in the store would have to be repaired.
"""

Quota = dict[str, int]
"""Class → how many subjects a claim may return."""


class Slots:
    """Counts subjects held, and those that pending claims may return. A tenant's subjects are all in one shard
    (`root`)."""

    def __init__(self, limits: Mapping[str, Limit] = LIMITS) -> None:
        self._limits = limits
        self._taken: Counter[str] = Counter()
        self._held: dict[tuple[str, str], Counter[str]] = {}

    def free(self, class_: str) -> int:
        """How many more of this class could be claimed."""
        return max(0, self._limits[class_].most - self._taken[class_])

    def any_free(self) -> bool:
        """Whether any subject could be claimed."""
        return any(self.free(class_) for class_ in self._limits)

    def divide(self, roots: Sequence[str], backlog: Mapping[str, Iterable[str]]) -> dict[str, Quota]:
        """The free slots, for claims in these shards. Classes that are known to have more due (`backlog`: shard →
        classes) come
        first."""
        quotas: dict[str, Quota] = {root: {} for root in roots}
        for class_ in self._limits:
            each, extra = divmod(self.free(class_), len(roots))
            first = sorted(roots, key=lambda root, name=class_: name not in backlog.get(root, ()))
            for place, root in enumerate(first):
                quotas[root][class_] = each + (place < extra)
        return quotas

    def reserve(self, quotas: Iterable[Quota]) -> None:
        """Reserve these numbers for pending claims."""
        for quota in quotas:
            self._taken.update(quota)

    def give_back(self, quotas: Iterable[Quota]) -> None:
        """The claims have returned; `hold` counts what they returned."""
        for quota in quotas:
            self._taken.subtract(quota)

    def asks(self, root: str, quota: Quota) -> dict[str, Any]:
        """A quota in the form that `due_claim` takes."""
        return {
            class_: {
                "most": most,
                "share": self._limits[class_].share,
                "held": self._held.get((root, class_), Counter[str]()),
            }
            for class_, most in quota.items()
        }

    def hold(self, root: str, class_: str, tenant: str) -> None:
        """Count a subject as held."""
        self._taken[class_] += 1
        self._held.setdefault((root, class_), Counter())[tenant] += 1

    def release(self, root: str, class_: str, tenant: str) -> None:
        """Stop counting it."""
        self._taken[class_] -= 1
        held = self._held[root, class_]
        held[tenant] -= 1
        if not held[tenant]:
            del held[tenant]
            if not held:
                del self._held[root, class_]
