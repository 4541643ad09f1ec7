"""Due subjects, and what their handlers may raise."""

from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Subject:
    """A due subject; as text `kind:tenant:part:part`."""

    kind: str
    tenant: str
    parts: tuple[str, ...]

    def __str__(self) -> str:
        return ":".join((self.kind, self.tenant, *self.parts))

    @classmethod
    def parse(cls, text: str) -> "Subject":
        """Raises ValueError for a text without kind or tenant."""
        kind, tenant, *parts = text.split(":")
        if not kind or not tenant:
            raise ValueError(text)
        return cls(kind, tenant, tuple(parts))


class RetryLater(Exception):
    """Raised by a handler that would have to wait: the subject is retried after `seconds`, not earlier, and uses no
    slot
    meanwhile. `hold` False: a mark during the wait brings the subject forward.
    """

    def __init__(self, after_seconds: float, why: str, *, hold: bool = True) -> None:
        super().__init__(why)
        self.after_seconds = after_seconds
        self.why = why
        self.hold = hold


Handler = Callable[[Subject], Awaitable[None]]

in_hand: ContextVar[str] = ContextVar("subject in hand", default="")


def subject_in_hand() -> str:
    """The subject, as text, that a handler in this context processes; "" outside handlers. It identifies who asks for a
    limited resource, so that a handler that returns after `RetryLater` keeps its place."""
    return in_hand.get()
