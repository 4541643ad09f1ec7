"""`python -m sandbox --world FILE --state DIR --http-port N --tls-port N [--ready-file F]`."""

import argparse
import asyncio
import json
import os
import signal
import sys
from dataclasses import asdict
from pathlib import Path

from sandbox.server import running
from sandbox.world import WorldError, read_world


def main() -> int:
    """Run the sandbox until a signal arrives. Returns exit code 2 if the world or a port cannot be used."""
    parser = argparse.ArgumentParser(prog="sandbox", description="Simulates Microsoft, for demos and tests.")
    parser.add_argument("--world", type=Path, required=True, help="the TOML file that describes tenant, app and people")
    parser.add_argument("--state", type=Path, required=True, help="the folder that keeps keys, chats and messages")
    parser.add_argument("--http-port", type=int, default=0, help="what a person opens; 0 = any")
    parser.add_argument("--tls-port", type=int, default=0, help="the port that the product calls; 0 = any")
    parser.add_argument("--ready-file", type=Path, help="written with the addresses as soon as both ports listen")
    options = parser.parse_args()
    try:
        asyncio.run(_play(options))
    except (WorldError, OSError) as problem:
        sys.stderr.write(f"The sandbox cannot start: {problem}\n")
        return 2
    return 0


async def _play(options: argparse.Namespace) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    world = read_world(options.world)
    async with running(world, options.state, options.http_port, options.tls_port) as core:
        ready = json.dumps(asdict(core.addresses))
        if options.ready_file is not None:
            _write_whole(options.ready_file, ready)
        sys.stdout.write(ready + "\n")
        sys.stdout.flush()
        await stopped.wait()


def _write_whole(path: Path, text: str) -> None:
    """Write to a temporary file and rename it, so that no process that waits for the file reads half of it."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    draft.write_text(text, encoding="utf-8")
    draft.replace(path)


if __name__ == "__main__":
    sys.exit(main())
