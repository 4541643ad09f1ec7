"""Servers of its own for each test: it kills them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.failover.servers import Clustered, Watched, clustered, watched


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.kill)


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Watched]:
    """A master, its replica and three sentinels."""
    with watched(tmp_path) as servers:
        yield servers


@pytest.fixture
def trio(tmp_path: Path) -> Iterator[Clustered]:
    """A cluster of three masters."""
    with clustered(tmp_path) as servers:
        yield servers


@pytest.fixture
def six(tmp_path: Path) -> Iterator[Clustered]:
    """A cluster of three masters with a replica each."""
    with clustered(tmp_path, with_replicas=True) as servers:
        yield servers
