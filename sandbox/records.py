"""Recorded calls, which tests read: calls of the product, and activities sent to its bot."""

from collections import deque
from dataclasses import asdict, dataclass
from typing import Any

from sandbox.clock import now

KEPT = 20_000  # a story test makes several hundred


@dataclass(slots=True)
class Record:
    """One call. `status` is 0 while there is no answer, or none came. No tokens, no secrets."""

    number: int
    at: int
    door: str
    operation: str
    method: str
    path: str
    query: dict[str, str]
    body: Any
    status: int = 0
    answer: Any = None
    ms: int = 0
    fault: str | None = None


class Records:
    """The most recent calls, oldest first."""

    def __init__(self) -> None:
        self._records: deque[Record] = deque(maxlen=KEPT)
        self.last = 0

    def begin(self, door: str, operation: str, *, method: str, path: str, query: dict[str, str], body: Any) -> Record:
        self.last += 1
        record = Record(self.last, now(), door, operation, method, path, query, body)
        self._records.append(record)
        return record

    def since(self, number: int) -> list[dict[str, Any]]:
        return [asdict(record) for record in self._records if record.number > number]
