"""A world for each test: a virtual tenant on the real server, which must be consistent when the test ends."""

from collections.abc import AsyncIterator

import pytest

from distribution.verify import verify
from store.connection import Store
from tests.distribution.consistency import faults
from tests.distribution.world import World


@pytest.fixture
async def world(store: Store, virtual_tenant: str) -> AsyncIterator[World]:
    """Open, with default rules; tests that need others call `rules`."""
    made = World(store, virtual_tenant)
    await made.open()
    yield made
    assert await faults(store, virtual_tenant, made.now) == []
    report = await verify(store, virtual_tenant, tolerance=made.late_ms, now=made.now)
    assert [f"{found.rule}: {found.what} ({found.entry})" for found in report.violations] == []
