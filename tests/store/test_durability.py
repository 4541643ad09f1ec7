"""What an external server's settings may lose is said in words."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from store.connection import Store, open_store
from store.durability import risks
from store.embedded import EmbeddedServer, start_embedded
from tests.store.raw import tell
from tests.support import on_one_server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, engine_binary: Path | None) -> EmbeddedServer:
    return start_embedded(tmp_path_factory.mktemp("risky"), binary=engine_binary)


@pytest.fixture(scope="module")
async def risky(server: EmbeddedServer) -> AsyncIterator[Store]:
    opened = await open_store(server.url)
    yield opened
    await opened.close()
    server.release()


@on_one_server
async def test_the_embedded_server_loses_nothing(store: Store) -> None:
    assert await risks(store) == []


@pytest.mark.parametrize(
    ("setting", "usual", "words"),
    [
        ("appendfsync everysec", "appendfsync always", "the last second of messages and tasks"),
        ("appendfsync no", "appendfsync always", "half a minute of messages and tasks"),
        ("appendonly no", "appendonly yes", "everything since its last snapshot"),
        ("maxmemory-policy allkeys-lru", "maxmemory-policy noeviction", "Set it to noeviction"),
    ],
)
async def test_a_setting_that_loses_something_is_named(
    server: EmbeddedServer, risky: Store, setting: str, usual: str, words: str
) -> None:
    assert tell(server.url, f"CONFIG SET {setting}") == "+OK"
    (said,) = await risks(risky)
    assert f"`{setting}`" in said
    assert words in said
    assert tell(server.url, f"CONFIG SET {usual}") == "+OK"


async def test_a_server_that_does_not_say_is_said_so(server: EmbeddedServer, risky: Store) -> None:
    assert tell(server.url, "ACL SETUSER default -config") == "+OK"
    (said,) = await risks(risky)
    assert "CONFIG GET is not allowed" in said
    assert tell(server.url, "ACL SETUSER default +config") == "+OK"
