"""What came of a simulated day."""

from dataclasses import dataclass, field
from statistics import fmean


@dataclass(slots=True)
class Outcome:
    """`waits`: from the customer's coming to Accept, in the order of coming (s)."""

    chats: int = 0
    waits: list[float] = field(default_factory=list[float])
    offers: int = 0
    rona: int = 0
    declined: int = 0
    busy_seconds: float = 0  # slots that hold a talk or its after-call work
    staffed_seconds: float = 0  # slots of agents on duty

    @property
    def answered(self) -> int:
        return len(self.waits)

    @property
    def mean_wait(self) -> float:
        return fmean(self.waits) if self.waits else 0.0

    def wait_quantile(self, share: float) -> float:
        """So many seconds, or fewer, waited this share of those who were answered."""
        ordered = sorted(self.waits)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0

    def service_level(self, seconds: float) -> float:
        """The share of all chats that were answered within so many seconds."""
        return sum(wait <= seconds for wait in self.waits) / self.chats if self.chats else 1.0

    @property
    def occupancy(self) -> float:
        return self.busy_seconds / self.staffed_seconds if self.staffed_seconds else 0.0
