"""How many subjects a process has in hand at once: of each class, and in it of each tenant."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final


@dataclass(frozen=True, slots=True)
class Limit:
    """`most`: of a class at once. `share`: of these, for one tenant."""

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
"""What waits here waits for Microsoft (arrivals and others for the store), so that the numbers come from how long that takes.

A call to Teams takes about 0.2 s and ends after 15 s at the latest; 50 a second may go to one tenant. So 10 handlers keep
one tenant at its limit, and a share of 16 or 20 leaves room for answers that take twice as long. Offers, relay and cards
together are 72 of the 100 connections to the Connector: however slow Teams is, turns find one. A room takes 3 s and four
calls; Graph may take 20 s for each of them, and a tenant for which it does keeps a third of the places, not all.

Every process counts for itself. What a limit guards is in the process (its memory, its connections, its places for others);
a process that dies takes its count along, where a number in the store would have to be put right by somebody.
"""

Quota = dict[str, int]
"""Class → how many a claim may bring."""


class Slots:
    """What is in hand, and what claims that are on their way may bring. A tenant's subjects are all of one shard (`root`)."""

    def __init__(self, limits: Mapping[str, Limit] = LIMITS) -> None:
        self._limits = limits
        self._taken: Counter[str] = Counter()
        self._held: dict[tuple[str, str], Counter[str]] = {}

    def free(self, class_: str) -> int:
        """How many more of this class could be claimed."""
        return max(0, self._limits[class_].most - self._taken[class_])

    def any_free(self) -> bool:
        """Whether anything could be claimed."""
        return any(self.free(class_) for class_ in self._limits)

    def divide(self, roots: Sequence[str], backlog: Mapping[str, Iterable[str]]) -> dict[str, Quota]:
        """What is free, for claims in these shards. Where more of a class is known to be due (`backlog`: shard → classes)
        comes first; those before the others come before them."""
        quotas: dict[str, Quota] = {root: {} for root in roots}
        for class_ in self._limits:
            each, extra = divmod(self.free(class_), len(roots))
            first = sorted(roots, key=lambda root, name=class_: name not in backlog.get(root, ()))
            for place, root in enumerate(first):
                quotas[root][class_] = each + (place < extra)
        return quotas

    def reserve(self, quotas: Iterable[Quota]) -> None:
        """Claims are on their way that may bring so many."""
        for quota in quotas:
            self._taken.update(quota)

    def give_back(self, quotas: Iterable[Quota]) -> None:
        """They have come back; what they brought is counted by `hold`."""
        for quota in quotas:
            self._taken.subtract(quota)

    def asks(self, root: str, quota: Quota) -> dict[str, Any]:
        """A quota as `due_claim` takes it."""
        return {
            class_: {
                "most": most,
                "share": self._limits[class_].share,
                "held": self._held.get((root, class_), Counter[str]()),
            }
            for class_, most in quota.items()
        }

    def hold(self, root: str, class_: str, tenant: str) -> None:
        """One is in hand."""
        self._taken[class_] += 1
        self._held.setdefault((root, class_), Counter())[tenant] += 1

    def release(self, root: str, class_: str, tenant: str) -> None:
        """It is not in hand any more."""
        self._taken[class_] -= 1
        held = self._held[root, class_]
        held[tenant] -= 1
        if not held[tenant]:
            del held[tenant]
            if not held:
                del self._held[root, class_]
