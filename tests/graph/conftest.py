from collections.abc import AsyncIterator

import pytest

from graph.client import GraphClient
from store.connection import Store
from tests.graph.desk import Desk, furnish
from tests.graph.microsoft import Microsoft, play


@pytest.fixture(scope="session")
async def playing(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Microsoft]:
    async with play(tmp_path_factory.mktemp("microsoft")) as microsoft:
        yield microsoft


@pytest.fixture
async def microsoft(playing: Microsoft) -> Microsoft:
    await playing.begin()
    return playing


@pytest.fixture
async def graph(microsoft: Microsoft) -> AsyncIterator[GraphClient]:
    made = microsoft.client()
    yield made
    await made.close()


@pytest.fixture
async def unlimited(microsoft: Microsoft) -> AsyncIterator[None]:
    """For tests that are not about Microsoft's second between two calls."""
    await microsoft.control("PUT", "limits", enabled=False)
    yield
    await microsoft.control("PUT", "limits", enabled=True)


@pytest.fixture
async def anna(microsoft: Microsoft) -> str:
    return await microsoft.person("Anna Meier")


@pytest.fixture
async def desk(store: Store, graph: GraphClient, anna: str) -> Desk:
    return await furnish(store, graph, anna)
