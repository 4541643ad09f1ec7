"""`usher simulate`: policies side by side on the same day, on a server of its own that is gone afterwards."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from rich.console import Console
from rich.table import Table

from distribution.simulate import Outcome, Policy, Recording, Scenario, agents_needed, replay_day, simulate
from store.commands import Command
from store.connection import Store, open_store
from store.embedded import start_embedded

_Cell = Callable[[Outcome], str]

UNKNOWN = (
    "Nobody can know how long those who left would have talked, when those who were answered would have left, or how an agent "
    "would have answered an offer that they did not get: the first and the last are drawn from the day itself, the others stay."
)


@asynccontextmanager
async def scratch_store() -> AsyncGenerator[Store]:
    """A server that keeps nothing: what real customers wait for is elsewhere, and sees nothing of it."""
    with tempfile.TemporaryDirectory(prefix="usher-simulate-") as folder:
        embedded = await asyncio.to_thread(start_embedded, Path(folder))
        try:
            store = await open_store(embedded.url)
            try:
                await store.ask(Command(("CONFIG", "SET", "appendonly", "no"), str))
                yield store
            finally:
                await store.close()
        finally:
            await asyncio.to_thread(embedded.release)


async def run_simulate(scenario: Scenario, within: float, goal: float | None, *, out: Console) -> None:
    """Print a column for each policy. `within`: seconds of the service level; `goal`: the share that `--agents-for` asks for."""
    columns: list[tuple[str, str, Outcome]] = []
    async with scratch_store() as store:
        for policy in scenario.policies:
            if goal is None:
                columns.append((policy.name, _staff(scenario), await simulate(store, scenario, policy.rules)))
            else:
                count, outcome = await agents_needed(store, scenario, policy.rules, goal, within)
                columns.append((policy.name, f"{count} needed", outcome))
    _print(columns, within, out)


async def run_recorded(recording: Recording, policies: Sequence[Policy], within: float, *, out: Console) -> None:
    """Print the day as it was, and once more under the recorded settings and each of the policies."""
    count = recording.agents
    columns = [("as it was", str(count), recording.was)]
    async with scratch_store() as store:
        for policy in (Policy("recorded settings", recording.rules), *policies):
            outcome = await replay_day(store, recording, policy.rules, policy.more_agents)
            columns.append((policy.name, str(count + policy.more_agents), outcome))
    _print(columns, within, out)
    out.print(UNKNOWN, highlight=False)


def _print(columns: Sequence[tuple[str, str, Outcome]], within: float, out: Console) -> None:
    """`columns`: name, agents, what came of it."""
    table = Table("", *(name for name, _, _ in columns), title="The same day")
    table.add_row("agents", *(agents for _, agents, _ in columns))
    outcomes = [outcome for _, _, outcome in columns]
    for name, cell in _rows(within):
        table.add_row(name, *(cell(outcome) for outcome in outcomes))
    out.print(table)


def _staff(scenario: Scenario) -> str:
    fewest, most = min(scenario.agents), max(scenario.agents)
    return str(most) if fewest == most else f"{fewest} to {most}"


def _rows(within: float) -> list[tuple[str, _Cell]]:
    return [
        ("chats", lambda o: f"{o.chats:,}"),
        ("answered", lambda o: f"{o.answered:,}"),
        ("wait, mean", lambda o: f"{o.mean_wait:.1f} s"),
        ("wait, half of them at most", lambda o: f"{o.wait_quantile(0.5):.1f} s"),
        ("wait, nine of ten at most", lambda o: f"{o.wait_quantile(0.9):.1f} s"),
        (f"answered in {within:g} s", lambda o: f"{o.service_level(within):.1%}"),
        ("offers", lambda o: f"{o.offers:,}"),
        ("declined", lambda o: f"{o.declined:,}"),
        ("RONA", lambda o: f"{o.rona:,}"),
        ("occupancy", lambda o: f"{o.occupancy:.1%}"),
    ]
