from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.story.stage import Stage


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.story)
            item.add_marker(pytest.mark.xdist_group("isolation"))


@pytest.fixture(scope="module")
async def rough(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    """A stage where things go wrong for everybody: faults of the sandbox would disturb the stories on the common one."""
    built = Stage(tmp_path_factory.mktemp("rough"))
    await built.start()
    yield built
    await built.stop()
