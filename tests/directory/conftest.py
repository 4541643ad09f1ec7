from collections.abc import AsyncIterator

import pytest

from directory.directory import Directory
from distribution.distributor import Distributor
from store.connection import Store
from store.keys import ALL


@pytest.fixture
def distributor(store: Store) -> Distributor:
    return Distributor(store)


@pytest.fixture
async def directory(store: Store, distributor: Distributor) -> AsyncIterator[Directory]:
    yield Directory(store, distributor)
    await store.delete(f"{ALL}tenants")
