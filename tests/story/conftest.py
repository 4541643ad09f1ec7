from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.story.stage import Stage


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.story)
            item.add_marker(pytest.mark.xdist_group("story"))


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    stage = Stage(tmp_path_factory.mktemp("stage"))
    await stage.start()
    yield stage
    await stage.stop()
