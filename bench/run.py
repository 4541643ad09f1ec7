"""`make bench`: runs the benchmarks, prints a table, writes `build/bench.json`.

Every figure is a ratio within one run on one machine, so that a slow machine changes both sides. `ONLY=name` runs the
one benchmark that produces this figure and keeps the others in the file.
"""

from __future__ import annotations

import asyncio
import json
import os
import platform
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypedDict

import uvloop
from rich.console import Console
from rich.table import Table

from bench import bot_turns, offers, peers, scale, stuck_graph, task_lives
from store.embedded import start_embedded

RESULT = Path(__file__).resolve().parent.parent / "build" / "bench.json"


class Figure(TypedDict):
    name: str
    value: float
    unit: str
    goal: str
    note: str


async def bots() -> list[Figure]:
    return [Figure(**figure) for figure in await bot_turns.measure()]


def on_a_server(measure: Callable[[str], Awaitable[list[dict[str, Any]]]]) -> Callable[[], Awaitable[list[Figure]]]:
    """A benchmark that needs a server, on the embedded one with an empty folder."""

    async def run_it() -> list[Figure]:
        with tempfile.TemporaryDirectory() as folder:
            server = await asyncio.to_thread(start_embedded, Path(folder))
            try:
                return [Figure(**figure) for figure in await measure(server.url)]
            finally:
                await asyncio.to_thread(server.release)

    return run_it


# The figures that each benchmark produces, for `ONLY=`.
BENCHMARKS: dict[tuple[str, ...], Callable[[], Awaitable[list[Figure]]]] = {
    ("bot_turns_vs_stock", "bot_turns_vs_bare"): bots,
    ("task_lives_vs_evalsha", "task_lives_vs_durable_evalsha", "task_lives_vs_redis_py_evalsha"): on_a_server(
        task_lives.measure
    ),
    ("task_lives_vs_taskiq", "task_lives_vs_arq", "task_lives_vs_saq"): on_a_server(peers.measure),
    ("offer_p99_ms",): on_a_server(offers.measure),
    ("relay_p99_ms_beside_stuck_graph", "offer_p99_ms_beside_stuck_graph"): on_a_server(stuck_graph.measure),
    (
        "task_cycle_scale_ratio",
        "longest_script_ms",
        "queued_task_kb",
        "agent_kb",
        "conversation_kb",
    ): on_a_server(scale.measure),
}


async def run(only: str | None) -> list[Figure]:
    figures: dict[str, Figure] = {}
    if only and RESULT.is_file():
        figures = {figure["name"]: figure for figure in json.loads(RESULT.read_text())}
    for names, benchmark in BENCHMARKS.items():
        if only is None or only in names:
            print(f"measuring {', '.join(names)} …", file=sys.stderr, flush=True)
            figures |= {figure["name"]: figure for figure in await benchmark()}
    order = [name for names in BENCHMARKS for name in names]
    return sorted(figures.values(), key=lambda figure: order.index(figure["name"]))


def main() -> int:
    only = sys.argv[1] if len(sys.argv) > 1 else None
    if only and not any(only in names for names in BENCHMARKS):
        print(f"no benchmark {only!r}; there are: {', '.join(name for names in BENCHMARKS for name in names)}")
        return 2
    figures = uvloop.run(run(only))  # as the product runs
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(figures, indent=2) + "\n")
    table = Table("figure", "value", "goal", "note", title=f"{platform.machine()}, {os.cpu_count()} cores")
    for figure in figures:
        table.add_row(figure["name"], f"{figure['value']:.3g} {figure['unit']}", figure["goal"], figure["note"])
    Console().print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
