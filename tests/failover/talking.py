"""A store on the servers of a test, the bells that are heard there, and a script to run."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from store.connection import Store, open_store
from store.doorbells import Bell, Doorbells
from store.scripts import LuaScript, load_scripts
from tests.support import wait_until


def script_in(folder: Path, name: str, text: str) -> LuaScript:
    """The one script of a library of its own."""
    (folder / "lua").mkdir()
    (folder / "lua" / f"{name}.lua").write_text(text)
    return load_scripts(folder / "lua")[name]


@asynccontextmanager
async def opened(url: str) -> AsyncGenerator[Store]:
    store = await open_store(url)
    try:
        yield store
    finally:
        await store.close()


@asynccontextmanager
async def hearing(store: Store) -> AsyncGenerator[list[Bell]]:
    doorbells = Doorbells(store)
    heard: list[Bell] = []
    doorbells.listen("conv", heard.append)
    running = asyncio.create_task(doorbells.run())
    async with asyncio.timeout(5):
        await doorbells.connected()
    connections = len(store.network.homes())
    await wait_until(lambda: len(heard) >= connections, 5, "the first look for each server")
    heard.clear()
    try:
        yield heard
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
