"""`usher simulate`: a day of chats on a scratch tenant whose time is an argument, with the scripts that run every day.

- `day.py`: what every such day is made of
- `scenario.py`: a synthetic day: who comes when, how long it takes, who is there; out of TOML
- `runner.py`: lets it happen
- `recorded.py`: a recorded day: what came from outside; `reading.py`: out of a journal
- `replayed.py`: lets it happen once more
- `outcome.py`: what came of it: waiting, service level, occupancy
- `erlang.py`: what theory says of the simplest case
"""

from distribution.simulate.outcome import Outcome
from distribution.simulate.reading import UnknownService, read_day
from distribution.simulate.recorded import Recording
from distribution.simulate.replayed import replay_day
from distribution.simulate.runner import agents_needed, simulate
from distribution.simulate.scenario import Policy, Scenario, ScenarioError, parse_policies, parse_scenario

__all__ = [
    "Outcome", "Policy", "Recording", "Scenario", "ScenarioError", "UnknownService", "agents_needed", "parse_policies",
    "parse_scenario", "read_day", "replay_day", "simulate",
]  # fmt: skip
