"""A world for each test: a virtual tenant on the real server."""

import pytest

from store.connection import Store
from tests.distribution.world import World


@pytest.fixture
async def world(store: Store, virtual_tenant: str) -> World:
    """Open, with default rules; tests that need others call `rules`."""
    made = World(store, virtual_tenant)
    await made.open()
    return made
