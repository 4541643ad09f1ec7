from collections.abc import AsyncIterator

import pytest

from store.connection import Store
from tests.interact.door import Door, open_door


@pytest.fixture
async def door(store: Store, tenant: str) -> AsyncIterator[Door]:
    """A running door with a company behind it; nobody is available yet."""
    async with open_door(store, tenant) as opened:
        yield opened
