import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sandbox.keys import kept_key, server_context
from sandbox.world import World, read_world
from store.connection import Store
from tests.bots.house import WORLD, House, house, microsoft
from tests.sandbox.product import Product


@pytest.fixture(scope="session")
def sandbox_keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state folder of the sandbox with nothing in it but its keys, which take a moment to make."""
    folder = tmp_path_factory.mktemp("keys")
    server_context(folder, ["localhost", "127.0.0.1"])
    for name in ("entra", "bot"):
        kept_key(folder, name)
    return folder


@pytest.fixture(scope="session")
def world() -> World:
    return read_world(WORLD)


@pytest.fixture
async def teams(world: World, sandbox_keys: Path, tmp_path: Path) -> AsyncIterator[Product]:
    """Microsoft, as the sandbox plays it."""
    # By links: the product keeps one TLS context for each file of authorities, which takes 40 ms to make.
    state = Path(shutil.copytree(sandbox_keys, tmp_path / "state", copy_function=os.symlink))
    async with microsoft(world, state) as product:
        yield product


@pytest.fixture
async def home(store: Store, teams: Product) -> AsyncIterator[House]:
    """The bot, at work."""
    async with house(store, teams) as made:
        yield made
