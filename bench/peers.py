"""Whole task lives against no-op jobs of taskiq, arq and saq, on the same server.

Each runs in a separate environment (`build/peers`), as its users would install it: one needs an older redis-py
than Usher. Rounds are interleaved, and the median of the rounds' ratios counts.
"""

import asyncio
import hashlib
import subprocess
import sys
import uuid
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from statistics import median
from typing import Any

from bench.task_lives import IN_FLIGHT, ROUND_SECONDS, ROUNDS, a_life, rate, staff
from distribution.distributor import Distributor
from store.connection import open_store

ROOT = Path(__file__).resolve().parent.parent
GOALS = {"taskiq": 1.3, "arq": 1.8, "saq": 1.8}
WARM_UP_JOBS = 200


async def measure(url: str) -> list[dict[str, Any]]:
    """One row for `build/bench.json` per peer: our lives per second divided by its jobs per second."""
    pythons = {peer: await asyncio.to_thread(_environment, peer) for peer in GOALS}
    store = await open_store(url)
    try:
        distributor, tenant = Distributor(store), str(uuid.uuid4())
        await staff(distributor, tenant)
        live = a_life(distributor, tenant)
        await rate(live, ROUND_SECONDS / 4)
        ours: list[float] = []
        theirs: dict[str, list[float]] = {peer: [] for peer in GOALS}
        async with AsyncExitStack() as stack:
            peers = {
                peer: await stack.enter_async_context(_peer(python, peer, url)) for peer, python in pythons.items()
            }
            jobs = {peer: round(await _round(process, WARM_UP_JOBS) * ROUND_SECONDS) for peer, process in peers.items()}
            for _ in range(ROUNDS):
                ours.append(await rate(live, ROUND_SECONDS))
                for peer, process in peers.items():
                    theirs[peer].append(await _round(process, jobs[peer]))
    finally:
        await store.close()
    return [
        {
            "name": f"task_lives_vs_{peer}",
            "value": round(median(our / their for our, their in zip(ours, theirs[peer], strict=True)), 3),
            "unit": "ratio",
            "goal": f">= {goal}",
            "note": f"{median(ours):.0f} lives/s, {median(theirs[peer]):.0f} no-op jobs/s of {peer}, {IN_FLIGHT} in flight",
        }
        for peer, goal in GOALS.items()
    ]


def _environment(peer: str) -> Path:
    """Install a peer unless it is there; returns its Python."""
    pins = ROOT / "requirements" / f"peer-{peer}.txt"
    folder = ROOT / "build" / "peers" / peer
    python, stamp = folder / "bin" / "python", folder / "pins"
    wanted = hashlib.sha256(pins.read_bytes()).hexdigest()
    if not stamp.is_file() or stamp.read_text() != wanted:
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
        install = [str(python), "-m", "pip", "install", "--quiet", "--require-hashes", "-r", str(pins)]
        subprocess.run(install, check=True)
        stamp.write_text(wanted)
    return python


@asynccontextmanager
async def _peer(python: Path, peer: str, url: str) -> AsyncGenerator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        str(python),
        str(Path(__file__).with_name("peer_jobs.py")),
        peer,
        url,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        assert process.stdin
        process.stdin.close()
        try:
            async with asyncio.timeout(5):
                await process.wait()
        except TimeoutError:
            process.kill()


async def _round(process: asyncio.subprocess.Process, jobs: int) -> float:
    """Jobs per second."""
    assert process.stdin
    assert process.stdout
    process.stdin.write(f"{jobs}\n".encode())
    async with asyncio.timeout(60):
        return float(await process.stdout.readline())
