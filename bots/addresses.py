"""Where Teams serves a tenant: every activity says it, and it may change."""

from bots.incoming import Incoming
from directory.directory import Directory
from store.connection import Store
from store.keys import root


class Addresses:
    """The Bot Connector's address for each tenant, as the latest activity said. A room needs it, registered agents or not."""

    def __init__(self, store: Store, directory: Directory) -> None:
        self._store = store
        self._directory = directory
        self._known: dict[str, str] = {}

    async def note(self, incoming: Incoming) -> None:
        """Remember where this came from. Raises StoreDown."""
        tenant, url = incoming.tenant, incoming.service_url
        if self._known.get(tenant) != url:
            await self._store.set(_key(tenant), url)
            self._known[tenant] = url

    async def of(self, tenant: str) -> str | None:
        """The address, None while nothing was heard of the tenant. Raises StoreDown."""
        return await self._store.get(_key(tenant)) or await self._directory.service_url(tenant)


def _key(tenant: str) -> str:
    return f"{root(tenant)}teams-address:{tenant}"
