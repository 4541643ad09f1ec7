from collections.abc import AsyncIterator

import pytest
import trustme

from identity.jwks import Jwks
from tests.identity.entra import Entra
from tests.identity.issuer import Clock, Issuer, write_authority


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> tuple[trustme.CA, str]:
    return write_authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
async def issuer(authority: tuple[trustme.CA, str]) -> AsyncIterator[Issuer]:
    made = Issuer()
    made.new_key("one")
    async with made.serve(authority[0]) as serving:
        yield serving


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def jwks(authority: tuple[trustme.CA, str], clock: Clock) -> AsyncIterator[Jwks]:
    made = Jwks(authority[1], clock=clock)
    yield made
    await made.close()


@pytest.fixture
async def entra(authority: tuple[trustme.CA, str]) -> AsyncIterator[Entra]:
    async with Entra().serve(authority[0]) as serving:
        yield serving
