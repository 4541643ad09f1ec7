"""A sandbox of its own for each test, on real ports; only the keys, which take a moment to make, are shared."""

import os
import shutil
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from sandbox.keys import kept_key, server_context
from sandbox.server import running
from sandbox.world import World, read_world
from tests.sandbox.product import Bot, Product, listening_bot

WORLD = Path(__file__).parents[2] / "demo" / "world.toml"


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state folder with nothing in it but keys."""
    folder = tmp_path_factory.mktemp("keys")
    server_context(folder, ["localhost"])
    for name in ("entra", "bot"):
        kept_key(folder, name)
    return folder


@pytest.fixture
def state(keys: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(keys, tmp_path / "state", copy_function=os.symlink))


@pytest.fixture(scope="session")
def world() -> World:
    return read_world(WORLD)


@pytest.fixture
async def bot() -> AsyncIterator[tuple[Bot, str]]:
    made = Bot()
    async with listening_bot(made) as address:
        yield made, address


@pytest.fixture
async def product(world: World, state: Path, bot: tuple[Bot, str]) -> AsyncIterator[Product]:
    """A product whose Microsoft is the sandbox."""
    async with running(world, state) as core:
        core.settings.set("bot_endpoint", bot[1])
        core.settings.set("single_human_chats", True)  # most tests need one person only; one tests the refusal
        context = ssl.create_default_context(cafile=core.addresses.ca_file)
        connector = aiohttp.TCPConnector(ssl=context)
        # No cookies and no proxies from outside: what is asked is what is written in the test.
        async with aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar()) as session:
            yield Product(core, session, bot[0])
