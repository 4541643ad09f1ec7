from collections.abc import AsyncIterator

import pytest

from graph.client import GraphClient
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
