"""`usher verify`: reads a journal and proves on it that the distributor kept its rules.

It knows nothing of the scripts: the journal's events are replayed on a model of its own, in plain Python.

- `report.py`: the rules, and what was found
- `views.py`: tasks, agents and services as the journal tells of them
- `reasons.py`: what stands against offering an agent a task
- `state.py`: all of them together, with which tasks wait and which agents are free
- `order.py`, `deadlines.py`: what must be so at every moment
- `handlers.py`: how an event comes to its handler; `queue_events.py`, `offer_events.py`, `talk_events.py`, `agent_events.py`, `snapshots.py`: what each event must fit, and what it changes
- `replay.py`: puts these together, one event after the other; `reading.py`: out of the store, in bounded memory
"""

from distribution.verify.reading import TOLERANCE_MS, NoSnapshot, verify
from distribution.verify.report import Outage, Report, Rule, Violation

__all__ = ["TOLERANCE_MS", "NoSnapshot", "Outage", "Report", "Rule", "Violation", "verify"]
