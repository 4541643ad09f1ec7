"""What is due: subjects, and what a handler of them may say."""

from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Subject:
    """What is due, `kind:tenant:part:part` as text."""

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
    """A handler raises it when it would have to wait: the subject is tried again after so many seconds, and not before.
    Meanwhile it keeps no place of others. `hold` False: a mark meanwhile brings the subject forward.
    """

    def __init__(self, after_seconds: float, why: str, *, hold: bool = True) -> None:
        super().__init__(why)
        self.after_seconds = after_seconds
        self.why = why
        self.hold = hold


Handler = Callable[[Subject], Awaitable[None]]

in_hand: ContextVar[str] = ContextVar("subject in hand", default="")


def subject_in_hand() -> str:
    """The subject, as text, that a handler of this task brings up to date; "" outside of handlers. It names who asks for
    something scarce, so that a handler that comes again after `RetryLater` is known again."""
    return in_hand.get()
