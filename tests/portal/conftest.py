from collections.abc import AsyncIterator

import pytest

from store.connection import Store
from tests.portal.browser import Browser
from tests.portal.company import ANNA
from tests.portal.office import Office, open_office


@pytest.fixture
async def office(store: Store, tenant: str) -> AsyncIterator[Office]:
    """A running portal with a company behind it; nobody is present yet."""
    async with open_office(store, tenant) as opened:
        yield opened


@pytest.fixture
async def anna(office: Office) -> Browser:
    """Anna's browser; she is Available, and registered with the bot."""
    await office.present(ANNA)
    return office.browser(ANNA, name="Anna")
