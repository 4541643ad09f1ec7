"""One event after the other, and what must be so at the end."""

from collections.abc import Callable, Mapping

from distribution.journal import EVENTS
from distribution.verify.report import Report, Rule
from distribution.verify.snapshots import Snapshots
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


class Replay(Snapshots):
    """Give it every entry of a journal from a snapshot on, then `finish`."""

    def __init__(self, report: Report, tolerance: int) -> None:
        super().__init__(report, tolerance)
        self._handlers: dict[str, Callable[[Fields], None]] = {
            name.removeprefix("on_"): getattr(self, name) for name in dir(self) if name.startswith("on_")
        }

    def apply(self, entry: str, fields: Fields) -> None:
        """`entry`: its id in the stream. Events that change nothing here are passed over."""
        report = self.report
        report.entries += 1
        report.last = self.entry = entry
        report.checked[Rule.READABLE] += 1
        try:
            self._apply(entry, fields)
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as problem:
            # Written by something else than the scripts, or damaged. What it did to the model so far stays.
            event = fields.get("e", "")[:LONGEST_SHOWN]
            what = f"{event or 'an entry without a name'} cannot be read: {_what(problem)}"
            report.violate(Rule.READABLE, entry, self.now, what)

    def _apply(self, entry: str, fields: Fields) -> None:
        at = int(fields["at"])
        if not 0 < at < NEVER:
            raise ValueError("at")
        if at > self.now:
            self._time_goes_on(at)
        elif at < self.now:
            self.hold(Rule.TIMES, False, f"{fields['e']} is of {at}, which is before {self.now}")
        self.entry = entry
        event = fields["e"]
        handler = self._handlers.get(event)
        if handler:
            handler(fields)
        elif event not in EVENTS:
            times, first = self.report.unknown.get(event, (0, entry))
            if times or len(self.report.unknown) < MOST_UNKNOWN:
                self.report.unknown[event] = (times + 1, first)

    def _time_goes_on(self, at: int) -> None:
        if self.now:
            self.instant_over(at)
            self.deadlines_before(at)
        self.now = at

    def finish(self, now: int, stored: Mapping[str, str] | None = None) -> None:
        """`now`: the tenant's time. `stored`: task → its state in the store, of those that are open here ("" = not there)."""
        if now > self.now:
            self._time_goes_on(now)
        self.instant_over(self.now + self.tolerance + 1)
        self.report.alive = len(self.tasks)
        for task in self.tasks.values():
            if stored is None or task.id not in stored:
                continue
            found = stored[task.id] or "lost"
            self.hold(Rule.ENDS, found == task.state, f"{task.id} is {found}, and {task.state} in the journal")
        for agent in self.agents.values():
            self.count(agent)
