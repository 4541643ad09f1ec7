from collections.abc import Awaitable, Callable

import pytest

from conversations.messages import Conversation, Conversations
from store.connection import Store
from store.ids import new_id

Opens = Callable[[], Awaitable[str]]


@pytest.fixture
def conversations(store: Store) -> Conversations:
    return Conversations(store)


@pytest.fixture
def opens(conversations: Conversations, tenant: str) -> Opens:
    """Opens a new conversation of the test's tenant and returns its id."""

    async def opened() -> str:
        made = new_id()
        await conversations.open(Conversation(tenant, made, service="garden-advice", user=None, customer="Mia"))
        return made

    return opened
