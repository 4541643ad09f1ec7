"""A real server for every test: Valkey from the wheel, or Debian's Redis with `USHER_TEST_ENGINE=redis`; with `cluster`
three nodes of Valkey."""

import os
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from store import keys
from store.connection import Store, open_store
from store.embedded import start_embedded
from tests.failover.servers import clustered
from tests.journals import journal_faults
from tests.story.stage import Stage

# A busy machine is no fault of the code: examples are not timed.
settings.register_profile("usher", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("usher")

DEBIAN_REDIS = Path("/usr/bin/redis-server")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Who needs the whole product runs in one process: each other one would start a product of its own."""
    for item in items:
        if "stage" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.story)
            item.add_marker(pytest.mark.xdist_group("story"))


@pytest.fixture(scope="session")
def engine_binary() -> Path | None:
    """The server program that tests run on; None is the one that Usher carries."""
    return DEBIAN_REDIS if os.environ.get("USHER_TEST_ENGINE") == "redis" else None


@pytest.fixture(scope="session")
def valkey_url(tmp_path_factory: pytest.TempPathFactory, engine_binary: Path | None) -> Iterator[str]:
    """Where this session's private server is (under xdist each worker has its own)."""
    if os.environ.get("USHER_TEST_ENGINE") == "cluster":
        with clustered(tmp_path_factory.mktemp("cluster")) as nodes:
            yield nodes.url
        return
    with start_embedded(tmp_path_factory.mktemp("server"), binary=engine_binary) as server:
        yield server.url


@pytest.fixture(scope="session")
async def session_store(valkey_url: str) -> AsyncIterator[Store]:
    opened = await open_store(valkey_url)
    yield opened
    await opened.close()


@pytest.fixture(scope="session")
async def stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    """The whole product on its embedded server beside the sandbox, for tests that tell a story."""
    built = Stage(tmp_path_factory.mktemp("stage"))
    await built.start()
    yield built
    faults = [
        fault for key in await built.store.scan("*:journal:*") for fault in await journal_faults(built.store, key)
    ]
    await built.stop()
    assert not faults, "journals of the stage:\n" + "\n".join(faults)


@pytest.fixture
async def store(session_store: Store, request: pytest.FixtureRequest) -> AsyncIterator[Store]:
    """An open store. The keys and journals that the test leaves behind are checked against the catalogues, and removed."""
    before = await _all_keys(session_store)
    yield session_store
    left = await _all_keys(session_store) - before
    faults = [fault for key in sorted(left) if (fault := await _fault_of(session_store, key))]
    if request.node.get_closest_marker("foreign_journal") is None:
        faults += [fault for key in sorted(left) for fault in await journal_faults(session_store, key)]
    await session_store.delete(*left)
    assert not faults, "left behind by the test:\n" + "\n".join(faults)


@pytest.fixture
def tenant() -> str:
    """A tenant that nobody else uses."""
    return str(uuid.uuid4())


@pytest.fixture
async def virtual_tenant(store: Store) -> str:
    """A tenant that nobody else uses, and whose time is what scripts are told (`at`)."""
    made = str(uuid.uuid4())
    await store.hset(f"{keys.root(made)}clock:{made}", {"virtual": 1})
    return made


async def _all_keys(store: Store) -> set[str]:
    return set(await store.scan("*"))


async def _fault_of(store: Store, key: str) -> str | None:
    spec = keys.spec_of(key)
    if spec is None:
        return f"  {key} is not in the catalogue (store/keys.py)"
    # What a loop that is being stopped takes away itself, just now, was not left behind.
    if not spec.may_stay and await store.ttl(key) is None and await store.exists(key):
        return f"  {key} has no time to live, and the catalogue says: {spec.ttl}"
    return None
