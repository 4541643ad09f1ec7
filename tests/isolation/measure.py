"""The figures of docs/reliability.md: `python -m tests.isolation.measure [scene …]` plays the scenes and prints each."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Coroutine, Mapping
from functools import partial
from pathlib import Path

import uvloop

from tests.isolation import strangers, trouble
from tests.story.stage import Stage

SCENES: dict[str, Callable[[Stage], Coroutine[None, None, Mapping[str, float]]]] = {
    "graph_stuck": trouble.graph_stuck,
    "graph_slow": partial(trouble.graph_stuck, seconds=3),
    "rooms_throttled": trouble.rooms_throttled,
    "connector_down": trouble.connector_down,
    "connector_hangs": partial(trouble.connector_down, seconds=45, hangs=True),
    "answers_lost": trouble.answers_lost,
    "sockets_flood": strangers.sockets_flood,
    "hostile_messages": strangers.hostile_messages,
    "silent_connections": strangers.silent_connections,
}


async def main(asked: list[str]) -> None:
    for name in asked or SCENES:
        with tempfile.TemporaryDirectory() as folder:
            stage = Stage(Path(folder))
            await stage.start()
            try:
                print(name, dict(await SCENES[name](stage)), flush=True)
            finally:
                await stage.stop()


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1:]))
