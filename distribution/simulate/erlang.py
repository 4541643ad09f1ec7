"""Erlang C: who comes at random, is served by one of n agents for an exponential time, and never gives up."""

from math import exp


def waits_at_all(load: float, agents: int) -> float:
    """The share who find all agents busy. `load`: arrivals times handling time (Erlang), less than `agents`."""
    blocked = 1.0  # Erlang B, by its recursion, which stays within 0 and 1
    for n in range(1, agents + 1):
        blocked = load * blocked / (n + load * blocked)
    return blocked / (1 - load / agents * (1 - blocked))


def service_level(load: float, agents: int, handling_seconds: float, within_seconds: float) -> float:
    """The share who wait so long at most; 0 when the agents cannot cope."""
    if load >= agents:
        return 0.0
    return 1 - waits_at_all(load, agents) * exp(-(agents - load) * within_seconds / handling_seconds)
