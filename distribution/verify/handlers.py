"""How an event of the journal comes to the function that checks it and changes the state."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from distribution.journal import EVENTS
from distribution.verify.deadlines import Deadlines
from distribution.verify.order import Order
from distribution.verify.state import State
from distribution.verify.views import Fields


@dataclass(frozen=True, slots=True)
class Proof:
    """All that a handler works with."""

    state: State
    order: Order
    deadlines: Deadlines


Handler = Callable[[Proof, Fields], None]


class Handlers:
    """The handlers of some events; the docstring of each says what the event must fit, and what it changes."""

    def __init__(self) -> None:
        self.by_event: dict[str, Handler] = {}

    def on(self, event: str) -> Callable[[Handler], Handler]:
        """Register the handler of a catalogued event, which has no other one."""
        if event not in EVENTS or event in self.by_event:
            raise ValueError(f"{event} is not in the catalogue, or has a handler")

        def register(handler: Handler) -> Handler:
            self.by_event[event] = handler
            return handler

        return register


def joined(*parts: Handlers) -> Mapping[str, Handler]:
    """All handlers together. Raises ValueError for an event with two of them."""
    every: dict[str, Handler] = {}
    for part in parts:
        twice = every.keys() & part.by_event.keys()
        if twice:
            raise ValueError(f"more than one handler for {sorted(twice)}")
        every |= part.by_event
    return every
