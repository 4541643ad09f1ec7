"""`usher simulate`: a day of chats on a scratch tenant whose time is an argument, with the scripts that run every day.

- `scenario.py`: the day: who comes when, how long it takes, who is there; out of TOML
- `runner.py`: lets it happen
- `outcome.py`: what came of it: waiting, service level, occupancy
- `erlang.py`: what theory says of the simplest case
"""

from distribution.simulate.outcome import Outcome
from distribution.simulate.runner import agents_needed, simulate
from distribution.simulate.scenario import Policy, Scenario, ScenarioError, parse_scenario

__all__ = ["Outcome", "Policy", "Scenario", "ScenarioError", "agents_needed", "parse_scenario", "simulate"]
