"""One event after the other, and what must be so at the end."""

from collections.abc import Mapping

from distribution.journal import EVENTS
from distribution.verify import agent_events, offer_events, queue_events, snapshots, talk_events
from distribution.verify.deadlines import Deadlines
from distribution.verify.handlers import Proof, joined
from distribution.verify.order import Order
from distribution.verify.report import Report, Rule
from distribution.verify.state import State
from distribution.verify.views import NEVER, Fields

LONGEST_SHOWN = 60
MOST_UNKNOWN = 50


def _what(problem: Exception) -> str:
    match problem:
        case KeyError():
            return f"{problem.args[0]} is missing"
        case ValueError() | TypeError() | ArithmeticError():
            return "a value is not of the kind that it must be"
        case _:
            return "it does not fit together"


HANDLERS = joined(queue_events.EVENTS, offer_events.EVENTS, talk_events.EVENTS, agent_events.EVENTS, snapshots.EVENTS)

NOT_PROVED = frozenset(
    {"tenant", "directory", "service_removed", "ending", "terminated", "cancelled", "wrapup", "room_waits"}
)
"""Events that change nothing here: others follow from them. A test holds that every event is here or has a handler."""


class Replay:
    """Give it every entry of a journal from a snapshot on, then `finish`."""

    def __init__(self, report: Report, tolerance: int) -> None:
        self.state = State(report, tolerance)
        order = Order(self.state)
        self._proof = Proof(self.state, order, Deadlines(self.state, order))

    def apply(self, entry: str, fields: Fields) -> None:
        """`entry`: its id in the stream. Events that change nothing here are passed over."""
        report = self.state.report
        report.entries += 1
        report.last = self.state.entry = entry
        report.checked[Rule.READABLE] += 1
        try:
            self._apply(entry, fields)
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as problem:
            # Written by something else than the scripts, or damaged. What it did to the model so far stays.
            event = fields.get("e", "")[:LONGEST_SHOWN]
            what = f"{event or 'an entry without a name'} cannot be read: {_what(problem)}"
            report.violate(Rule.READABLE, entry, self.state.now, what)

    def _apply(self, entry: str, fields: Fields) -> None:
        at = int(fields["at"])
        if not 0 < at < NEVER:
            raise ValueError("at")
        if at > self.state.now:
            self._time_goes_on(at)
        elif at < self.state.now:
            self.state.hold(Rule.TIMES, False, f"{fields['e']} is of {at}, which is before {self.state.now}")
        self.state.entry = entry
        event = fields["e"]
        handler = HANDLERS.get(event)
        if handler:
            handler(self._proof, fields)
        elif event not in EVENTS:
            times, first = self.state.report.unknown.get(event, (0, entry))
            if times or len(self.state.report.unknown) < MOST_UNKNOWN:
                self.state.report.unknown[event] = (times + 1, first)

    def _time_goes_on(self, at: int) -> None:
        if self.state.now:
            self._proof.order.instant_over(at)
            self._proof.deadlines.deadlines_before(at)
        self.state.now = at

    def finish(self, now: int, stored: Mapping[str, str] | None = None) -> None:
        """`now`: the tenant's time. `stored`: task → its state in the store, of those that are open here ("" = not there)."""
        if now > self.state.now:
            self._time_goes_on(now)
        self._proof.order.instant_over(self.state.now + self.state.tolerance + 1)
        self.state.report.alive = len(self.state.tasks)
        for task in self.state.tasks.values():
            if stored is None or task.id not in stored:
                continue
            found = stored[task.id] or "lost"
            self.state.hold(Rule.ENDS, found == task.state, f"{task.id} is {found}, and {task.state} in the journal")
        for agent in self.state.agents.values():
            self.state.count(agent)
